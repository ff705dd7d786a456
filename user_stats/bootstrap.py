"""Settings in, services out: the only importer of `config`, and one set of services per process and store."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import config
from user_stats.accounts.accounts import Accounts
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.audience import Audience
from user_stats.audience.reporting import send_report
from user_stats.bot_settings import BotSettings
from user_stats.bot_users import BotLinks, BotUsers
from user_stats.collections import SECRET_COLLECTIONS
from user_stats.errors import InvalidConfiguration, InvalidInput
from user_stats.http_settings import HttpSettings
from user_stats.manager import UserManager
from user_stats.page_settings import PageSettings
from user_stats.schedules import Runner, Schedule
from user_stats.statistics.rules import badge_rules
from user_stats.statistics.service import Statistics
from user_stats.statistics.settings import StatisticsSettings
from user_stats.storage import open_storage
from user_stats.times import utc_now
from user_stats.transfer.backup import Backup, BackupMarks, find_backup_marks, take_backup, take_scheduled_backup
from user_stats.transfer.copying import Compared, copy_between, refuse_unfinished
from user_stats.transfer.restore import Contents, Restored, restore
from user_stats.transfer.watched import Progress, no_progress

if TYPE_CHECKING:
    from user_stats.demo import Demo
    from user_stats.transfer.imports import Imports

Url = str | os.PathLike[str] | None
"""A folder or a URL of a store; None: the configured one."""
OTHERS = 0o077
"""The mode bits of everybody but the owner."""

_managers: dict[str, UserManager] = {}
_audiences: dict[UserManager, Audience] = {}
_accounts: dict[UserManager, Accounts] = {}
_statistics: dict[UserManager, Statistics] = {}
_opening = threading.Lock()


def configured_url() -> str:
    """The store that the settings name."""
    return config.STORE_URL or str(config.USERS_DIR)


def check_configuration() -> None:
    """Raises InvalidConfiguration with one line for each wrong setting."""
    if config.FAULTS:
        raise InvalidConfiguration("\n".join(config.FAULTS))


def _check_secrets(folder: str) -> None:
    """Refuses a store whose password hashes other accounts of the machine can read."""
    if not os.path.isdir(folder) or not os.stat(folder).st_mode & OTHERS:
        return
    for collection in SECRET_COLLECTIONS:
        path = os.path.join(folder, f"{collection.name}.json")
        if os.path.exists(path) and os.stat(path).st_mode & OTHERS:
            raise InvalidConfiguration(f"{collection.name}.json can be read by others; allowed: mode 0600 (chmod 600)")


def get_user_manager(url: Url = None) -> UserManager:
    """The process's one manager for a store: a folder or a URL, by default the configured one.

    Raises InvalidConfiguration, StorageError."""
    check_configuration()
    place = os.fspath(url or configured_url())
    if "://" not in place and place != "memory:":
        place = os.path.realpath(place)
    with _opening:
        if place not in _managers:
            _check_secrets(place)
            storage = open_storage(place, lock_timeout_seconds=config.LOCK_TIMEOUT_SECONDS)
            refuse_unfinished(storage)
            _managers[place] = UserManager(
                storage,
                max_history=config.MAX_WATCH_HISTORY_ENTRIES,
                subscription_days=config.USER_SUBSCRIPTION_DAYS,
                self_service=config.UPGRADE_MODE == "direct",
                passwords=_password_policy(),
                badges=badge_rules(config.BADGES, config.RARITY_POINTS),
            )
        return _managers[place]


def _password_policy() -> PasswordPolicy:
    return PasswordPolicy(min_length=config.PASSWORD_MIN_LENGTH, max_length=config.PASSWORD_MAX_LENGTH)


def get_accounts(url: Url = None) -> Accounts:
    """The process's one set of accounts for a store; see `get_user_manager`."""
    manager = get_user_manager(url)
    with _opening:
        if manager not in _accounts:
            _accounts[manager] = Accounts(
                manager.storage,
                passwords=_password_policy(),
                session_days=config.SESSION_DAYS,
                subscription_days=config.USER_SUBSCRIPTION_DAYS,
            )
        return _accounts[manager]


def get_statistics(url: Url = None) -> Statistics:
    """The process's one set of statistics for a store; see `get_user_manager`."""
    manager = get_user_manager(url)
    with _opening:
        if manager not in _statistics:
            _statistics[manager] = Statistics(manager.storage, settings=_statistics_settings())
        return _statistics[manager]


def _statistics_settings() -> StatisticsSettings:
    return StatisticsSettings(
        time_zone=config.TIME_ZONE,
        watched_threshold=config.WATCHED_THRESHOLD,
        session_gap=timedelta(minutes=config.SESSION_GAP_MINUTES),
        bitrates=config.BITRATES,
        storage_quota_gb=config.STORAGE_QUOTA_GB,
        subscription_prices=config.SUBSCRIPTION_PRICES,
        currency=config.CURRENCY,
        backup_days=config.BACKUP_HOURS / 24,
        badges=badge_rules(config.BADGES, config.RARITY_POINTS),
        rarity_points=config.RARITY_POINTS,
        milestones=config.MILESTONES,  # type: ignore[arg-type]
        level_step=config.LEVEL_STEP,
    )


def get_audience(url: Url = None) -> Audience:
    """The process's one audience for a store; see `get_user_manager`."""
    manager = get_user_manager(url)
    with _opening:
        if manager not in _audiences:
            _audiences[manager] = Audience(
                manager.storage,
                key_days=config.VISITOR_KEY_DAYS,
                new_people_per_address=config.NEW_PEOPLE_PER_ADDRESS,
                is_enabled=config.ENABLE_USER_ANALYTICS,
            )
        return _audiences[manager]


def get_bot_users(url: Url = None) -> BotUsers:
    """The people of the Telegram bot in a store."""
    return BotUsers(get_user_manager(url).storage, get_audience(url))


def get_bot_links(url: Url = None) -> BotLinks:
    """Which accounts of a store are linked to Telegram."""
    return BotLinks(get_user_manager(url).storage)


def get_demo(url: Url = None) -> Demo:
    """The made-up part of a store."""
    from user_stats.demo import Demo  # the start of a site does not wait for it, nor for imports

    return Demo(get_user_manager(url).storage, max_entries=config.MAX_WATCH_HISTORY_ENTRIES, clock=utc_now)


def get_imports(url: Url = None) -> Imports:
    """Imports into the histories of a store; see `get_user_manager`."""
    from user_stats.transfer.imports import Imports

    return Imports(get_user_manager(url))


def close_audiences() -> None:
    """Counts what is still waiting to be counted; for the end of a server."""
    with _opening:
        for audience in _audiences.values():
            audience.close()
        _audiences.clear()


def get_schedules(url: Url = None) -> Runner:
    """What runs by the clock on a store; the server that serves it starts and stops it."""
    schedules = [
        Schedule("destroy_old_keys", timedelta(hours=1), lambda: get_audience(url).destroy_old_keys()),
        Schedule("end_old_sessions", timedelta(days=1), lambda: get_accounts(url).remove_ended()),
        Schedule("cleanup", timedelta(days=1), lambda: get_audience(url).cleanup(config.RETENTION_DAYS)),
    ]
    if config.BACKUP_DIR is not None:
        folder, every = config.BACKUP_DIR, timedelta(hours=config.BACKUP_HOURS)
        schedules.append(Schedule("backup", every, lambda: _back_up_by_the_clock(url, folder)))
    if config.REPORT_TO:
        schedules.append(Schedule("report", timedelta(hours=1), lambda: _report(get_audience(url))))
    return Runner(lambda: get_user_manager(url).storage, schedules)


def back_up(path: Path, url: Url = None, *, progress: Progress = no_progress) -> Backup:
    """The whole site in one file, proven; see `take_backup`."""
    storage = get_user_manager(url).storage
    return take_backup(storage, path, now=utc_now(), passphrase=config.BACKUP_PASSPHRASE, progress=progress)


def get_backup_marks(url: Url = None) -> BackupMarks:
    """When a backup was last proven, and when one last failed."""
    return find_backup_marks(get_user_manager(url).storage)


def back_up_to_folder(actor: str, url: Url = None, *, progress: Progress = no_progress) -> Backup:
    """A backup in BACKUP_DIR, as the clock takes them, asked for by an admin. Raises InvalidInput where no folder is
    set, and Forbidden."""
    if config.BACKUP_DIR is None:
        raise InvalidInput("BACKUP_DIR: it is not set; allowed: a folder for backups", field="BACKUP_DIR")
    get_accounts(url).note_as_admin("backup_taken", actor=actor)
    return _back_up_by_the_clock(url, config.BACKUP_DIR, progress=progress)


def bring_back(
    path: Path, url: Url = None, *, confirm: Callable[[Contents], bool], progress: Progress = no_progress
) -> Restored | None:
    """The site as a backup holds it; see `restore`."""
    storage, passphrase = get_user_manager(url).storage, config.BACKUP_PASSPHRASE
    return restore(storage, path, now=utc_now(), passphrase=passphrase, confirm=confirm, progress=progress)


def copy_store(from_url: str, to_url: str, *, progress: Progress = no_progress) -> list[Compared]:
    """Copies a whole site into an empty store and compares both; see `transfer/copying.py`. Stop the site before."""
    check_configuration()
    timeout_seconds = config.LOCK_TIMEOUT_SECONDS
    return copy_between(from_url, to_url, lock_timeout_seconds=timeout_seconds, now=utc_now(), progress=progress)


def _back_up_by_the_clock(url: Url, folder: Path, *, progress: Progress = no_progress) -> Backup:
    storage, kept, passphrase = get_user_manager(url).storage, config.BACKUPS_KEPT, config.BACKUP_PASSPHRASE
    return take_scheduled_backup(storage, folder, kept=kept, now=utc_now(), passphrase=passphrase, progress=progress)


def _report(audience: Audience) -> None:
    send_report(config.REPORT_TO, config.REPORT_KEY, config.INSTANCE_ID, audience.totals().visitor_days, audience.now())


def http_settings() -> HttpSettings:
    """What the HTTP door is told."""
    return HttpSettings(
        enable_user_analytics=config.ENABLE_USER_ANALYTICS,
        analytics_key=config.ANALYTICS_KEY,
        trusted_proxies=config.TRUSTED_PROXIES,
        tracked_paths=config.TRACKED_PATHS,
        cors_origins=config.CORS_ORIGINS,
        no_cache=config.NO_CACHE,
        open_reporting=config.OPEN_REPORTING,
        embed_counter=config.EMBED_COUNTER,
        requests_per_minute=config.REQUESTS_PER_MINUTE,
        key_requests_per_minute=config.KEY_REQUESTS_PER_MINUTE,
        allowed_hosts=config.ALLOWED_HOSTS,
        session_days=config.SESSION_DAYS,
        port=config.PORT,
    )


def page_settings() -> PageSettings:
    """What the pages are told."""
    return PageSettings(
        enable_user_analytics=config.ENABLE_USER_ANALYTICS,
        enable_demo=config.ENABLE_DEMO,
        public_count=config.PUBLIC_COUNT,
        upgrade_mode=config.UPGRADE_MODE,
        payment_url=config.PAYMENT_URL,
        currency=config.CURRENCY,
        subscription_prices=config.SUBSCRIPTION_PRICES,
        subscription_days=config.USER_SUBSCRIPTION_DAYS,
        password_min_length=config.PASSWORD_MIN_LENGTH,
        backup_folder=config.BACKUP_DIR,
        backup_hours=config.BACKUP_HOURS,
        backups_kept=config.BACKUPS_KEPT,
    )


def bot_settings() -> BotSettings:
    """What the bot is told."""
    return BotSettings(
        token=config.TELEGRAM_BOT_TOKEN,
        api_url=config.TELEGRAM_API_URL,
        owners=frozenset(map(int, config.TELEGRAM_OWNERS)),
        webhook_url=config.TELEGRAM_WEBHOOK_URL,
        webhook_secret=config.TELEGRAM_WEBHOOK_SECRET,
        description_interval_seconds=config.DESCRIPTION_UPDATE_INTERVAL,
    )
