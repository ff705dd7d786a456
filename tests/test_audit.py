"""The audit log tells what happened, outlives the people it speaks of without naming them, and shows tampering."""

from __future__ import annotations

import pytest
from clocks import FixedClock

from user_stats import audit
from user_stats.accounts.accounts import Accounts
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.collections import AUDIT, SITE
from user_stats.errors import Forbidden, NotAuthenticated
from user_stats.manager import UserManager
from user_stats.models import UserRole
from user_stats.storage import Storage

PASSWORD = "correct horse battery staple"


@pytest.fixture
def accounts(storage: Storage, clock: FixedClock) -> Accounts:
    return Accounts(storage, passwords=PasswordPolicy(), clock=clock)


@pytest.fixture
def grace(manager: UserManager) -> str:
    return manager.create_user("grace", "grace@example.org", UserRole.ADMIN, password=PASSWORD)


def kinds(accounts: Accounts, grace: str) -> list[str]:
    return [entry.kind for entry in accounts.audit_entries(actor=grace)]


def test_sign_ins_refusals_and_changes_of_rights_are_told(accounts: Accounts, manager: UserManager, grace: str) -> None:
    token = accounts.sign_in("grace", PASSWORD).token
    with pytest.raises(NotAuthenticated):
        accounts.sign_in("grace", "wrong")
    ada = manager.create_user("ada", "ada@example.org")
    manager.upgrade_subscription(ada, UserRole.PREMIUM, actor=grace)
    manager.upgrade_subscription(ada, UserRole.PREMIUM, actor=grace)
    manager.update_user(ada, role=UserRole.ADMIN, actor=grace)
    manager.update_user(ada, is_active=False, actor=grace)
    accounts.make_reset_code(ada, actor=grace)
    accounts.add_key("dashboard", "read", actor=grace)
    accounts.revoke_key("dashboard", actor=grace)
    manager.delete_user(ada, actor=grace)
    accounts.note("exported", actor=grace)
    accounts.sign_out(token)
    assert kinds(accounts, grace) == [
        *("signed_out", "exported", "erased", "key_revoked", "key_added", "reset_code_made"),
        *(["account_changed"] * 3),
        *("sign_in_refused", "signed_in", "account_created"),
    ]
    change = accounts.audit_entries(actor=grace)[7]
    assert (change.actor, change.facts["before"], change.facts["role"]) == (grace, "premium", "admin")


def test_who_was_erased_is_named_no_more(
    accounts: Accounts, manager: UserManager, storage: Storage, grace: str
) -> None:
    ada = manager.create_user("quentin", "quentin@example.org", password=PASSWORD)
    accounts.sign_in("quentin", PASSWORD)
    assert accounts.audit_entries(actor=grace)[0].user_id == ada
    manager.delete_user(ada, actor=grace)
    entries = accounts.audit_entries(actor=grace)
    assert entries[0].kind == "erased"
    assert entries[0].user_id == entries[1].user_id != ada
    stored = str([storage.read_log(AUDIT, key) for key in storage.log_keys(AUDIT)])
    assert ada not in stored
    assert "quentin" not in stored


def test_only_admins_read_it(accounts: Accounts, manager: UserManager, grace: str) -> None:
    ada = manager.create_user("ada", "ada@example.org")
    with pytest.raises(Forbidden):
        accounts.audit_entries(actor=ada)


def test_it_goes_on_over_months(accounts: Accounts, clock: FixedClock, storage: Storage, grace: str) -> None:
    for _ in range(3):
        accounts.note("exported", actor=grace)
        clock.advance(days=31)
    clock.advance(days=-60)
    accounts.note("restored", actor=None)
    found = accounts.audit_entries(3, actor=grace)
    assert [entry.kind for entry in found] == ["restored", "exported", "exported"]
    assert audit.is_intact(storage)


@pytest.mark.parametrize("tampering", ["changed", "removed", "added", "head"])
def test_tampering_shows(
    accounts: Accounts, manager: UserManager, storage: Storage, grace: str, tampering: str
) -> None:
    for _ in range(3):
        accounts.note("exported", actor=grace)
    assert audit.is_intact(storage)
    month = next(iter(storage.log_keys(AUDIT)))
    entries = storage.read_log(AUDIT, month)
    if tampering == "changed":
        entries[1] = {**entries[1], "kind": "signed_in"}
    elif tampering == "removed":
        del entries[-1]
    elif tampering == "added":
        entries.append(entries[-1])
    else:
        storage.transaction(lambda tx: tx.delete(SITE, audit.HEAD))

    def rewrite(tx) -> None:  # type: ignore[no-untyped-def]
        tx.clear(AUDIT, month)
        for entry in entries:
            tx.append(AUDIT, month, entry)

    storage.transaction(rewrite)
    assert not audit.is_intact(storage)
    assert [(one.place, one.mendable) for one in manager.verify()] == [("audit", False)]
