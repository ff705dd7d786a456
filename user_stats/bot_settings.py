"""What the Telegram bot is told by the settings; `bootstrap.py` fills it in."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class BotSettings:
    """See the settings `TELEGRAM_…` and `DESCRIPTION_UPDATE_INTERVAL` in `config.py`."""

    token: str = field(default="", repr=False)
    api_url: str = "https://api.telegram.org"
    owners: frozenset[int] = frozenset()
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    description_interval_seconds: float = 3600
