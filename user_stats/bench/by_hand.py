"""The statements of watches, as the engine sends them to PostgreSQL, sent again with psycopg alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

Batch = list[tuple[bytes, tuple[Any, ...]]]


class ByHand:
    """One connection that repeats what each of some works has sent; `works` write to a store on PostgreSQL."""

    def __init__(self, url: str, works: Sequence[Callable[[], object]]) -> None:
        from user_stats.storage.postgres import commits

        self._sent = [_sent_by(work) for work in works]
        self._connection = psycopg.connect(url, autocommit=True)
        self._name, self._commits = str(uuid.uuid4()), 0
        self._connection.execute(commits.MAKE.encode(), (self._name,))
        self._count = commits.COUNT.encode()

    def send(self, number: int) -> None:
        for batch in self._sent[number % len(self._sent)]:
            with self._connection.pipeline():
                cursors = [self._connection.execute(*self._numbered(*statement)) for statement in batch]
            for cursor in cursors:
                if cursor.description is not None:
                    cursor.fetchall()
        self._commits += 1

    def close(self) -> None:
        self._connection.close()

    def _numbered(self, text: bytes, parameters: tuple[Any, ...]) -> tuple[bytes, tuple[Any, ...]]:
        return (text, (self._commits, self._commits + 1, self._name)) if text == self._count else (text, parameters)


def _sent_by(work: Callable[[], object]) -> list[Batch]:
    """What the work sends once everything is as it will always be, the second time; without upkeep after its commit."""
    from user_stats.storage.postgres import transactions

    work()
    kind: Any = transactions.PostgresTransaction
    real = kind._execute
    batches: list[Batch] = []

    def remember(tx: Any, *statements: Any) -> Any:
        begin = [] if tx._is_begun else [(transactions.BEGIN.encode(), ())]
        batches.append([*begin, *((text.encode(), parameters) for text, parameters in statements)])
        return real(tx, *statements)

    kind._execute = remember
    try:
        work()
    finally:
        kind._execute = real
    ends = [number for number, batch in enumerate(batches, 1) if batch[-1][0] == b"COMMIT"]
    return batches[: ends[0]]
