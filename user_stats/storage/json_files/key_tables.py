"""Numbers for the keys of a collection: what stands in memory for each record, and so the largest thing there.

A number is given once and stays, also when the record is gone. Safe to share between threads.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from typing import Protocol

PARTS = 1024
"""Of a table of fingerprints: an insertion moves the rest of its part."""
_BITS = 2**64 - 1


class KeyTable(Protocol):
    """Shared by the files that have the same keys."""

    def __len__(self) -> int: ...

    def find(self, key: str) -> int | None:
        """The number of a key that has one."""

    def number(self, key: str) -> int:
        """The number of a key; the next one where it is new."""


class WholeKeys:
    """Keeps the keys themselves: some 170 bytes each, found in no time."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()
        self.find = self._numbers.get

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, key: str) -> int:
        found = self.find(key)
        if found is None:
            with self._lock:
                found = self._numbers.setdefault(key, len(self._numbers))
        return found


class KeyFingerprints:
    """Keeps 64 bits of each key's hash beside its number: 12 bytes a key, found in a microsecond. The hash is secret to
    the process, so that nobody can choose keys that share one; by chance two of 100,000 do in one of 3,000,000,000
    sites. Then each hides the other, and what is put for the hidden one stands in the file a second time, which
    `verify` finds and `repair` mends."""

    def __init__(self) -> None:
        self._fingerprints = [array("Q") for _ in range(PARTS)]
        """Sorted, so that they can be searched."""
        self._numbers = [array("I") for _ in range(PARTS)]
        self._count = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def find(self, key: str) -> int | None:
        with self._lock:
            numbers, at, is_known = self._place(hash(key) & _BITS)
            return numbers[at] if is_known else None

    def number(self, key: str) -> int:
        fingerprint = hash(key) & _BITS
        with self._lock:
            numbers, at, is_known = self._place(fingerprint)
            if not is_known:
                self._fingerprints[fingerprint % PARTS].insert(at, fingerprint)
                numbers.insert(at, self._count)
                self._count += 1
            return numbers[at]

    def _place(self, fingerprint: int) -> tuple[array[int], int, bool]:
        part = fingerprint % PARTS
        fingerprints = self._fingerprints[part]
        at = bisect_left(fingerprints, fingerprint)
        return self._numbers[part], at, at < len(fingerprints) and fingerprints[at] == fingerprint
