"""Sign-in tells strangers nothing, slows guessing down, and locks nobody out for good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from clocks import FixedClock

from user_stats.accounts.accounts import Accounts
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.collections import ACCESS, CREDENTIALS
from user_stats.errors import (
    AlreadyExists,
    Forbidden,
    InvalidInput,
    NotAuthenticated,
    RateLimited,
    TooLarge,
    UserStatsError,
)
from user_stats.manager import UserManager
from user_stats.models import UserRole
from user_stats.storage import Storage

from .conftest import OTHER_PASSWORD, PASSWORD

STRANGER, HOME = "198.51.100.7", "203.0.113.9"
DEVICE = "d" * 43


def refusal(accounts: Accounts, login: object, password: object, **origin: str) -> UserStatsError:
    with pytest.raises(UserStatsError) as refused:
        accounts.sign_in(login, password, **origin)  # type: ignore[arg-type]
    return refused.value


@pytest.mark.parametrize("login", ["ada", "ADA", " ada ", "ada@example.org", "Ada@Example.ORG"])
def test_a_name_or_an_address_signs_in_in_any_case(accounts: Accounts, ada: str, login: str) -> None:
    assert accounts.sign_in(login, PASSWORD).user.user_id == ada


def test_unknown_wrong_inactive_and_without_a_password_look_the_same(
    accounts: Accounts, manager: UserManager, ada: str
) -> None:
    manager.create_user("nopass", "nopass@example.org")
    inactive = manager.create_user("gone", "gone@example.org", password=PASSWORD)
    manager.update_user(inactive, is_active=False)
    refusals = [
        refusal(accounts, login, password, address=f"198.51.100.{place}")
        for place, (login, password) in enumerate(
            (
                ("nobody", PASSWORD),
                ("nobody@example.org", PASSWORD),
                ("ada", "wrong"),
                ("ada", ""),
                ("ada", PASSWORD + "x"),
                ("ada", PASSWORD[:20]),
                ("gone", PASSWORD),
                ("nopass", PASSWORD),
                ("", PASSWORD),
                ("x" * 5000, PASSWORD),
                ("a\0da", PASSWORD),
                (None, PASSWORD),
                ("ada", None),
                ("ada", "\ud800"),
            )
        )
    ]
    assert {(type(one), one.message, one.field) for one in refusals} == {
        (NotAuthenticated, "name or password is wrong", None)
    }


def test_a_password_without_end_is_refused_before_it_is_hashed(accounts: Accounts, ada: str) -> None:
    assert isinstance(refusal(accounts, "ada", "x" * 1_000_000), TooLarge)


@pytest.mark.parametrize("stored", ["", "garbage", "$argon2id$v=19$m=67108864,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo", 7])
def test_a_damaged_hash_lets_nobody_in(accounts: Accounts, storage: Storage, ada: str, stored: object) -> None:
    storage.transaction(lambda tx: tx.put(CREDENTIALS, ada, {"argon2id": stored}))
    assert isinstance(refusal(accounts, "ada", PASSWORD), NotAuthenticated)


def test_the_same_letters_composed_otherwise_are_the_same_password(accounts: Accounts, manager: UserManager) -> None:
    manager.create_user("zoe", "zoe@example.org", password="caf\u00e9 au lait sans sucre")
    assert accounts.sign_in("zoe", "cafe\u0301 au lait sans sucre")


def test_a_weaker_hash_is_made_anew_at_sign_in(accounts: Accounts, storage: Storage, ada: str) -> None:
    weak = PasswordPolicy()
    weak._hasher = type(weak._hasher)(time_cost=1, memory_cost=8, parallelism=1)
    record = weak.prepare(PASSWORD, username="ada", email="ada@example.org")
    storage.transaction(lambda tx: tx.put(CREDENTIALS, ada, record))
    accounts.sign_in("ada", PASSWORD)
    assert "m=19456,t=2" in (storage.get(CREDENTIALS, ada) or {})["argon2id"]
    assert accounts.sign_in("ada", PASSWORD)


def test_guessing_waits_twice_as_long_each_time(accounts: Accounts, clock: FixedClock, ada: str) -> None:
    for _ in range(5):
        assert isinstance(refusal(accounts, "ada", "wrong", address=STRANGER), NotAuthenticated)
    waits = []
    for _ in range(12):
        refused = refusal(accounts, "ada", PASSWORD, address=STRANGER)
        assert isinstance(refused, RateLimited)
        waits.append(refused.retry_after_seconds)
        clock.advance(seconds=refused.retry_after_seconds)
        assert isinstance(refusal(accounts, "ada", "wrong", address=STRANGER), NotAuthenticated)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    clock.advance(days=1)
    assert accounts.sign_in("ada", PASSWORD, address=STRANGER)


def test_names_that_nobody_has_are_locked_like_others(accounts: Accounts, ada: str) -> None:
    for login in ("ada", "nobody"):
        refusals = [refusal(accounts, login, "wrong", address=STRANGER) for _ in range(6)]
        assert [one.code for one in refusals] == ["not_authenticated"] * 5 + ["rate_limited"]


def test_strangers_lock_nobody_out_at_home(accounts: Accounts, ada: str) -> None:
    accounts.sign_in("ada", PASSWORD, address=HOME, device=DEVICE)
    codes = {
        refusal(accounts, "ada", "wrong", address=f"198.51.100.{host}").code for host in range(60) for _ in range(2)
    }
    assert codes == {"not_authenticated", "rate_limited"}
    assert isinstance(refusal(accounts, "ada", PASSWORD, address=HOME), RateLimited), "from everywhere too often"
    assert accounts.sign_in("ada", PASSWORD, address=HOME, device=DEVICE), "a browser that was there before"


def test_a_right_password_opens_the_gate_again(accounts: Accounts, ada: str) -> None:
    for _ in range(3):
        for _ in range(4):
            refusal(accounts, "ada", "wrong", address=STRANGER)
        accounts.sign_in("ada", PASSWORD, address=STRANGER)


def test_an_address_that_tries_many_names_is_slowed_down(accounts: Accounts, ada: str) -> None:
    codes = [refusal(accounts, f"name{number}", "wrong", address=STRANGER).code for number in range(61)]
    assert codes == ["not_authenticated"] * 60 + ["rate_limited"]
    assert isinstance(refusal(accounts, "ada", PASSWORD, address=STRANGER), RateLimited)
    assert accounts.sign_in("ada", PASSWORD, address=HOME)


def test_all_hosts_of_an_ipv6_site_are_one_address(accounts: Accounts, ada: str) -> None:
    codes = [refusal(accounts, "ada", "wrong", address=f"2001:db8::{host:x}").code for host in range(1, 7)]
    assert codes[-1] == "rate_limited"


def test_attempts_at_once_gain_nothing(accounts: Accounts, ada: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: refusal(accounts, "ada", "wrong", address=STRANGER).code, range(40)))
    assert codes.count("not_authenticated") == 5


def test_counts_name_nobody_and_go(accounts: Accounts, clock: FixedClock, storage: Storage, ada: str) -> None:
    refusal(accounts, "ada", "wrong", address=STRANGER)
    refusal(accounts, "nobody", "wrong", address=STRANGER)
    stored = str(list(storage.scan(ACCESS)))
    assert ada not in stored
    assert STRANGER not in stored
    assert "nobody" not in stored
    clock.advance(days=1)
    accounts.remove_ended()
    assert [name for name, _ in storage.scan(ACCESS)] == ["secret"]


# -- sign-up --------------------------------------------------------------------------------------------------------


def test_who_signs_up_is_signed_in_and_free(accounts: Accounts, manager: UserManager) -> None:
    signed_in = accounts.sign_up("ada", "ada@example.org", PASSWORD, address=HOME)
    assert signed_in.user.role is UserRole.FREE
    assert accounts.user_of(signed_in.token) == manager.get_user(signed_in.user.user_id)


def test_a_taken_name_and_a_taken_address_get_the_same_answer(accounts: Accounts, ada: str) -> None:
    answers = set()
    for username, email in (("ADA", "new@example.org"), ("new", "ADA@example.org")):
        with pytest.raises(AlreadyExists) as refused:
            accounts.sign_up(username, email, PASSWORD)
        answers.add((refused.value.message, refused.value.field))
    assert len(answers) == 1


@pytest.mark.parametrize("address", [STRANGER, None], ids=["elsewhere", "unknown"])
def test_who_tries_taken_names_and_addresses_at_sign_up_waits(
    accounts: Accounts, clock: FixedClock, ada: str, address: str | None
) -> None:
    def code(name: str, email: str) -> str:
        with pytest.raises(UserStatsError) as refused:
            accounts.sign_up(name, email, PASSWORD, address=address)
        return refused.value.code

    tries = [
        ("ada", f"p{number}@example.org") if number % 2 else (f"person{number}", "ada@example.org")
        for number in range(10)
    ]
    assert {code(*one) for one in tries} == {"already_exists"}
    assert code("new", "ada@example.org") == "rate_limited"
    assert code("new", "free@example.org") == "rate_limited", "it does not tell that this one is free"
    clock.advance(minutes=15)
    assert accounts.sign_up("new", "free@example.org", PASSWORD, address=address)


def test_free_names_and_refused_passwords_are_no_guesses(accounts: Accounts) -> None:
    for number in range(12):
        with pytest.raises(InvalidInput):
            accounts.sign_up(f"person{number}", f"p{number}@example.org", "short")
        accounts.sign_up(f"person{number}", f"p{number}@example.org", PASSWORD)


def test_a_change_of_name_or_address_is_no_way_round(
    accounts: Accounts, manager: UserManager, clock: FixedClock, ada: str
) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    changes: list[tuple[str | None, str | None]] = [("ADA", None), (None, "ada@example.org")] * 5
    told = set()
    for username, email in changes:
        with pytest.raises(AlreadyExists) as refused:
            accounts.rename(bob, username=username, email=email, actor=bob, address=HOME)
        told.add(refused.value.message)
    assert len(told) == 1
    with pytest.raises(RateLimited):
        accounts.rename(bob, username=None, email="free@example.org", actor=bob, address=HOME)
    with pytest.raises(RateLimited):
        accounts.rename(bob, username=None, email="free@example.org", actor=bob, address=STRANGER)
    with pytest.raises(RateLimited):
        accounts.sign_up("new", "ada@example.org", PASSWORD, address=HOME)
    clock.advance(minutes=15)
    changed = accounts.rename(bob, username="robert", email="robert@example.org", actor=bob, address=HOME)
    assert (changed.username, changed.email, changed.role) == ("robert", "robert@example.org", UserRole.FREE)


def test_free_names_and_refused_ones_are_no_guesses_in_a_change_either(accounts: Accounts, ada: str) -> None:
    for number in range(12):
        accounts.rename(ada, username=f"ada{number}", email=None, actor=ada, address=HOME)
        with pytest.raises(InvalidInput):
            accounts.rename(ada, username="x", email=None, actor=ada, address=HOME)


def test_people_rename_themselves_alone(accounts: Accounts, manager: UserManager, ada: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    with pytest.raises(Forbidden):
        accounts.rename(ada, username="mine", email=None, actor=bob)
    assert manager.get_user(ada).username == "ada"


def test_sign_ups_of_one_address_are_slowed_down(accounts: Accounts, manager: UserManager) -> None:
    for number in range(30):
        accounts.sign_up(f"person{number}", f"p{number}@example.org", PASSWORD, address=STRANGER)
    with pytest.raises(RateLimited):
        accounts.sign_up("person30", "p30@example.org", PASSWORD, address=STRANGER)
    assert manager.count_users() == 30


@pytest.mark.parametrize("password", ["short", "passwordpassword", "ada@example.org", "x" * 129, "", None])
def test_a_bad_password_makes_nobody(accounts: Accounts, manager: UserManager, password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accounts.sign_up("ada", "ada@example.org", password)
    assert refused.value.field == "password"
    assert manager.count_users() == 0


# -- passwords ------------------------------------------------------------------------------------------------------


def test_the_password_is_changed_by_who_knows_it(accounts: Accounts, ada: str) -> None:
    with pytest.raises(NotAuthenticated):
        accounts.change_password(ada, "wrong", OTHER_PASSWORD)
    with pytest.raises(InvalidInput):
        accounts.change_password(ada, PASSWORD, "short")
    accounts.change_password(ada, PASSWORD, OTHER_PASSWORD)
    assert accounts.sign_in("ada", OTHER_PASSWORD)
    assert isinstance(refusal(accounts, "ada", PASSWORD), NotAuthenticated)


def test_guessing_the_current_password_is_slowed_down(accounts: Accounts, ada: str) -> None:
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            accounts.change_password(ada, "wrong", OTHER_PASSWORD)
    with pytest.raises(RateLimited):
        accounts.change_password(ada, PASSWORD, OTHER_PASSWORD)


def test_an_admins_link_sets_a_new_password_once(accounts: Accounts, storage: Storage, ada: str, grace: str) -> None:
    token = accounts.sign_in("ada", PASSWORD).token
    code = accounts.make_reset_code(ada, actor=grace)
    assert code.split(".")[1] not in str(storage.get(CREDENTIALS, ada))
    with pytest.raises(InvalidInput):
        accounts.reset_password(code, "short")
    assert accounts.reset_password(code, OTHER_PASSWORD).user_id == ada
    assert accounts.user_of(token) is None
    assert accounts.sign_in("ada", OTHER_PASSWORD)
    with pytest.raises(NotAuthenticated):
        accounts.reset_password(code, PASSWORD)


@pytest.mark.parametrize("code", ["", "x", None, 7, "../../users", "x" * 10_000])
def test_what_is_no_reset_code_sets_nothing(accounts: Accounts, ada: str, code: str) -> None:
    with pytest.raises(NotAuthenticated):
        accounts.reset_password(code, OTHER_PASSWORD)


def test_a_reset_code_is_good_for_an_hour_and_the_newest_alone(
    accounts: Accounts, clock: FixedClock, ada: str, grace: str
) -> None:
    first = accounts.make_reset_code(ada, actor=grace)
    second = accounts.make_reset_code(ada, actor=grace)
    with pytest.raises(NotAuthenticated):
        accounts.reset_password(first, OTHER_PASSWORD)
    clock.advance(hours=1)
    with pytest.raises(NotAuthenticated):
        accounts.reset_password(second, OTHER_PASSWORD)


def test_only_admins_make_reset_codes(accounts: Accounts, ada: str, grace: str) -> None:
    from user_stats.errors import Forbidden

    for actor in (ada, "nobody"):
        with pytest.raises(Forbidden):
            accounts.make_reset_code(grace, actor=actor)


def test_a_reset_lets_in_who_was_locked_out(accounts: Accounts, ada: str, grace: str) -> None:
    for host in range(60):
        refusal(accounts, "ada", "wrong", address=f"198.51.100.{host}")
    assert isinstance(refusal(accounts, "ada", PASSWORD, address=HOME), RateLimited)
    accounts.reset_password(accounts.make_reset_code(ada, actor=grace), OTHER_PASSWORD)
    assert accounts.sign_in("ada", OTHER_PASSWORD, address=HOME)
