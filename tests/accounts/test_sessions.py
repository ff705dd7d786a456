"""A session is good for its time, is known by a hash alone, and ends with whatever should end it."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock

from user_stats.accounts.accounts import Accounts
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.accounts.sessions import MOST_SESSIONS
from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS, SESSIONS
from user_stats.errors import Forbidden, StorageCorrupt, StorageReadOnly
from user_stats.manager import UserManager
from user_stats.models import UserRole
from user_stats.storage import Storage, open_storage

from .conftest import OTHER_PASSWORD, PASSWORD


def everything(storage: Storage) -> str:
    records: list[Any] = [list(storage.scan(one)) for one in ALL_COLLECTIONS]
    return str(records + [[storage.read_log(log, key) for key in storage.log_keys(log)] for log in ALL_LOGS])


def test_a_token_shows_who_holds_it_and_is_stored_nowhere(accounts: Accounts, storage: Storage, ada: str) -> None:
    signed_in = accounts.sign_in("Ada", PASSWORD)
    holder = accounts.user_of(signed_in.token)
    assert holder is not None
    assert holder.user_id == ada
    secret = signed_in.token.split(".")[1]
    assert len(secret) == 43
    assert secret not in everything(storage)
    assert PASSWORD not in everything(storage)
    assert secret not in repr(signed_in)


@pytest.mark.parametrize("case", ["none", "no text", "changed", "long", "foreign letters", "another's"])
def test_what_is_no_token_shows_nobody(accounts: Accounts, ada: str, grace: str, case: str) -> None:
    token = accounts.sign_in("ada", PASSWORD).token
    wrong: dict[str, object] = {
        "none": None,
        "no text": 7,
        "changed": token[:-1] + ("a" if token[-1] != "a" else "b"),
        "long": token + "x" * 10_000,
        "foreign letters": token[:-1] + "é",
        "another's": token.replace(ada, grace),
    }
    assert accounts.user_of(wrong[case]) is None
    accounts.sign_out(wrong[case])
    assert accounts.user_of(token) is not None


def test_a_session_ends_after_its_days_however_much_it_is_used(accounts: Accounts, clock: FixedClock, ada: str) -> None:
    token = accounts.sign_in("ada", PASSWORD).token
    for _ in range(59):
        clock.advance(hours=12, seconds=-1)
        assert accounts.user_of(token) is not None
    clock.advance(hours=12)
    assert accounts.user_of(token) is None


def test_a_session_ends_when_it_is_idle(accounts: Accounts, clock: FixedClock, ada: str) -> None:
    token = accounts.sign_in("ada", PASSWORD).token
    clock.advance(hours=12)
    assert accounts.user_of(token) is None
    clock.advance(hours=-6)
    assert accounts.user_of(token) is None, "a clock that jumps back revives nothing"


def test_the_session_of_an_admin_is_shorter(accounts: Accounts, clock: FixedClock, grace: str) -> None:
    idle, busy = accounts.sign_in("grace", PASSWORD).token, accounts.sign_in("grace", PASSWORD).token
    for _ in range(24):
        clock.advance(minutes=59)
        assert accounts.user_of(busy) is not None
    assert accounts.user_of(idle) is None
    clock.advance(minutes=24)
    assert accounts.user_of(busy) is None


def test_use_is_written_at_most_every_few_minutes(
    accounts: Accounts, clock: FixedClock, storage: Storage, ada: str
) -> None:
    token = accounts.sign_in("ada", PASSWORD).token
    before = storage.get(SESSIONS, ada)
    clock.advance(minutes=4)
    accounts.user_of(token)
    assert storage.get(SESSIONS, ada) == before
    clock.advance(minutes=1)
    accounts.user_of(token)
    assert storage.get(SESSIONS, ada) != before


def test_a_store_that_cannot_be_written_keeps_nobody_out(
    accounts: Accounts, clock: FixedClock, storage: Storage, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = accounts.sign_in("ada", PASSWORD).token
    clock.advance(minutes=10)

    def refuse(work: object) -> None:
        raise StorageReadOnly("the data folder cannot be written")

    monkeypatch.setattr(storage, "transaction", refuse)
    assert accounts.user_of(token) is not None


def test_the_role_counts_as_it_is_now(accounts: Accounts, manager: UserManager, ada: str, grace: str) -> None:
    other = manager.create_user("linus", "linus@example.org", UserRole.ADMIN, password=PASSWORD)
    token = accounts.sign_in("linus", PASSWORD).token
    manager.update_user(other, role=UserRole.FREE, actor=grace)
    holder = accounts.user_of(token)
    assert holder is not None
    assert holder.role is UserRole.FREE


@pytest.mark.parametrize("end", ["deactivated", "deleted", "bulk"])
def test_who_is_deactivated_or_deleted_is_signed_out_for_good(
    accounts: Accounts, manager: UserManager, storage: Storage, ada: str, grace: str, end: str
) -> None:
    token = accounts.sign_in("ada", PASSWORD).token
    if end == "deleted":
        manager.delete_user(ada, actor=grace)
        assert storage.get(SESSIONS, ada) is None
    elif end == "bulk":
        manager.update_users([ada], is_active=False, actor=grace)
    else:
        manager.update_user(ada, is_active=False, actor=grace)
    assert accounts.user_of(token) is None
    if end != "deleted":
        manager.update_user(ada, is_active=True, actor=grace)
        assert accounts.user_of(token) is None


def test_people_see_and_end_their_sessions(accounts: Accounts, clock: FixedClock, ada: str) -> None:
    here = accounts.sign_in("ada", PASSWORD, agent="Firefox").token
    clock.advance(minutes=1)
    there = accounts.sign_in("ada", PASSWORD, agent="Chrome").token
    assert [one.agent for one in accounts.list_sessions(ada)] == ["Chrome", "Firefox"]
    assert accounts.end_session(ada, accounts.session_id_of(there), actor=ada)
    assert not accounts.end_session(ada, accounts.session_id_of(there), actor=ada)
    assert accounts.user_of(there) is None
    assert accounts.user_of(here) is not None
    assert accounts.end_all_sessions(ada, actor=ada) == 1
    assert accounts.user_of(here) is None


def test_others_end_no_sessions_but_admins_do(accounts: Accounts, manager: UserManager, ada: str, grace: str) -> None:
    stranger = manager.create_user("eve", "eve@example.org")
    token = accounts.sign_in("ada", PASSWORD).token
    session_id = accounts.list_sessions(ada)[0].session_id
    with pytest.raises(Forbidden):
        accounts.end_session(ada, session_id, actor=stranger)
    with pytest.raises(Forbidden):
        accounts.end_all_sessions(ada, actor=stranger)
    assert accounts.user_of(token) is not None
    assert accounts.end_all_sessions(ada, actor=grace) == 1


def test_sign_out_ends_one_session_at_once(accounts: Accounts, ada: str) -> None:
    here, there = accounts.sign_in("ada", PASSWORD).token, accounts.sign_in("ada", PASSWORD).token
    accounts.sign_out(here)
    accounts.sign_out(here)
    assert accounts.user_of(here) is None
    assert accounts.user_of(there) is not None


def test_a_change_of_the_password_ends_every_other_session(accounts: Accounts, ada: str) -> None:
    here, there = accounts.sign_in("ada", PASSWORD).token, accounts.sign_in("ada", PASSWORD).token
    accounts.change_password(ada, PASSWORD, OTHER_PASSWORD, keep_token=here)
    assert accounts.user_of(here) is not None
    assert accounts.user_of(there) is None


def test_a_person_has_so_many_sessions_at_most(accounts: Accounts, clock: FixedClock, ada: str) -> None:
    tokens = []
    for _ in range(MOST_SESSIONS + 2):
        clock.advance(seconds=1)
        tokens.append(accounts.sign_in("ada", PASSWORD).token)
    assert [accounts.user_of(token) is not None for token in tokens] == [False, False, *[True] * MOST_SESSIONS]


def test_ended_sessions_are_taken_out(accounts: Accounts, clock: FixedClock, storage: Storage, ada: str) -> None:
    accounts.sign_in("ada", PASSWORD)
    clock.advance(days=2)
    alive = accounts.sign_in("ada", PASSWORD).token
    clock.advance(hours=13)
    accounts.remove_ended()
    assert (storage.get(SESSIONS, ada) or {})["sessions"] == {}
    assert accounts.user_of(alive) is None


@pytest.mark.parametrize("record", [{}, {"sessions": []}, {"sessions": {"x": 7}, "devices": []}, {"sessions": {}}])
def test_a_damaged_record_is_named(accounts: Accounts, storage: Storage, ada: str, record: dict[str, Any]) -> None:
    token = accounts.sign_in("ada", PASSWORD).token
    storage.transaction(lambda tx: tx.put(SESSIONS, ada, record))
    for call in (
        lambda: accounts.user_of(token),
        lambda: accounts.sign_out(token),
        lambda: accounts.list_sessions(ada),
    ):
        with pytest.raises(StorageCorrupt) as refused:
            call()
        assert refused.value.path == "sessions.json"


def test_a_session_survives_a_restart_and_its_file_is_the_owners_alone(tmp_path: Path, clock: FixedClock) -> None:
    storage = open_storage(str(tmp_path / "users"))
    UserManager(storage, clock=clock, passwords=PasswordPolicy()).create_user("ada", "a@example.org", password=PASSWORD)
    token = Accounts(storage, passwords=PasswordPolicy(), clock=clock).sign_in("ada", PASSWORD).token
    storage.close()
    again = open_storage(str(tmp_path / "users"))
    assert Accounts(again, passwords=PasswordPolicy(), clock=clock).user_of(token) is not None
    again.close()
    for name in ("sessions.json", "credentials.json", "access.json"):
        assert stat.S_IMODE((tmp_path / "users" / name).stat().st_mode) == 0o600
