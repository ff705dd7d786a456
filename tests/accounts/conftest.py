from __future__ import annotations

import pytest
from clocks import FixedClock

from user_stats.accounts.accounts import Accounts
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.manager import UserManager
from user_stats.models import UserRole
from user_stats.storage import Storage

PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "quiet lamp over seven hills"


@pytest.fixture
def accounts(storage: Storage, clock: FixedClock) -> Accounts:
    return Accounts(storage, passwords=PasswordPolicy(), clock=clock)


@pytest.fixture
def ada(manager: UserManager) -> str:
    return manager.create_user("ada", "ada@example.org", password=PASSWORD)


@pytest.fixture
def grace(manager: UserManager) -> str:
    """An admin."""
    return manager.create_user("grace", "grace@example.org", UserRole.ADMIN, password=PASSWORD)
