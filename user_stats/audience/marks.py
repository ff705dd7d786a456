"""Who was counted on a day: the tags of its visitors, some dozens to a record.

The tags of a day are a tree. A record holds them until there are too many; then it hands them to four others, by the
next two bits of each tag, and says so. So a tag is found in a few reads, whether the day has ten visitors or a million,
and the store, which keeps every key in memory, has one for some thirty visitors.
"""

from __future__ import annotations

from collections import defaultdict

from user_stats.audience.ledger import Ledger
from user_stats.collections import VISITOR_MARKS

MOST_TAGS = 90
"""Of a record, with blanks between them: what fits into the width of VISITOR_MARKS."""
_DIGITS = "0123456789abcdef"
_first_bits = {digit: f"{int(digit, 16) >> 2}" for digit in _DIGITS}
_last_bits = {digit: f"{int(digit, 16) & 3}" for digit in _DIGITS}


def mark_visitors(ledger: Ledger, day: str, tags: set[str]) -> int:
    """Remembers visitors of the day by their tags in hexadecimal; how many of them are new."""
    return _mark(ledger, f"{day}:v", tags, 0)


def _mark(ledger: Ledger, key: str, tags: set[str], depth: int) -> int:
    record = ledger.read(VISITOR_MARKS, key)
    known = record.get("tags", "").split()
    if "is_handed_on" not in record:
        new = tags.difference(known)
        if len(known) + len(new) <= MOST_TAGS:
            if new:
                ledger.change(VISITOR_MARKS, key)["tags"] = " ".join([*known, *sorted(new)])
            return len(new)
        ledger.change(VISITOR_MARKS, key)["is_handed_on"] = True
        record.pop("tags", None)
        tags = new.union(known)
    bits = _last_bits if depth % 2 else _first_bits
    parts = defaultdict[str, set[str]](set)
    for tag in tags:
        parts[bits[tag[depth // 2]]].add(tag)
    return sum(_mark(ledger, key + step, part, depth + 1) for step, part in parts.items()) - len(known)
