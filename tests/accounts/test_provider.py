"""Signing in by a provider: known by what the provider calls a person, never by an address alone."""

from __future__ import annotations

from typing import Any

import pytest

from user_stats.accounts.accounts import Accounts
from user_stats.collections import IDENTITIES
from user_stats.errors import AlreadyExists, InvalidInput, NotAuthenticated
from user_stats.manager import UserManager
from user_stats.storage import Storage

CLAIMS: dict[str, Any] = {
    "iss": "https://id.example.org",
    "sub": "248289761001",
    "email": "zoe@example.org",
    "email_verified": True,
    "preferred_username": "zoe",
}


def test_who_comes_again_is_the_same_person(accounts: Accounts, manager: UserManager, storage: Storage) -> None:
    first = accounts.sign_in_by_provider(CLAIMS)
    assert (first.user.username, first.user.email) == ("zoe", "zoe@example.org")
    again = accounts.sign_in_by_provider({**CLAIMS, "email": "moved@example.org", "email_verified": False})
    assert again.user.user_id == first.user.user_id
    assert accounts.user_of(again.token) == first.user
    assert "248289761001" not in str(list(storage.scan(IDENTITIES)))
    assert accounts.sign_in_by_provider({**CLAIMS, "iss": "https://other", "email": "o@example.org"}).user != first.user


def test_an_address_takes_no_account_over(accounts: Accounts, manager: UserManager, ada: str) -> None:
    with pytest.raises(AlreadyExists):
        accounts.sign_in_by_provider({**CLAIMS, "email": "ADA@example.org"})
    for unproven in (False, None, "true", 1):
        with pytest.raises(NotAuthenticated):
            accounts.sign_in_by_provider({**CLAIMS, "email_verified": unproven})
    assert manager.count_users() == 1


@pytest.mark.parametrize("missing", ["iss", "sub"])
def test_claims_that_name_nobody_are_refused(accounts: Accounts, missing: str) -> None:
    for nothing in (None, "", 7):
        with pytest.raises(NotAuthenticated):
            accounts.sign_in_by_provider({**CLAIMS, missing: nothing})
    with pytest.raises(InvalidInput):
        accounts.sign_in_by_provider({**CLAIMS, "email": "nobody"})


def test_who_is_inactive_stays_out(accounts: Accounts, manager: UserManager) -> None:
    user = accounts.sign_in_by_provider(CLAIMS).user
    manager.update_user(user.user_id, is_active=False)
    with pytest.raises(NotAuthenticated):
        accounts.sign_in_by_provider(CLAIMS)


def test_an_erased_person_leaves_no_identity(accounts: Accounts, manager: UserManager, storage: Storage) -> None:
    manager.delete_user(accounts.sign_in_by_provider(CLAIMS).user.user_id)
    assert list(storage.scan(IDENTITIES)) == []


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "Ada"}, "Ada2"),
        ({"preferred_username": "zoe@corp.example"}, "zoe"),
        ({"preferred_username": None, "name": "Zoë Ångström"}, "Zoë.Ångström"),
        ({"preferred_username": "admin"}, "admin2"),
        ({"preferred_username": "<script>"}, "script"),
        ({"preferred_username": "ab"}, "member"),
        ({"preferred_username": "x" * 500}, "x" * 32),
        ({"preferred_username": None}, "zoe"),
    ],
)
def test_a_new_person_gets_a_name_that_is_allowed_and_free(
    accounts: Accounts, ada: str, claims: dict[str, Any], name: str
) -> None:
    assert accounts.sign_in_by_provider({**CLAIMS, **claims}).user.username == name
