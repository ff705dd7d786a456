"""What the HTTP door is told by the settings; `bootstrap.py` fills it in."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class HttpSettings:
    """See the settings of the same names in `config.py`."""

    enable_user_analytics: bool = True
    analytics_key: str = field(default="", repr=False)
    trusted_proxies: tuple[str, ...] = ()
    tracked_paths: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    no_cache: bool = False
    open_reporting: bool = False
    embed_counter: bool = False
    requests_per_minute: int = 600
    key_requests_per_minute: int = 60_000
    allowed_hosts: tuple[str, ...] = ("*",)
    session_days: int = 30
    port: int = 8501
