"""Who the people of a site are, what they may do, what they watch.

from user_stats import UserRole, get_user_manager

manager = get_user_manager("users")
ada = manager.create_user("ada", "ada@example.org")
manager.upgrade_subscription(ada, UserRole.PREMIUM)
manager.record_watch_activity(ada, "intro", 1800)
manager.get_user_stats(ada).total_watched_hours  # 0.5
"""

from typing import TYPE_CHECKING, Any

from user_stats.directory import UserPage
from user_stats.errors import (
    AlreadyExists,
    Conflict,
    FeatureNotAvailable,
    Forbidden,
    InvalidConfiguration,
    InvalidInput,
    LastAdmin,
    NotAuthenticated,
    RateLimited,
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageReadOnly,
    TooLarge,
    UserNotFound,
    UserStatsError,
)
from user_stats.features import PLAN_FEATURES, FeatureAccess
from user_stats.history import WatchHistoryTracker
from user_stats.manager import UserManager
from user_stats.models import SubscriberFeature, User, UserRole, UserStats, WatchHistoryEntry
from user_stats.storage import open_storage

if TYPE_CHECKING:
    from user_stats.bootstrap import get_user_manager

__all__ = [
    "PLAN_FEATURES",
    "AlreadyExists",
    "Conflict",
    "FeatureAccess",
    "FeatureNotAvailable",
    "Forbidden",
    "InvalidConfiguration",
    "InvalidInput",
    "LastAdmin",
    "NotAuthenticated",
    "RateLimited",
    "StorageBusy",
    "StorageCorrupt",
    "StorageError",
    "StorageFull",
    "StorageReadOnly",
    "SubscriberFeature",
    "TooLarge",
    "User",
    "UserManager",
    "UserNotFound",
    "UserPage",
    "UserRole",
    "UserStats",
    "UserStatsError",
    "WatchHistoryEntry",
    "WatchHistoryTracker",
    "get_user_manager",
    "open_storage",
]


def __getattr__(name: str) -> Any:
    """The settings are read when the configured manager is first asked for, not when the library is imported."""
    if name == "get_user_manager":
        from user_stats.bootstrap import get_user_manager

        return get_user_manager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
