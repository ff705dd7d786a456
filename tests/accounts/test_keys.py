"""Keys of programs: shown once, known by a hash, bound to a scope, revoked at once."""

from __future__ import annotations

import pytest

from user_stats.accounts.accounts import Accounts
from user_stats.collections import API_KEYS
from user_stats.errors import AlreadyExists, Forbidden, InvalidInput, NotAuthenticated
from user_stats.storage import Storage


def test_a_key_opens_its_scope_and_is_stored_as_a_hash(accounts: Accounts, storage: Storage) -> None:
    key = accounts.add_key("dashboard", "read", actor=None)
    assert key.split(".")[1] not in str(list(storage.scan(API_KEYS)))
    assert accounts.check_key(key, "read") == accounts.list_keys(actor=None)[0].key_id
    for scope in ("record", "report", "admin"):
        with pytest.raises(Forbidden):
            accounts.check_key(key, scope)


def test_admin_includes_the_other_scopes(accounts: Accounts) -> None:
    key = accounts.add_key("owner", "admin", actor=None)
    for scope in ("read", "record", "report", "admin"):
        assert accounts.check_key(key, scope)


def test_what_is_no_key_opens_nothing(accounts: Accounts) -> None:
    key = accounts.add_key("dashboard", "read", actor=None)
    for wrong in ("", "x", key[:-1], key + "x", key.upper(), "é" * 43, "x" * 100_000):
        with pytest.raises(NotAuthenticated):
            accounts.check_key(wrong, "read")


def test_a_revoked_key_opens_nothing_at_once(accounts: Accounts) -> None:
    key = accounts.add_key("dashboard", "read", actor=None)
    accounts.revoke_key("Dashboard", actor=None)
    with pytest.raises(NotAuthenticated):
        accounts.check_key(key, "read")
    with pytest.raises(InvalidInput):
        accounts.revoke_key("dashboard", actor=None)
    assert accounts.list_keys(actor=None) == []


def test_names_are_unique_and_scopes_known(accounts: Accounts) -> None:
    accounts.add_key("dashboard", "read", actor=None)
    with pytest.raises(AlreadyExists):
        accounts.add_key("DASHBOARD", "read", actor=None)
    for name, scope in (("other", "owner"), ("", "read"), ("a\nb", "read"), ("x" * 65, "read")):
        with pytest.raises(InvalidInput):
            accounts.add_key(name, scope, actor=None)


def test_only_admins_make_see_and_revoke_keys(accounts: Accounts, ada: str, grace: str) -> None:
    key = accounts.add_key("dashboard", "read", actor=grace)
    for act in (
        lambda: accounts.add_key("mine", "admin", actor=ada),
        lambda: accounts.list_keys(actor=ada),
        lambda: accounts.revoke_key("dashboard", actor=ada),
    ):
        with pytest.raises(Forbidden):
            act()
    assert accounts.check_key(key, "read")
    assert [one.name for one in accounts.list_keys(actor=grace)] == ["dashboard"]
