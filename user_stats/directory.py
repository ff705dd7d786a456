"""The directory of people: searched, filtered, sorted, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from user_stats import fields
from user_stats.collections import USERS
from user_stats.errors import InvalidInput
from user_stats.models import User, UserRole
from user_stats.storage import PageQuery, Storage
from user_stats.times import checked_moment, from_iso, to_iso

LARGEST_PAGE = 1000
LONGEST_RANGE = timedelta(days=36_524)
"""A day less than a hundred years."""
Moment = datetime | date | str
SORTABLE = ("username", "email", "role", "created_at", "subscription_expires")
_RANGE_FIELDS = {"created": "created_at", "expires": "subscription_expires"}


@dataclass(frozen=True)
class UserPage:
    """One page of people; `total` is how many match in all."""

    users: list[User]
    total: int
    offset: int
    limit: int
    is_total_exact: bool = True
    """False where a search has found more than were counted: so many match at least."""


def find_page(
    storage: Storage,
    text: str | None,
    role: UserRole | str | None,
    is_active: bool | None,
    ranges: Mapping[str, tuple[Moment | None, Moment | None]],
    sort: str,
    offset: int,
    limit: int,
    count_to: int | None = None,
) -> UserPage:
    """See `UserManager.find_users`; `ranges` are from and to, by what they are of: created, expires."""
    equal: dict[str, Any] = {}
    if role is not None:
        equal["role"] = fields.checked_choice("role", role, UserRole).value
    if is_active is not None:
        equal["is_active"] = fields.checked_flag("is_active", is_active)
    if text is not None and (not isinstance(text, str) or len(text) > fields.EMAIL_LENGTH):
        raise InvalidInput.of("text", text, f"at most {fields.EMAIL_LENGTH} characters")
    choices = (*SORTABLE, *(f"-{name}" for name in SORTABLE))
    order = fields.checked_word("sort", sort, choices)
    offset = fields.checked_whole("offset", offset, 0, 10**9)
    limit = fields.checked_whole("limit", limit, 1, LARGEST_PAGE)
    if count_to is not None:
        count_to = fields.checked_whole("count_to", count_to, 1, 10**9)
    query = PageQuery(
        text=fields.fold_username(text) if text else None,
        text_fields=("username", "email"),
        equal=equal,
        ranges=_checked_ranges(ranges),
        sort=order.removeprefix("-"),
        descending=order.startswith("-"),
        offset=offset,
        limit=limit,
        count_to=count_to,
    )
    records, total = storage.find_page(USERS, query)
    users = [User.from_stored(user_id, record) for user_id, record in records]
    return UserPage(users, total, offset, limit, is_total_exact=not text or total - 1 != count_to)


def _checked_ranges(
    ranges: Mapping[str, tuple[Moment | None, Moment | None]],
) -> dict[str, tuple[str | None, str | None]]:
    """Half-open ranges of moments for the fields of the store."""
    checked = {}
    for name, (from_, to) in ranges.items():
        start = None if from_ is None else to_iso(checked_moment(f"{name}_from", from_))
        end = None if to is None else to_iso(checked_moment(f"{name}_to", to))
        if start is not None and end is not None:
            if start > end:
                raise InvalidInput.of(f"{name}_from", start, f"a moment not after {name}_to ({end})")
            if from_iso(end) - from_iso(start) > LONGEST_RANGE:
                raise InvalidInput.of(f"{name}_from", start, f"at most {LONGEST_RANGE.days:,} days before {name}_to")
        if start is not None or end is not None:
            checked[_RANGE_FIELDS[name]] = (start, end)
    return checked
