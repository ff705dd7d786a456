"""Who has which feature: the matrix of plans as one table, what a person is today, and what follows from both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from user_stats.models import SubscriberFeature, User, UserRole
from user_stats.times import to_iso

PLAN_FEATURES: Mapping[UserRole, frozenset[SubscriberFeature]] = {
    UserRole.FREE: frozenset(),
    UserRole.SUBSCRIBER: frozenset(
        {
            SubscriberFeature.PRIORITY_UPLOAD,
            SubscriberFeature.HD_STREAMING,
            SubscriberFeature.AD_FREE,
            SubscriberFeature.CUSTOM_PLAYLISTS,
        }
    ),
    UserRole.PREMIUM: frozenset(SubscriberFeature),
    UserRole.ADMIN: frozenset(SubscriberFeature),
}
FEATURE_TITLES: Mapping[SubscriberFeature, str] = {
    SubscriberFeature.CUSTOM_BRANDING: "Custom branding",
    SubscriberFeature.PRIORITY_UPLOAD: "Priority upload",
    SubscriberFeature.ADVANCED_ANALYTICS: "Advanced analytics",
    SubscriberFeature.HD_STREAMING: "HD streaming, 1080p and up",
    SubscriberFeature.AD_FREE: "No advertisements",
    SubscriberFeature.EARLY_ACCESS: "Early access",
    SubscriberFeature.CUSTOM_PLAYLISTS: "Custom playlists",
    SubscriberFeature.BULK_OPERATIONS: "Bulk operations",
}
"""What people read."""
SUBSCRIPTION_ROLES = (UserRole.SUBSCRIBER, UserRole.PREMIUM)


@dataclass(frozen=True)
class FeatureAccess:
    """One feature for one person: whether it is theirs now, why, and how often they used it."""

    feature: SubscriberFeature
    is_available: bool
    reason: str
    """`plan`, `granted`, `revoked`, `expired` or `not_in_plan`."""
    uses: int


def is_subscription_running(user: User, now: datetime) -> bool:
    """True for a subscriber or premium member before the end; without an end it runs on."""
    if user.role not in SUBSCRIPTION_ROLES:
        return False
    return user.subscription_expires is None or user.subscription_expires > to_iso(now)


def effective_role(user: User, now: datetime) -> UserRole:
    """What the person is today: past its end a subscription gives what FREE gives."""
    if user.role in SUBSCRIPTION_ROLES and not is_subscription_running(user, now):
        return UserRole.FREE
    return user.role


def feature_access(user: User, assignments: Mapping[str, Any], now: datetime) -> dict[SubscriberFeature, FeatureAccess]:
    """Every feature for this person; `assignments` is their record of grants, revocations and uses."""
    granted, revoked = assignments.get("granted", ()), assignments.get("revoked", ())
    uses = assignments.get("uses", {})
    mine, by_plan = PLAN_FEATURES[effective_role(user, now)], PLAN_FEATURES[user.role]
    access = {}
    for feature in SubscriberFeature:
        if feature.value in revoked:
            available, reason = False, "revoked"
        elif feature in mine:
            available, reason = True, "plan"
        elif feature.value in granted:
            available, reason = True, "granted"
        else:
            available, reason = False, "expired" if feature in by_plan else "not_in_plan"
        access[feature] = FeatureAccess(feature, available, reason, uses.get(feature.value, 0))
    return access
