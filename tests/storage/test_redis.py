"""What Redis alone can do to a store: restart, refuse, fill up, lose its settings, or be somebody else's."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis as redis_client
from harness import COUNTERS, judge, step
from servers import PASSWORD, RedisServer
from test_kill import last_acknowledged, started

from user_stats.errors import InvalidInput, StorageBusy, StorageError, StorageFull, StorageReadOnly
from user_stats.storage import Collection, Log, Storage, open_storage
from user_stats.storage.redis import names, script, server
from user_stats.storage.redis.engine import RedisStorage

NOTES = Collection("notes")
DAYS = Collection("days", counts=True)
TRAIL = Log("trail")


@pytest.fixture
def address(redis: RedisServer) -> str:
    return redis.fresh()


def restart_under_load(redis: RedisServer, address: str, *, restarts: int, steps: int) -> None:
    """Every transaction comes through exactly once, whatever it was doing when the server was killed."""
    writers = [started(address, threads=2, steps=steps) for _ in range(2)]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline()
        for number in range(restarts):
            redis.stop(at_once=number % 2 == 0)
            redis.start()
            before = redis.client().get(names.CLOCK)
            while redis.client().get(names.CLOCK) == before:
                assert any(writer.poll() is None for writer in writers)
    finally:
        answers = [writer.communicate(timeout=120) for writer in writers]
    assert [errors.decode() for _, errors in answers] == ["", ""]
    assert judge(open_storage(address)) == 2 * 2 * steps
    assert max(last_acknowledged(output) for output, _ in answers) == 2 * 2 * steps


def test_a_server_that_is_killed_under_load_loses_and_doubles_nothing(redis: RedisServer, address: str) -> None:
    restart_under_load(redis, address, restarts=3, steps=250)


@pytest.mark.soak
def test_forty_restarts_under_load_lose_and_double_nothing(redis: RedisServer, address: str) -> None:
    restart_under_load(redis, address, restarts=40, steps=5000)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_that_nobody_saw_counts_once(
    redis: RedisServer, address: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The answer is lost, after the server has done it or before it has heard of it."""
    storage = RedisStorage(address)
    assert step(storage) == 1
    real = storage._server.once
    lost = []

    def once(call: object) -> object:
        if lost or "COMMIT" not in getattr(getattr(call, "__code__", None), "co_names", ()):
            return real(call)  # type: ignore[arg-type]
        lost.append(call)
        if moment == "after":
            real(call)  # type: ignore[arg-type]
        raise redis_client.exceptions.ConnectionError("the answer was lost")

    monkeypatch.setattr(storage._server, "once", once)
    assert step(storage) == 2
    assert len(lost) == 1
    assert judge(storage) == 2


def test_a_commit_that_comes_too_late_is_refused(redis: RedisServer, address: str) -> None:
    open_storage(address)
    client, name = redis.client(), names.commit("somebody")
    assert client.register_script(script.ASK)([name], [7]) == 0
    late = client.register_script(script.COMMIT)(
        [names.CLOCK, names.TURN, name], [b"", 7, b"0", *script.Change(b"set", b"user_stats:x", b"1")]
    )
    assert late == script.WRONG_NUMBER
    assert client.get("user_stats:x") is None


def test_a_turn_whose_holder_has_died_goes_on(redis: RedisServer, address: str) -> None:
    storage = open_storage(address)
    redis.client().set(names.TURN, "somebody who died", px=300)
    assert step(storage) == 1
    assert redis.client().get(names.TURN) is None


def test_a_turn_that_is_held_is_named_in_time_and_readers_go_on(redis: RedisServer, address: str) -> None:
    patient, storage = open_storage(address), open_storage(address, lock_timeout_seconds=0.3)
    step(patient)
    redis.client().set(names.TURN, "somebody", px=60_000)
    with pytest.raises(StorageBusy, match="others"):
        step(storage)
    assert storage.get(COUNTERS, "n") == {"n": 1}
    redis.client().delete(names.TURN)
    assert step(storage) == 2


def put(storage: Storage, name: str) -> None:
    storage.transaction(lambda tx: tx.put(NOTES, name, {"text": name}))


def test_a_snapshot_is_of_one_moment_or_is_refused(redis: RedisServer, address: str) -> None:
    storage, other = open_storage(address), open_storage(address)
    put(storage, "first")

    def collections() -> Iterator[Collection]:
        yield NOTES
        redis.client().delete(names.TURN)  # as if that had taken too long
        put(other, "second")
        yield DAYS

    with pytest.raises(StorageBusy, match="others wrote meanwhile"), storage.snapshot(collections(), []):
        pass
    with storage.snapshot([NOTES], []) as snapshot:
        assert [key for key, _ in snapshot.members(NOTES)] == ["first", "second"]


def test_what_is_replaced_leaves_nothing_of_who_wrote_meanwhile(redis: RedisServer, address: str) -> None:
    storage, other = open_storage(address), open_storage(address)
    put(storage, "old")

    class Source:
        def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
            yield "new", b"{}"
            redis.client().delete(names.TURN)
            put(other, "meanwhile")

        def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
            return iter(())

    with pytest.raises(StorageBusy, match="others wrote meanwhile"):
        storage.replace_all(Source(), [NOTES], [])
    assert [key for key, _ in storage.scan(NOTES)] == ["old", "meanwhile"]
    assert storage.find_damage([NOTES], []) == []


def test_a_server_that_stays_away_is_named_in_time(redis: RedisServer, address: str) -> None:
    storage = open_storage(address, lock_timeout_seconds=0.5)
    step(storage)
    redis.stop()
    try:
        for attempt in (lambda: step(storage), lambda: storage.get(NOTES, "a"), lambda: open_storage(address)):
            with pytest.raises(StorageBusy) as refused:
                attempt()
            assert PASSWORD not in str(refused.value)
            assert "\n" not in str(refused.value)
    finally:
        redis.start()
    assert step(storage) == 2


def test_a_wrong_password_is_named_in_one_line(address: str) -> None:
    with pytest.raises(StorageError, match="refused") as refused:
        open_storage(address.replace(PASSWORD, "wr0ng-secret"))
    assert not isinstance(refused.value, StorageBusy)
    assert "\n" not in str(refused.value)
    assert "wr0ng-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cr3t@host:port/0",
        "redis://:s3cr3t/x@host:1/0",
        "redis://:s3cr3t@host:1/zero",
        "redis://host:1/0?s3cr3t=1",
        "redis://host:1/0?db=s3cr3t",
        "redis://host:1/0?ssl_keyfile=s3cr3t",
        "redis://:s3cr3t@[::1",
    ],
)
def test_what_is_no_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InvalidInput, match="STORE_URL") as refused:
        open_storage(url)
    assert "s3cr3t" not in str(refused.value)


def test_a_password_that_is_missing_is_asked_for(redis: RedisServer, address: str) -> None:
    with pytest.raises(StorageError, match="wants a password") as refused:
        open_storage(f"redis://127.0.0.1:{redis.port}/0")
    assert not isinstance(refused.value, StorageBusy)


def test_what_takes_connections_and_never_answers_is_named_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(StorageBusy, match="Timeout"):
        open_storage(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")


def test_an_old_server_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OLDEST_SERVER", (99, 0))
    with pytest.raises(StorageError, match="allowed"):
        open_storage(address)


@pytest.mark.parametrize(
    ("name", "value", "safe"),
    [
        ("appendonly", "no", "yes"),
        ("appendfsync", "everysec", "always"),
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
    ],
)
def test_a_setting_that_may_lose_data_is_warned_of_in_one_line(
    redis: RedisServer, address: str, caplog: pytest.LogCaptureFixture, name: str, value: str, safe: str
) -> None:
    redis.client().config_set(name, value)
    try:
        with caplog.at_level(logging.WARNING):
            open_storage(address)
    finally:
        redis.client().config_set(name, safe)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [f"the server has {name} {value}"]
    caplog.clear()
    open_storage(address)
    assert caplog.records == []


def test_a_full_server_is_named_and_nothing_is_half_written(redis: RedisServer, address: str) -> None:
    storage = open_storage(address)
    step(storage)
    redis.client().config_set("maxmemory", "1mb")
    try:
        with pytest.raises(StorageFull):
            step(storage)
    finally:
        redis.client().config_set("maxmemory", "0")
    number = judge(storage)
    assert step(storage) == number + 1


def test_an_account_that_may_only_read_reads(redis: RedisServer, address: str) -> None:
    step(open_storage(address))
    redis.client().acl_setuser("guest", enabled=True, passwords=["+guest-word"], keys=["*"], categories=["+@all"])
    redis.client().acl_setuser("guest", enabled=True, commands=["-set", "-incr", "-evalsha", "-config"])
    try:
        guest = open_storage(f"redis://guest:guest-word@127.0.0.1:{redis.port}/0")
        assert guest.get(COUNTERS, "n") == {"n": 1}
        with pytest.raises(StorageReadOnly):
            step(guest)
    finally:
        redis.client().acl_deluser("guest")
    assert judge(open_storage(address)) == 1


def test_what_is_no_record_is_found_and_named(redis: RedisServer, address: str) -> None:
    storage = open_storage(address)
    storage.transaction(lambda tx: tx.put(NOTES, "a", {"n": 1}))
    storage.transaction(lambda tx: tx.append(TRAIL, "a", {"n": 1}))
    assert storage.find_damage([NOTES], [TRAIL]) == []
    redis.client().set(names.record(NOTES, "a"), "{")
    redis.client().rpush(names.list_of(TRAIL, "a"), "[]")
    assert [one.place for one in storage.find_damage([NOTES], [TRAIL])] == ["notes.json", "trail/a_trail.json"]
    assert storage.mend_damage([NOTES], [TRAIL]) == []
    storage.forget_deleted()


def test_many_threads_on_one_record_all_come_through(address: str) -> None:
    storages = [open_storage(address) for _ in range(3)]

    def many(number: int) -> None:
        for _ in range(20):
            step(storages[number % 3])

    threads = [threading.Thread(target=many, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert judge(storages[0]) == 240


def test_too_large_an_amount_is_refused_before_anything_is_added(address: str) -> None:
    storage = open_storage(address)
    with pytest.raises(InvalidInput):
        storage.transaction(lambda tx: tx.increment(DAYS, "d", {"seen": 1, "bytes": 2**64}))
    assert storage.get(DAYS, "d") is None


def test_the_newest_entries_alone_are_read_of_a_long_list(redis: RedisServer, address: str) -> None:
    storage, client = open_storage(address), redis.client()
    text = "x" * 1000
    storage.transaction(lambda tx: [tx.append(TRAIL, "a", {"n": number, "text": text}) for number in range(500)])
    before = client.info("stats")["total_net_output_bytes"]
    newest = storage.transaction(lambda tx: tx.read_log(TRAIL, "a", 2))
    assert [entry["n"] for entry in newest] == [498, 499]
    assert client.info("stats")["total_net_output_bytes"] - before < 50_000


def test_a_list_of_which_more_is_read_is_still_that_of_the_beginning(address: str) -> None:
    storage, other = open_storage(address), open_storage(address)

    def append(number: int) -> None:
        other.transaction(lambda tx: tx.append(TRAIL, "a", {"n": number}))

    append(0)
    runs = iter(range(1, 100))

    def work(tx: Any) -> tuple[list[Any], list[Any]]:
        newest = tx.read_log(TRAIL, "a", 1)
        if (run := next(runs)) == 1:
            append(run)
        return newest, tx.read_log(TRAIL, "a")[-1:]

    newest, end = storage.transaction(work)
    assert newest == end == [{"n": 1}]
