"""What the pages are told by the settings; `bootstrap.py` fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PageSettings:
    """See the settings of the same names in `config.py`."""

    enable_user_analytics: bool
    enable_demo: bool
    public_count: bool
    upgrade_mode: str
    payment_url: str
    currency: str
    subscription_prices: Mapping[str, float]
    """Of a month, by the plan's value."""
    subscription_days: int
    password_min_length: int
    backup_folder: Path | None
    backup_hours: int
    backups_kept: int
