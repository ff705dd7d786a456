"""What a measured import does: makes a file, brings it into a new store; the answer goes to standard output."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from user_stats.audience import Audience, Visit
from user_stats.bench.imports import HISTORY, LOG
from user_stats.manager import UserManager
from user_stats.storage import Storage, open_storage
from user_stats.transfer.access_logs import LogCounts, fingerprint_of, read_log
from user_stats.transfer.imports import Imports

START = datetime(2024, 1, 1, tzinfo=UTC)
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
TITLES, PATHS, ADDRESSES = 5000, 500, 20_000


def _plays(count: int) -> Iterator[str]:
    for number in range(count):
        end = START + timedelta(minutes=3 * number)
        play = {
            "endTime": f"{end:%Y-%m-%d %H:%M}",
            "artistName": f"Artist {number % 300}",
            "trackName": f"A track with some words {number % TITLES}",
            "msPlayed": 180_000 + number % 1000,
        }
        yield ("[" if not number else ",\n") + json.dumps(play)
    yield "]"


def _lines(count: int) -> Iterator[str]:
    for number in range(count):
        at = START + timedelta(seconds=number)
        address = number * 7919 % ADDRESSES
        yield (
            f"10.{address % 100}.{address // 100}.7 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "
            f'"GET /watch/{number % PATHS} HTTP/1.1" 200 {number % 90_000} "-" "{AGENT}"\n'
        )


def _import_history(storage: Storage, path: Path) -> None:
    manager = UserManager(storage)
    person = manager.create_user("ada", "ada@example.org")
    Imports(manager).import_file(path, person)


def _import_log(storage: Storage, path: Path) -> None:
    lines = read_log(path, LogCounts(), now=datetime.now(UTC))
    visits = (Visit(one.at, one.path, one.user_agent, one.address, bytes_sent=one.bytes_sent) for one in lines)
    with closing(Audience(storage)) as audience:
        audience.import_visits(visits, fingerprint=fingerprint_of(path))


Maker = Callable[[int], Iterator[str]]
MAKERS: dict[str, tuple[Maker, Callable[[Storage, Path], None]]] = {
    HISTORY: (_plays, _import_history),
    LOG: (_lines, _import_log),
}


def main(work: str, folder: str, rows: str) -> dict[str, float]:
    """Makes the file and imports it into a new store; the file is not part of the time."""
    make, bring_in = MAKERS[work]
    count, path = int(rows), Path(folder, "input")
    with path.open("w") as file:
        file.writelines(make(count))
    with closing(open_storage(str(Path(folder, work.replace(" ", "_"))))) as storage:
        start, worked = time.perf_counter(), time.process_time()
        bring_in(storage, path)
        taken, cpu = time.perf_counter() - start, time.process_time() - worked
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": count, "rows_a_second": count / taken, "rows_a_cpu_second": count / cpu, "memory_mb": most}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
