"""Ending a task of one's own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

PAUSE_SECONDS = 1.0


async def end(task: asyncio.Task[Any]) -> None:
    """Waits until it has ended. It is cancelled again and again: what it waits for may have taken a cancellation for
    its own. Raises what the task has raised."""
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=PAUSE_SECONDS)
    with suppress(asyncio.CancelledError):
        task.result()
