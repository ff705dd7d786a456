"""`UserManager`: the one door to people, their subscriptions, features and statistics.

The rules about accounts are in `people.py`, about plans and features in `subscriptions.py`, about what people watch in
`history.py`; what an act moves is in `activity.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from user_stats import day_totals, directory, fields, plan_growth, verification
from user_stats.audience.figures import Active
from user_stats.batches import Batches
from user_stats.collections import ACTIVITY, USER_STATS, USERS
from user_stats.community import Community
from user_stats.content import Content
from user_stats.day_totals import DayTotals
from user_stats.directory import UserPage
from user_stats.features import FeatureAccess
from user_stats.history import WatchHistoryTracker
from user_stats.models import COUNTERS, SubscriberFeature, User, UserRole, UserStats, WatchHistoryEntry
from user_stats.people import PasswordRules, People
from user_stats.plan_growth import MonthOfPlans, RunningPlans
from user_stats.statistics.rules import BADGES, Badge
from user_stats.storage import Record, Storage
from user_stats.subscriptions import Subscriptions
from user_stats.times import Clock, utc_now
from user_stats.upgrade_requests import UpgradeRequest, UpgradeRequests
from user_stats.verification import Difference, Progress


class UserManager:
    """People and their statistics over a store. Safe to share between threads; several processes may use one store.

    Every call that writes is durable and whole when it returns; a refused call has changed nothing. Calls raise
    InvalidInput, UserNotFound and StorageError besides what they name. `actor` is who acts: None is trusted code, a
    user_id must have the right (Forbidden). With `self_service` people may take a plan themselves. Items are at
    `content`, people with one another at `community`."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock = utc_now,
        max_history: int = 1000,
        subscription_days: int = 365,
        self_service: bool = False,
        passwords: PasswordRules | None = None,
        badges: Sequence[Badge] = BADGES,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._max_history = max_history
        self._people = People(storage, clock=clock, subscription_days=subscription_days, passwords=passwords)
        self._subscriptions = Subscriptions(
            storage, clock=clock, subscription_days=subscription_days, self_service=self_service
        )
        self._requests = UpgradeRequests(storage, clock=clock)
        self.content = Content(storage, clock=clock)
        self.community = Community(storage, clock=clock)
        self.batches = Batches(storage, max_entries=max_history, clock=clock, badges=badges)
        self.history_tracker = WatchHistoryTracker(storage, max_entries=max_history, clock=clock)

    @property
    def storage(self) -> Storage:
        return self._storage

    # -- people -------------------------------------------------------------------------------------------------------

    def create_user(
        self,
        username: str,
        email: str,
        role: UserRole | str = UserRole.FREE,
        *,
        password: str | None = None,
        allow_reserved: bool = False,
        actor: str | None = None,
    ) -> str:
        """The new person's user_id. A SUBSCRIBER or PREMIUM subscription runs for the usual time.

        Raises AlreadyExists where the name or the address is taken in any case. Reserved names need `allow_reserved`;
        with an `actor`, only an admin may make accounts with a role."""
        return self._people.create(username, email, role, password=password, allow_reserved=allow_reserved, actor=actor)

    def get_user(self, user_id: str) -> User:
        return self._people.get(user_id)

    def find_user(self, name_or_email: str) -> User | None:
        """The person with this name or address in any case, or None."""
        return self._people.find(name_or_email)

    def find_users(
        self,
        text: str | None = None,
        role: UserRole | str | None = None,
        is_active: bool | None = None,
        created_from: datetime | date | str | None = None,
        created_to: datetime | date | str | None = None,
        sort: str = "username",
        offset: int = 0,
        limit: int = 50,
        *,
        expires_from: datetime | date | str | None = None,
        expires_to: datetime | date | str | None = None,
        count_to: int | None = None,
    ) -> UserPage:
        """One page of the people whose name or address contains `text`, literally and in any case.

        `sort` is username, email, role, created_at or subscription_expires, with - in front for descending; the dates
        are half-open: from ≤ created < to, and so for the end of the subscription. `limit` is 1 to 1,000. Who does not
        need to know how many more than `count_to` a text finds has the page sooner, where that costs (see `UserPage`).
        """
        ranges = {"created": (created_from, created_to), "expires": (expires_from, expires_to)}
        return directory.find_page(self._storage, text, role, is_active, ranges, sort, offset, limit, count_to)

    def count_users(self) -> int:
        """How many accounts there are."""
        return self._storage.count(USERS)

    def update_user(
        self,
        user_id: str,
        *,
        username: str | None = None,
        email: str | None = None,
        is_active: bool | None = None,
        role: UserRole | str | None = None,
        expected_version: int | None = None,
        actor: str | None = None,
    ) -> User:
        """The person after the change. People change their own name and address; all else takes an admin.

        Raises AlreadyExists, LastAdmin, and Conflict where the account is no longer at `expected_version`."""
        return self._people.update(
            user_id,
            username=username,
            email=email,
            is_active=is_active,
            role=role,
            expected_version=expected_version,
            actor=actor,
        )

    def get_user_version(self, user_id: str) -> int:
        """How often the account was changed, from 1 on: what `expected_version` is compared with."""
        return self._people.version(user_id)

    def update_users(
        self,
        user_ids: Sequence[str],
        *,
        role: UserRole | str | None = None,
        is_active: bool | None = None,
        actor: str | None = None,
    ) -> int:
        """How many accounts were changed: all of them or none. At most 10,000 (TooLarge); bad ids are listed."""
        return self._people.update_many(user_ids, role=role, is_active=is_active, actor=actor)

    def delete_user(self, user_id: str, *, actor: str | None = None) -> None:
        """Erases the person from every file. People may erase themselves. Raises LastAdmin."""
        self._people.delete([user_id], actor=actor)

    def delete_users(self, user_ids: Sequence[str], *, actor: str | None = None) -> int:
        """Erases all of them or none; see `update_users`."""
        return self._people.delete(user_ids, actor=actor)

    # -- subscriptions and features -----------------------------------------------------------------------------------

    def upgrade_subscription(
        self, user_id: str, role: UserRole | str, days: int | None = None, *, actor: str | None = None
    ) -> User:
        """The person with the new plan, SUBSCRIBER or PREMIUM, for 1 to 3,650 days (None: the usual time).

        Renewing the same plan before its end adds to what is left; anything else starts now. It takes an admin, or with
        `self_service` the person, for the usual time."""
        return self._subscriptions.upgrade(user_id, role, days, actor=actor)

    def cancel_subscription(self, user_id: str, *, actor: str | None = None) -> User:
        """The person without a subscription, at once."""
        return self._subscriptions.cancel(user_id, actor=actor)

    def get_subscribers(self) -> list[User]:
        """Everybody whose SUBSCRIBER or PREMIUM subscription is running."""
        return self._subscriptions.running()

    def request_upgrade(self, user_id: str, role: UserRole | str, *, actor: str | None = None) -> UpgradeRequest:
        """Asks an admin for SUBSCRIBER or PREMIUM; a newer request takes the place of the one before, and a plan that
        begins takes it away. Raises Forbidden for an inactive account."""
        return self._requests.ask(user_id, role, actor=actor)

    def find_upgrade_request(self, user_id: str) -> UpgradeRequest | None:
        """What this person has asked for, or None."""
        return self._requests.find(user_id)

    def get_upgrade_requests(self) -> list[UpgradeRequest]:
        """Every open request, the oldest first."""
        return self._requests.all_open()

    def drop_upgrade_request(self, user_id: str, *, actor: str | None = None) -> bool:
        """True where there was one; by an admin, or by the person."""
        return self._requests.drop(user_id, actor=actor)

    def count_running_plans(self) -> RunningPlans:
        """How many subscriptions run now."""
        return plan_growth.count_running(self._storage, self._clock())

    def get_plan_growth(self, months: int = 12) -> list[MonthOfPlans]:
        """The last months, this one included, oldest first: what ran, began and ended. 1 to 120 months."""
        fields.checked_whole("months", months, 1, 120)
        now = self._clock()
        days = self.get_day_totals(plan_growth.first_day(now.date(), months), now.date())
        ending = plan_growth.count_ending_today(self._storage, now)
        return plan_growth.plan_growth(self.count_running_plans(), ending, days)

    def get_features(self, user_id: str) -> dict[SubscriberFeature, FeatureAccess]:
        """Every feature for this person: whether it is theirs now, why, and how often it was used."""
        return self._subscriptions.features(user_id)

    def has_feature(self, user_id: str, feature: SubscriberFeature | str) -> bool:
        chosen = fields.checked_choice("feature", feature, SubscriberFeature)
        return self.get_features(user_id)[chosen].is_available

    def use_subscriber_feature(self, user_id: str, feature: SubscriberFeature | str) -> int:
        """How often the person has used the feature, this time included. Raises FeatureNotAvailable."""
        return self._subscriptions.use(user_id, feature)

    def grant_feature(self, user_id: str, feature: SubscriberFeature | str, *, actor: str | None = None) -> None:
        """Gives one person a feature beyond the plan."""
        self._subscriptions.assign(user_id, feature, "granted", actor=actor)

    def revoke_feature(self, user_id: str, feature: SubscriberFeature | str, *, actor: str | None = None) -> None:
        """Takes a feature away from one person, whatever the plan."""
        self._subscriptions.assign(user_id, feature, "revoked", actor=actor)

    def reset_feature(self, user_id: str, feature: SubscriberFeature | str, *, actor: str | None = None) -> None:
        """Leaves the feature to the plan again."""
        self._subscriptions.assign(user_id, feature, None, actor=actor)

    # -- what people do -----------------------------------------------------------------------------------------------

    def record_watch_activity(
        self,
        user_id: str,
        video_id: str,
        duration_seconds: int,
        content_type: str = "video",
        *,
        stream_id: str | None = None,
        session_id: str | None = None,
        completed: bool = False,
        quality: str = "720p",
        watched_at: datetime | str | None = None,
        title: str | None = None,
        category: str | None = None,
        tags: Sequence[str] | None = None,
        length_seconds: int | None = None,
    ) -> WatchHistoryEntry:
        """One history entry and the counters, together or not at all; see `WatchHistoryTracker.add_watch_entry`."""
        return self.history_tracker.add_watch_entry(
            user_id,
            video_id,
            duration_seconds,
            content_type,
            stream_id=stream_id,
            session_id=session_id,
            completed=completed,
            quality=quality,
            watched_at=watched_at,
            title=title,
            category=category,
            tags=tags,
            length_seconds=length_seconds,
        )

    def record_upload(
        self,
        user_id: str,
        content_type: str,
        *,
        content_id: str | None = None,
        title: str | None = None,
        size_bytes: int | None = None,
        category: str | None = None,
        tags: Sequence[str] | None = None,
        length_seconds: int | None = None,
    ) -> UserStats:
        """The person's statistics after uploading a `"video"`, creating a `"stream"` or uploading an `"image"`.

        With a `content_id` the person owns the item; AlreadyExists where it is somebody else's."""
        told = {"title": title, "size_bytes": size_bytes, "category": category, "tags": tags}
        return self.content.upload(user_id, content_type, content_id, **told, length_seconds=length_seconds)

    def record_interaction(self, user_id: str, interaction_type: str, *, content_id: str | None = None) -> UserStats:
        """The person's statistics after a `"like"`, `"comment"` or `"share"`; the owners of the item receive it."""
        return self.content.interact(user_id, interaction_type, content_id)

    # -- statistics ---------------------------------------------------------------------------------------------------

    def get_user_stats(self, user_id: str) -> UserStats:
        user_id = fields.checked_user_id(user_id)
        record = self._storage.get(USER_STATS, user_id)
        if record is None:
            return _zero_stats(self.get_user(user_id))
        return UserStats.from_stored(user_id, record)

    def get_all_users_stats(self) -> dict[str, UserStats]:
        """Everybody's statistics by user_id."""
        from_stored = UserStats.from_stored
        everybody = {user_id: from_stored(user_id, record) for user_id, record in self._storage.scan(USER_STATS)}
        if len(everybody) != self._storage.count(USERS):  # a file from elsewhere: who has no record there has zeros
            for user_id, record in self._storage.scan(USERS):
                if user_id not in everybody:
                    everybody[user_id] = _zero_stats(User.from_stored(user_id, record))
        return everybody

    def get_platform_sums(self) -> dict[str, float]:
        """The counters and the watched hours of everybody, added up."""
        return self._storage.sum_up(USER_STATS, (*COUNTERS, "total_watched_hours"))

    def get_day_totals(self, first: date, last: date) -> list[DayTotals]:
        """The whole site on each UTC day from `first` to `last`, oldest first, zeros included; at most 3,660 days."""
        return day_totals.read_days(self._storage, first, last)

    def get_active_people(self) -> Active:
        """People who did something or signed up in the last 1, 7 and 30 days (UTC), today included."""
        return day_totals.read_active(self._storage, self._clock().date())

    def get_activity(self, user_id: str) -> list[Record]:
        """Every event that was recorded of a person, in the order of recording."""
        user_id = fields.checked_user_id(user_id)
        events = self._storage.read_log(ACTIVITY, user_id)
        if not events:
            self.get_user(user_id)
        return events

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def verify(self, *, progress: Progress | None = None) -> list[Difference]:
        """Everything that is not as the activity log says; empty where all is right. Changes nothing."""
        return verification.verify(self._storage, max_history=self._max_history, progress=progress)

    def repair(self, *, progress: Progress | None = None) -> list[Difference]:
        """What was found and, where `mendable`, mended; damaged originals are kept aside."""
        return verification.repair(self._storage, max_history=self._max_history, now=self._clock(), progress=progress)


def _zero_stats(user: User) -> UserStats:
    return UserStats(
        user.user_id, last_activity_timestamp=user.created_at, created_at=user.created_at, updated_at=user.created_at
    )
