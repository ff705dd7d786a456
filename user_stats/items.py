"""What is known of an item, and the checks of what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from user_stats import fields
from user_stats.errors import InvalidInput
from user_stats.models import ContentType
from user_stats.storage import Record
from user_stats.watches import LONGEST_LENGTH_SECONDS

MOST_OWNERS = 50
MOST_BYTES = 10**15
HALF_STARS = tuple(half / 2 for half in range(2, 11))


@dataclass(frozen=True)
class Item:
    """What is known of an item; None where nobody told. `owners` are user ids, the first one brought it."""

    content_id: str
    owners: tuple[str, ...]
    content_type: ContentType
    created_at: str
    title: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    size_bytes: int | None = None
    length_seconds: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    deleted_at: str | None = None

    @classmethod
    def from_stored(cls, record: Record) -> Item:
        known = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        return cls(**{**known, "owners": tuple(record["owners"]), "tags": tuple(record.get("tags", ()))})


def checked_content_id(value: object) -> str:
    return fields.checked_content_id("content_id", value)


def is_content_id(value: object) -> bool:
    try:
        checked_content_id(value)
    except InvalidInput:
        return False
    return True


def checked_facts(
    *,
    title: str | None = None,
    category: str | None = None,
    tags: Sequence[str] | None = None,
    size_bytes: int | None = None,
    length_seconds: int | None = None,
) -> Record:
    """What was told of an item, without what was not."""
    facts: Record = {}
    if title is not None:
        facts["title"] = fields.checked_text("title", title, fields.LONGEST_TITLE)
    if category is not None:
        facts["category"] = fields.checked_text("category", category, fields.LONGEST_ID)
    if tags is not None:
        facts["tags"] = fields.checked_tags(tags)
    if size_bytes is not None:
        facts["size_bytes"] = fields.checked_whole("size_bytes", size_bytes, 0, MOST_BYTES)
    if length_seconds is not None:
        facts["length_seconds"] = fields.checked_whole("length_seconds", length_seconds, 1, LONGEST_LENGTH_SECONDS)
    return facts


def checked_people(value: object) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) >= MOST_OWNERS:
        raise InvalidInput.of("collaborators", value, f"a list of fewer than {MOST_OWNERS} user ids")
    return list(dict.fromkeys(fields.checked_user_id(user_id) for user_id in value))
