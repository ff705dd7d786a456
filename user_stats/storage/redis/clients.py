"""Each thread that writes, as the server knows it."""

from __future__ import annotations

import os
import threading
import uuid


class Client(threading.local):
    """How a thread is known to the server, how many transactions it has committed, and how the last one went."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.name = str(uuid.uuid4())
        self.commits = 0
        self.read_late: list[bytes] = []
        """What its last transaction has read, where that was too late at first."""
        self.process = os.getpid()
