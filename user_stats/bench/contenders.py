"""The stores that are measured: ours, and others doing the same writes and reads.

A watch is written to five places in each: the history (at most 1,000 entries a person), the person's statistics, the
person's totals by type, the totals of the day, the activity log. Only a few people have a history at the start, a full
one; the watches go to them, so that every write has to drop an entry.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Protocol

import filelock
import tinydb

from user_stats.bench.samples import (
    CAP,
    DAY,
    WATCHERS,
    dumped,
    entry,
    event,
    stats,
    totals,
    user,
    user_ids,
)
from user_stats.bootstrap import get_user_manager
from user_stats.storage.json_files.arrays import laid_out as array_laid_out
from user_stats.storage.json_files.lines import laid_out


class Contender(Protocol):
    """One store with `size` people."""

    name: str

    def record(self, watcher: int) -> None: ...
    def close(self) -> None: ...


class Ours:
    """user_stats on its JSON files."""

    name = "user_stats"

    def __init__(self, folder: Path, size: int, *, fill: bool = True) -> None:
        self.folder = folder / "ours"
        self.ids = user_ids(size)
        if fill:
            self._fill()
        self.manager = get_user_manager(self.folder)

    def _fill(self) -> None:
        (self.folder / "history").mkdir(parents=True)
        (self.folder / "activity").mkdir()
        files: dict[str, tuple[int, Any]] = {
            "users": (1024, ((one, dumped(user(number, one))) for number, one in enumerate(self.ids))),
            "user_stats": (512, ((one, dumped(stats(one))) for one in self.ids)),
            "user_totals": (512, ((one, dumped(totals(one))) for one in self.ids)),
        }
        for name, (width, members) in files.items():
            with (self.folder / f"{name}.json").open("wb", buffering=1 << 20) as file:
                file.writelines(laid_out(members, width))
        history = array_laid_out([dumped(entry(number)) for number in range(CAP)])
        activity = array_laid_out([dumped(event(entry(number))) for number in range(CAP)])
        for one in self.ids[:WATCHERS]:
            (self.folder / "history" / f"{one}_history.json").write_bytes(history)
            (self.folder / "activity" / f"{one}_activity.json").write_bytes(activity)

    def record(self, watcher: int) -> None:
        self.manager.record_watch_activity(self.ids[watcher], "video", 60)

    def get_stats(self, number: int) -> object:
        return self.manager.get_user_stats(self.ids[number])

    def get_history(self, watcher: int) -> object:
        return self.manager.history_tracker.get_watch_history(self.ids[watcher], 100)

    def all_stats(self) -> object:
        return self.manager.get_all_users_stats()

    def find(self, number: int) -> object:
        return self.manager.find_user(f"person{number}")

    def page(self) -> object:
        return self.manager.find_users("person1", role="premium", sort="-username", limit=50)

    def close(self) -> None:
        self.manager.storage.close()


class Sqlite:
    """SQLite in WAL mode with a full sync at each commit."""

    name = "sqlite"
    tables = """
        create table users (user_id text primary key, username text unique, email text unique, role text,
            created_at text, updated_at text, is_active int, subscription_expires text);
        create table user_stats (user_id text primary key, subscriber_features_used int, watch_history_entries int,
            total_watched_hours real, videos_uploaded int, streams_created int, images_uploaded int,
            total_interactions int, last_activity_timestamp text, created_at text, updated_at text);
        create table user_totals (user_id text primary key, totals text);
        create table day_totals (day text primary key, totals text);
        create table content (content_id text primary key, about text);
        create table history (user_id text, number int, entry text, primary key (user_id, number)) without rowid;
        create table activity (user_id text, number int, event text, primary key (user_id, number)) without rowid;
    """

    def __init__(self, folder: Path, size: int, *, fill: bool = True) -> None:
        self.path = folder / "sqlite.db"
        self.ids = user_ids(size)
        self.connection = self._connected()
        if fill:
            self._fill()

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        return connection

    def another(self) -> Sqlite:
        """The same database for another thread."""
        other = object.__new__(Sqlite)
        other.path, other.ids, other.connection = self.path, self.ids, self._connected()
        return other

    def _fill(self) -> None:
        run = self.connection
        run.executescript(self.tables)
        run.execute("begin")
        people = (tuple(user(number, one).values()) for number, one in enumerate(self.ids))
        run.executemany("insert into users values (?,?,?,?,?,?,?,?)", people)
        run.executemany(
            "insert into user_stats values (?,?,?,?,?,?,?,?,?,?,?)", (tuple(stats(one).values()) for one in self.ids)
        )
        run.executemany("insert into user_totals values (?,?)", ((one, json.dumps(totals(one))) for one in self.ids))
        for one in self.ids[:WATCHERS]:
            entries = [entry(number) for number in range(CAP)]
            for table, made in (("history", entries), ("activity", [event(watched) for watched in entries])):
                rows = ((one, number, json.dumps(record)) for number, record in enumerate(made))
                run.executemany(f"insert into {table} values (?,?,?)", rows)
        run.execute("insert into day_totals values (?,?)", (DAY, json.dumps({"date": DAY, "video_watches": 0})))
        run.execute("commit")

    def record(self, watcher: int) -> None:
        one, run = self.ids[watcher], self.connection.execute
        run("begin immediate")
        active = run("select is_active from users where user_id = ?", (one,)).fetchone()
        if not active[0]:
            raise PermissionError
        by_type = json.loads(run("select totals from user_totals where user_id = ?", (one,)).fetchone()[0])
        day = json.loads(run("select totals from day_totals where day = ?", (DAY,)).fetchone()[0])
        last = run("select max(number) from history where user_id = ?", (one,)).fetchone()[0]
        last_event = run("select max(number) from activity where user_id = ?", (one,)).fetchone()[0]
        watched = entry(last)
        now = watched["watched_at"]
        run("select about from content where content_id = ?", (watched["video_id"],)).fetchone()
        by_type["events"] = by_type.get("events", 0) + 1
        by_type["video"]["count"] += 1
        by_type["video"]["seconds"] += 60
        for figure, amount in (("video_watches", 1), ("video_seconds", 60), (f"hour_{now[11:13]}", 60)):
            day[figure] = day.get(figure, 0) + amount
        run("insert into history values (?,?,?)", (one, last + 1, json.dumps(watched)))
        run("delete from history where user_id = ? and number <= ?", (one, last + 1 - CAP))
        run(
            "update user_stats set watch_history_entries = watch_history_entries + 1, total_watched_hours ="
            " total_watched_hours + ?, last_activity_timestamp = ?, updated_at = ? where user_id = ?",
            (60 / 3600, now, now, one),
        )
        run("update user_totals set totals = ? where user_id = ?", (json.dumps(by_type), one))
        run("update day_totals set totals = ? where day = ?", (json.dumps(day), DAY))
        run("insert into activity values (?,?,?)", (one, last_event + 1, json.dumps(event(watched))))
        run("commit")

    def get_stats(self, number: int) -> object:
        return self.connection.execute("select * from user_stats where user_id = ?", (self.ids[number],)).fetchone()

    def get_history(self, watcher: int) -> object:
        select = "select entry from history where user_id = ? order by number desc limit 100"
        return [json.loads(row[0]) for row in self.connection.execute(select, (self.ids[watcher],))]

    def all_stats(self) -> object:
        return {row[0]: row for row in self.connection.execute("select * from user_stats")}

    def find(self, number: int) -> object:
        return self.connection.execute("select * from users where username = ?", (f"person{number}",)).fetchone()

    def page(self) -> object:
        where = "from users where role = 'premium' and (username like '%person1%' or email like '%person1%')"
        total = self.connection.execute(f"select count(*) {where}").fetchone()
        return total, self.connection.execute(f"select * {where} order by username desc limit 50").fetchall()

    def close(self) -> None:
        self.connection.close()


class TinyDb:
    """TinyDB with its JSON storage: everything in one file, written anew each time; neither durable nor atomic."""

    name = "tinydb"

    def __init__(self, folder: Path, size: int) -> None:
        self.ids = user_ids(size)
        path = folder / "tinydb.json"
        rows = {str(number + 1): stats(one) for number, one in enumerate(self.ids)}
        lists = {str(number + 1): {"entries": [entry(0)] * CAP} for number in range(WATCHERS)}
        path.write_text(json.dumps({"user_stats": rows, "history": lists}))
        self.database = tinydb.TinyDB(path)

    def record(self, watcher: int) -> None:
        def push(document: MutableMapping[Any, Any]) -> None:
            document["entries"] = [*document["entries"][-CAP + 1 :], entry(0)]

        def count(document: MutableMapping[Any, Any]) -> None:
            document["watch_history_entries"] += 1

        self.database.table("history").update(push, doc_ids=[watcher + 1])
        self.database.table("user_stats").update(count, doc_ids=[watcher + 1])

    def close(self) -> None:
        self.database.close()


class WholeFile:
    """The usual way with JSON files: under filelock, read the whole file, change it, write it anew and rename."""

    name = "whole file"

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.ids = user_ids(size)
        self.lock = filelock.FileLock(folder / "whole.lock")
        self._write("stats.json", {one: stats(one) for one in self.ids})
        for one in self.ids[:WATCHERS]:
            self._write(f"{one}.json", [entry(number) for number in range(CAP)])

    def _write(self, name: str, content: object) -> None:
        temporary = self.folder / f"{name}.tmp"
        with temporary.open("w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.folder / name)

    def record(self, watcher: int) -> None:
        one = self.ids[watcher]
        with self.lock:
            everybody = json.loads((self.folder / "stats.json").read_text())
            everybody[one]["watch_history_entries"] += 1
            history = json.loads((self.folder / f"{one}.json").read_text())
            self._write("stats.json", everybody)
            self._write(f"{one}.json", [*history[-CAP + 1 :], entry(0)])

    def close(self) -> None:
        """Nothing is open."""


class Append:
    """The limit of the disk: the bytes of one watch at the end of a growing file, and a sync."""

    name = "append+fdatasync"
    bytes_a_watch = 2200

    def __init__(self, folder: Path, size: int) -> None:
        self.descriptor = os.open(folder / "append.log", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def record(self, watcher: int) -> None:
        os.write(self.descriptor, b"x" * self.bytes_a_watch)
        os.fdatasync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)


class Overwrite(Append):
    """The same into a file that was written beforehand, which has no size to record."""

    name = "pwrite+fdatasync"
    file_bytes = 4 << 20

    def __init__(self, folder: Path, size: int) -> None:
        self.descriptor = os.open(folder / "overwrite.log", os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(self.descriptor, b"\n" * self.file_bytes, 0)
        os.fsync(self.descriptor)
        self._offsets = self._cycle()

    def _cycle(self) -> Iterator[int]:
        while True:
            yield from range(0, self.file_bytes - self.bytes_a_watch, self.bytes_a_watch)

    def record(self, watcher: int) -> None:
        os.pwrite(self.descriptor, b"x" * self.bytes_a_watch, next(self._offsets))
        os.fdatasync(self.descriptor)
