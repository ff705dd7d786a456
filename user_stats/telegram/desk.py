"""What the handlers work with, in one place; and the questions that several of them ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aiogram.enums import ChatType
from aiogram.types import Message, User

from user_stats.bot_users import BotLinks
from user_stats.bot_users.links import is_bare_code
from user_stats.manager import UserManager
from user_stats.telegram.guesses import Guesses
from user_stats.telegram.replies import Replies
from user_stats.telegram.tracker import UserTracker


@dataclass(frozen=True)
class Desk:
    """The services of one bot."""

    tracker: UserTracker
    links: BotLinks
    manager: UserManager
    replies: Replies
    tell_news: Callable[[], None]
    """To be called when somebody new has come, or somebody is gone."""
    owners: frozenset[int] = frozenset()
    guesses: Guesses = field(default_factory=Guesses)

    async def answer(self, message: Message, text: str) -> None:
        await self.replies.send(message.answer(text))

    def is_owner(self, message: Message) -> bool:
        return is_private(message) and sender(message).id in self.owners

    async def for_owner(self, message: Message) -> bool:
        return self.is_owner(message)


def sender(message: Message) -> User:
    """Who sent it; the filters let only messages of people through."""
    assert message.from_user is not None
    return message.from_user


def is_private(message: Message) -> bool:
    return message.chat.type == ChatType.PRIVATE


# Filters are coroutines: aiogram runs any other function in a thread, which takes longer than the function.


async def from_person(message: Message) -> bool:
    """Sent neither by a bot, nor by a channel or a group that speaks for somebody."""
    return message.from_user is not None and not message.from_user.is_bot and message.sender_chat is None


async def in_public(message: Message) -> bool:
    return not is_private(message)


async def with_code(message: Message) -> bool:
    """The message is a code for linking and nothing else."""
    return is_private(message) and is_bare_code(message.text or "")
