"""What PostgreSQL alone can do to a store: restart, refuse, fill up, be old, wrong or somebody else's."""

from __future__ import annotations

import logging
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from harness import COUNTERS, judge, step
from servers import PASSWORD, PostgresServer
from test_kill import last_acknowledged, started

from user_stats.collections import ACTIVITY, CONTENT
from user_stats.errors import InvalidInput, StorageBusy, StorageError, StorageFull, StorageReadOnly, UserStatsError
from user_stats.manager import UserManager
from user_stats.storage import Collection, Log, PageQuery, open_storage
from user_stats.storage.postgres import connections, tables
from user_stats.storage.postgres.commits import Unsure, begin_counting, counted, is_committed
from user_stats.storage.postgres.engine import PostgresStorage
from user_stats.storage.postgres.transactions import PostgresTransaction

PEOPLE = Collection("people", unique={"name": str.casefold}, fields=("name", "kind"))
NOTES = Collection("notes")
TRAIL = Log("trail")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    return postgres.fresh()


@pytest.fixture
def guest(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an account that may do nothing yet."""
    postgres.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD.replace('%2F', '/')}'")
    yield postgres.url(user="guest")
    postgres.execute("DROP OWNED BY guest; DROP ROLE guest", database="site")


def put(storage: object, key: str, **record: object) -> None:
    storage.transaction(lambda tx: tx.put(PEOPLE, key, dict(record)))  # type: ignore[attr-defined]


# -- the server goes and comes --------------------------------------------------------------------------------------


def restart_under_load(server: PostgresServer, address: str, *, restarts: int, steps: int) -> None:
    """Every transaction comes through exactly once, whatever it was doing when the server went."""
    writers = [started(address, threads=2, steps=steps) for _ in range(2)]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline()
        for number in range(restarts):
            server.stop(at_once=number % 2 == 0)
            server.start()
            before = server.execute("SELECT count(*) FROM user_stats.entries_trail", database="site")
            while server.execute("SELECT count(*) FROM user_stats.entries_trail", database="site") == before:
                assert any(writer.poll() is None for writer in writers)
    finally:
        answers = [writer.communicate(timeout=120) for writer in writers]
    assert [errors.decode() for _, errors in answers] == ["", ""]
    assert judge(open_storage(address)) == 2 * 2 * steps
    assert max(last_acknowledged(output) for output, _ in answers) == 2 * 2 * steps


def test_a_server_that_restarts_under_load_loses_and_doubles_nothing(postgres: PostgresServer, address: str) -> None:
    restart_under_load(postgres, address, restarts=3, steps=400)


@pytest.mark.soak
def test_forty_restarts_under_load_lose_and_double_nothing(postgres: PostgresServer, address: str) -> None:
    restart_under_load(postgres, address, restarts=40, steps=10_000)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_that_nobody_saw_counts_once(
    postgres: PostgresServer, address: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The connection is cut before the server hears of the commit, or after it has done it."""
    storage = open_storage(address)
    assert step(storage) == 1
    real = PostgresTransaction._execute
    cut: list[tuple[PostgresTransaction, tuple[object, ...]]] = []

    def execute(tx: PostgresTransaction, *statements: tuple[str, tuple[object, ...]]) -> object:
        if statements[-1:] != (("COMMIT", ()),) or cut:
            return real(tx, *statements)
        cut.append((tx, statements))
        process = tx._connection.info.backend_pid
        if moment == "after":
            real(tx, *statements)
        postgres.execute(f"SELECT pg_terminate_backend({process}, 5000)")
        return real(tx, *statements)

    monkeypatch.setattr(PostgresTransaction, "_execute", execute)
    assert step(storage) == 2
    monkeypatch.undo()
    assert len(cut) == 1
    assert judge(storage) == 2


def test_a_commit_that_comes_too_late_is_refused(address: str) -> None:
    storage = PostgresStorage(address)
    step(storage)
    with storage._connections.own() as lost, storage._connections.own() as other:
        begin_counting(lost)
        lost.execute("BEGIN")
        assert is_committed(other, Unsure(lost, None)) is False
        with pytest.raises(psycopg.errors.NotNullViolation):
            lost.execute(*counted(lost))


def test_a_connection_that_is_ended_is_replaced(postgres: PostgresServer, address: str) -> None:
    storage = open_storage(address)
    step(storage)
    for _ in range(3):
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'user_stats'"
        postgres.execute(others)
        assert storage.get(COUNTERS, "n") is not None
        postgres.execute(others)
        step(storage)
    assert judge(storage) == 4


def test_a_server_that_stays_away_is_named_in_time(postgres: PostgresServer, address: str) -> None:
    storage = open_storage(address, lock_timeout_seconds=0.5)
    step(storage)
    postgres.stop()
    try:
        for attempt in (lambda: step(storage), lambda: storage.get(NOTES, "a"), lambda: open_storage(address)):
            with pytest.raises(StorageBusy) as refused:
                attempt()
            assert PASSWORD not in str(refused.value)
            assert "\n" not in str(refused.value)
    finally:
        postgres.start()
    assert step(storage) == 2


# -- locks ----------------------------------------------------------------------------------------------------------


def test_a_record_that_is_held_is_waited_for_and_named(address: str) -> None:
    storage, patient = PostgresStorage(address, lock_timeout_seconds=0.3), open_storage(address)
    put(storage, "a", name="ada")
    held, go_on = threading.Event(), threading.Event()

    def hold(tx: object) -> None:
        tx.get(PEOPLE, "a")  # type: ignore[attr-defined]
        held.set()
        assert go_on.wait(20)

    holder = threading.Thread(target=lambda: patient.transaction(hold))
    holder.start()
    assert held.wait(20)
    try:
        with pytest.raises(StorageBusy, match="locked"):
            put(storage, "a", name="eve")
        assert storage.get(PEOPLE, "a") == {"name": "ada"}  # readers take no lock
        put(storage, "b", name="bob")  # nor do those who want something else
    finally:
        go_on.set()
        holder.join()
    put(storage, "a", name="eve")


def test_those_who_lock_each_other_out_both_come_through(address: str) -> None:
    storage = open_storage(address)
    both = threading.Barrier(2, timeout=20)
    first_time = {"ab": True, "ba": True}

    def crosswise(keys: str) -> None:
        def work(tx: object) -> None:
            for place, key in enumerate(keys):
                record = tx.get(NOTES, key) or {"n": 0}  # type: ignore[attr-defined]
                tx.put(NOTES, key, {"n": record["n"] + 1})  # type: ignore[attr-defined]
                if place == 0 and first_time[keys]:
                    first_time[keys] = False
                    both.wait()

        storage.transaction(work)

    storage.transaction(lambda tx: [tx.put(NOTES, key, {"n": 0}) for key in "ab"])
    threads = [threading.Thread(target=crosswise, args=(keys,)) for keys in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get(NOTES, "a") == storage.get(NOTES, "b") == {"n": 2}


def test_watches_of_one_video_do_not_wait_for_one_another(address: str) -> None:
    """What is known of the video is only looked at, for everybody may watch the same at once."""
    storage = PostgresStorage(address, lock_timeout_seconds=0.5)
    manager = UserManager(storage)
    user_id = manager.create_user("ada", "ada@example.org")
    storage.transaction(lambda tx: tx.put(CONTENT, "hit", {"content_id": "hit", "category": "music"}))
    with psycopg.connect(address) as other:
        other.execute("SELECT 1 FROM user_stats.records_content FOR UPDATE")
        manager.record_watch_activity(user_id, "hit", 60)
    assert storage.read_log(ACTIVITY, user_id)[-1]["category"] == "music"


# -- a wrong server, a wrong account --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda url: url.replace(PASSWORD, "wr0ng-secret"), "password"),
        (lambda url: url.replace("/site", "/nowhere"), "nowhere"),
        (lambda url: url.replace("owner:", "stranger:"), "stranger"),
    ],
)
def test_a_wrong_url_is_named_in_one_line_without_the_password(address: str, change: object, message: str) -> None:
    with pytest.raises(StorageError, match=message) as refused:
        open_storage(change(address))  # type: ignore[operator]
    assert not isinstance(refused.value, StorageBusy)
    assert "\n" not in str(refused.value)
    assert PASSWORD.replace("%2F", "/") not in str(refused.value)
    assert "wr0ng-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cr3t@host:port/site",
        "postgresql://ada:s3cr3t@wo@rd@host/site",
        "postgresql://ada:s3cr3t/word@host/site",
        "postgresql://ada:word@host/site?s3cr3t=1",
    ],
)
def test_what_is_no_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InvalidInput, match="STORE_URL") as refused:
        open_storage(url)
    assert "s3cr3t" not in str(refused.value)


def test_the_command_line_names_a_wrong_password_in_one_line(address: str) -> None:
    url = address.replace(PASSWORD, "wr0ng-secret")
    words = [sys.executable, "-m", "user_stats", "--store", url, "users"]
    answer = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert answer.returncode == 3
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert "password authentication failed" in answer.stderr
    assert "wr0ng-secret" not in answer.stderr


def test_an_account_without_rights_is_named_and_nothing_is_half_made(
    postgres: PostgresServer, address: str, guest: str
) -> None:
    postgres.execute("DROP SCHEMA IF EXISTS user_stats CASCADE", database="site")
    with pytest.raises(StorageReadOnly, match="may not"):
        open_storage(guest)
    assert postgres.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'user_stats'", database="site") == []
    put(open_storage(address), "a", name="ada")
    postgres.execute(
        "GRANT USAGE ON SCHEMA user_stats TO guest; GRANT SELECT ON ALL TABLES IN SCHEMA user_stats TO guest",
        database="site",
    )
    reader = open_storage(guest)
    assert reader.get(PEOPLE, "a") == {"name": "ada"}
    with pytest.raises(StorageReadOnly):
        put(reader, "b", name="bob")


def test_a_database_that_is_read_only_is_read(postgres: PostgresServer, address: str) -> None:
    put(open_storage(address), "a", name="ada")
    postgres.execute("ALTER DATABASE site SET default_transaction_read_only = on")
    try:
        storage = open_storage(address)
        assert storage.get(PEOPLE, "a") == {"name": "ada"}
        assert storage.find_page(PEOPLE, PageQuery())[1] == 1
    finally:
        postgres.execute("ALTER DATABASE site RESET default_transaction_read_only")


def test_more_threads_than_connections_take_turns(address: str) -> None:
    storage = open_storage(address)
    threads = [threading.Thread(target=lambda: step(storage)) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert judge(storage) == 60


def test_an_old_server_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "OLDEST_SERVER", 990000)
    with pytest.raises(StorageError, match="allowed: 99 or newer"):
        open_storage(address)


def test_a_database_of_another_encoding_is_refused(postgres: PostgresServer) -> None:
    postgres.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(StorageError, match="LATIN1"):
        open_storage(postgres.url("latin"))


def test_settings_that_may_lose_data_are_warned_of(
    postgres: PostgresServer, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    postgres.execute("ALTER DATABASE site SET synchronous_commit = off")
    try:
        with caplog.at_level(logging.WARNING):
            open_storage(address)
    finally:
        postgres.execute("ALTER DATABASE site RESET synchronous_commit")
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "the database has synchronous_commit = off"
    ]


# -- the layout -----------------------------------------------------------------------------------------------------


def test_a_layout_of_a_newer_program_is_refused(postgres: PostgresServer, address: str) -> None:
    open_storage(address)
    postgres.execute("UPDATE user_stats.layout SET version = 7", database="site")
    with pytest.raises(StorageError, match="newer"):
        open_storage(address)


def test_an_older_layout_is_brought_up_to_date_once(
    postgres: PostgresServer, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(open_storage(address), "a", name="ada")
    monkeypatch.setattr(tables, "STEPS", (*tables.STEPS, "CREATE TABLE user_stats.added (n integer)"))
    storages = [open_storage(address) for _ in range(2)]
    assert postgres.execute("SELECT version FROM user_stats.layout", database="site") == [(2,)]
    assert storages[0].get(PEOPLE, "a") == {"name": "ada"}


def test_a_step_that_fails_leaves_the_layout_as_it_was(
    postgres: PostgresServer, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(open_storage(address), "a", name="ada")
    monkeypatch.setattr(tables, "STEPS", (*tables.STEPS, "CREATE TABLE user_stats.added (n integer)", "nonsense"))
    with pytest.raises(StorageError):
        open_storage(address)
    assert postgres.execute("SELECT version FROM user_stats.layout", database="site") == [(1,)]
    monkeypatch.undo()
    assert open_storage(address).get(PEOPLE, "a") == {"name": "ada"}


def test_a_field_that_is_new_is_filled_in_and_its_index_is_used(postgres: PostgresServer, address: str) -> None:
    before = open_storage(address)
    for number in range(20):
        put(before, f"k{number}", name=f"N{number}", kind="ab"[number % 2], since=number)
    wider = Collection(
        "people", unique={"name": str.casefold, "mail": str.casefold}, fields=("name", "kind", "mail", "since")
    )
    storage = open_storage(address)
    found, total = storage.find_page(wider, PageQuery(ranges={"since": (5, 8)}, sort="since"))
    assert ([record["since"] for _, record in found], total) == ([5, 6, 7], 3)
    storage.transaction(lambda tx: tx.put(wider, "k1", {"name": "n1", "mail": "A@x"}))
    assert storage.find(wider, "mail", "a@X") == "k1"


def test_names_are_unique_in_the_database_itself(postgres: PostgresServer, address: str) -> None:
    put(open_storage(address), "a", name="Ada")
    with pytest.raises(psycopg.errors.UniqueViolation):
        postgres.execute(
            "INSERT INTO user_stats.records_people (key, record, field_name) VALUES ('b', '{}', 'sada')",
            database="site",
        )
    with pytest.raises(psycopg.errors.CheckViolation):
        postgres.execute("UPDATE user_stats.records_people SET record = '[]'", database="site")


def test_a_record_that_was_edited_in_the_database_counts_and_is_mended(postgres: PostgresServer, address: str) -> None:
    storage = open_storage(address)
    put(storage, "a", name="ada")
    put(storage, "b", name="bob")
    assert storage.find_damage([PEOPLE], [TRAIL]) == []
    edit = "UPDATE user_stats.records_people SET record = '{\"name\": \"%s\"}' WHERE key = 'a'"
    postgres.execute(edit % "Eve", database="site")
    assert storage.get(PEOPLE, "a") == {"name": "Eve"}
    assert [damage.mendable for damage in storage.find_damage([PEOPLE], [TRAIL])] == [True]
    assert len(storage.mend_damage([PEOPLE], [TRAIL])) == 1
    assert storage.find(PEOPLE, "name", "eve") == "a"
    assert storage.find_damage([PEOPLE], [TRAIL]) == []
    postgres.execute(edit % "BOB", database="site")
    assert [damage.mendable for damage in storage.mend_damage([PEOPLE], [TRAIL])] == [False]


def test_an_error_of_the_work_is_the_one_that_is_raised(address: str) -> None:
    storage = open_storage(address)

    def work(tx: object) -> None:
        tx.put(NOTES, "a", {"n": 1})  # type: ignore[attr-defined]
        tx.get(NOTES, "b")  # type: ignore[attr-defined]
        raise UserStatsError("no")

    with pytest.raises(UserStatsError, match="no"):
        storage.transaction(work)
    assert storage.get(NOTES, "a") is None
    storage.forget_deleted()
    storage.close()


@pytest.fixture
def small_disk(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a database whose files lie on a disk of 32 MB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    place = postgres.folder / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)], check=True)
    try:
        shutil.chown(place, "postgres", "postgres")
        postgres.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        postgres.execute("CREATE DATABASE small TABLESPACE small")
        yield postgres.url("small")
        postgres.execute("DROP DATABASE small WITH (FORCE)")
        postgres.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_of_the_server_is_named_and_harms_nothing(postgres: PostgresServer, small_disk: str) -> None:
    storage = open_storage(small_disk)
    postgres.execute("CREATE TABLE ballast AS SELECT * FROM generate_series(1, 100000)", database="small")
    noise = random.Random(1)
    written = 0
    while written < 1000:
        entry = {"n": written, "text": noise.randbytes(100_000).hex()}
        try:
            storage.transaction(lambda tx, entry=entry: tx.append(TRAIL, "a", entry))  # type: ignore[misc]
        except StorageFull as error:
            assert "\n" not in str(error)
            break
        written += 1
    assert 0 < written < 1000
    assert [entry["n"] for entry in storage.read_log(TRAIL, "a")] == list(range(written))
    postgres.execute("DROP TABLE ballast", database="small")
    storage.transaction(lambda tx: tx.append(TRAIL, "a", {"n": written}))  # without a restart
    assert len(storage.read_log(TRAIL, "a")) == written + 1
    storage.close()
