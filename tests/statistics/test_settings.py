"""The settings of the site and those of the library without a site have the same defaults."""

from __future__ import annotations

from datetime import timedelta

import config
from user_stats.statistics.settings import StatisticsSettings


def test_the_defaults_are_those_of_the_configuration() -> None:
    settings = StatisticsSettings()
    assert dict(settings.bitrates) == config.BITRATES
    assert dict(settings.storage_quota_gb) == config.STORAGE_QUOTA_GB
    assert dict(settings.subscription_prices) == config.SUBSCRIPTION_PRICES
    assert settings.session_gap == timedelta(minutes=config.SESSION_GAP_MINUTES)
    named = (settings.time_zone, settings.watched_threshold, settings.currency)
    assert named == (config.TIME_ZONE, config.WATCHED_THRESHOLD, config.CURRENCY)
