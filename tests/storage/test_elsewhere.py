"""On a system without Linux' own calls the store works all the same, and says that it is slower."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ELSEWHERE = """
import ctypes, fcntl, os, sys
for module, names in ((fcntl, ("F_SETLEASE", "F_GETLEASE", "F_SETSIG")), (os, ("fdatasync", "posix_fadvise"))):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
class Poor:
    def __init__(self, real): self._real = real
    def __getattr__(self, name):
        if name in ("statx", "syncfs", "statfs"): raise AttributeError(name)
        return getattr(self._real, name)
for kind in ("CDLL", "PyDLL"):
    setattr(ctypes, kind, lambda *a, real=getattr(ctypes, kind), **k: Poor(real(*a, **k)))
import filelock, msgspec, zoneinfo
sys.platform = "darwin"
from user_stats.storage import Collection, Log, open_storage
from user_stats import UserManager
manager = UserManager(open_storage(sys.argv[1]))
ada = manager.create_user("ada", "ada@example.org")
for number in range(30):
    manager.record_watch_activity(ada, f"v{number}", 60)
assert manager.find_user("ADA").user_id == ada
assert manager.verify() == []
bob = manager.create_user("bob", "bob@example.org")
manager.delete_user(bob)
print(manager.get_user_stats(ada).watch_history_entries)
"""


def test_a_system_without_leases_and_statx_keeps_the_promises(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path / "users")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "30\n"), done.stderr
    assert "rewrites its whole file" in done.stderr
    assert len(json.loads((tmp_path / "users" / "users.json").read_text())) == 1
