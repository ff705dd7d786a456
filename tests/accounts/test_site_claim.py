"""The first admin of an empty site is who has the set-up code, and there is one first admin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from user_stats.accounts.accounts import Accounts
from user_stats.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated, RateLimited, UserStatsError
from user_stats.manager import UserManager
from user_stats.models import UserRole

from .conftest import PASSWORD


def claim(accounts: Accounts, code: str, name: str = "grace", password: str = PASSWORD) -> str:
    return accounts.claim_site(code, name, f"{name}@example.org", password)


def test_the_code_makes_one_admin_and_dies(accounts: Accounts, manager: UserManager) -> None:
    assert accounts.needs_admin()
    code = accounts.make_setup_code()
    admin = claim(accounts, f" {code.lower()} ")
    assert manager.get_user(admin).role is UserRole.ADMIN
    assert not accounts.needs_admin()
    with pytest.raises(Conflict):
        claim(accounts, code, "eve")
    with pytest.raises(Forbidden):
        accounts.make_setup_code()
    assert accounts.sign_in("grace", PASSWORD)


def test_a_new_code_ends_the_one_before(accounts: Accounts, manager: UserManager) -> None:
    first, second = accounts.make_setup_code(), accounts.make_setup_code()
    with pytest.raises(NotAuthenticated):
        claim(accounts, first)
    claim(accounts, second)


def test_a_refused_claim_leaves_the_code_good(accounts: Accounts, manager: UserManager) -> None:
    code = accounts.make_setup_code()
    with pytest.raises(InvalidInput):
        claim(accounts, code, password="short")
    with pytest.raises(InvalidInput):
        claim(accounts, code, name="admin")
    assert manager.count_users() == 0
    assert claim(accounts, code)


def test_wrong_codes_are_refused_and_slowed_down(accounts: Accounts, manager: UserManager) -> None:
    accounts.make_setup_code()
    for wrong in ("", None, "AAAA-AAAA-AAAA-AAAA-AAAA", "x" * 10_000):
        with pytest.raises(NotAuthenticated):
            claim(accounts, wrong)  # type: ignore[arg-type]
    for _ in range(6):
        with pytest.raises(NotAuthenticated):
            claim(accounts, "AAAA-AAAA-AAAA-AAAA-AAAA")
    with pytest.raises(RateLimited):
        claim(accounts, "AAAA-AAAA-AAAA-AAAA-AAAA")
    assert manager.count_users() == 0


def test_a_code_dies_with_an_admin_from_elsewhere(accounts: Accounts, manager: UserManager) -> None:
    code = accounts.make_setup_code()
    manager.create_user("root", "root@example.org", UserRole.ADMIN, allow_reserved=True)
    with pytest.raises(Conflict):
        claim(accounts, code)


def test_of_many_claims_at_once_one_wins(accounts: Accounts, manager: UserManager) -> None:
    code = accounts.make_setup_code()

    def attempt(number: int) -> bool:
        try:
            claim(accounts, code, f"person{number}")
        except UserStatsError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    assert manager.count_users() == 1
