"""What the bot answers to everybody, and the router of all its commands, which may be put into a bot of one's own.

Who has started the bot is counted on /start; whatever else they send or press marks them as active today. Messages that
are edited, posts of channels, and what bots and anonymous admins send, count for nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, Message, TelegramObject

from user_stats.telegram import texts
from user_stats.telegram.desk import Desk, from_person, sender
from user_stats.telegram.forgetting import add_forgetting
from user_stats.telegram.linking import add_linking
from user_stats.telegram.owners import add_owner_commands

log = logging.getLogger(__name__)

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


def make_router(desk: Desk) -> Router:
    """All commands."""
    router = Router(name="user_stats")
    router.message.outer_middleware(_mark_active(desk))
    router.callback_query.outer_middleware(_mark_active(desk))
    router.message.filter(from_person)
    _add_commands(router, desk)
    add_owner_commands(router, desk)
    add_linking(router, desk)
    add_forgetting(router, desk)
    return router


def _add_commands(router: Router, desk: Desk) -> None:
    @router.message(CommandStart())
    async def start(message: Message, command: CommandObject) -> None:
        person = sender(message)
        counted = desk.tracker.people.add_soon(person.id, person.first_name, person.username, command.args or "")
        if await asyncio.wrap_future(counted):
            desk.tell_news()
        await desk.answer(message, texts.welcome(person.first_name))

    @router.message(Command("stats"))
    async def stats(message: Message) -> None:
        figures = await asyncio.to_thread(desk.tracker.get_user_stats)
        await desk.answer(message, texts.bot_statistics(figures))

    @router.message(Command("help"))
    async def give_help(message: Message) -> None:
        await desk.answer(message, texts.HELP + (texts.HELP_FOR_OWNERS if desk.is_owner(message) else ""))


def _mark_active(desk: Desk) -> Callable[[Handler, TelegramObject, dict[str, Any]], Awaitable[Any]]:
    async def mark_active(handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        person = event.from_user if isinstance(event, Message | CallbackQuery) else None
        is_for_others = isinstance(event, Message) and (event.sender_chat or (event.text or "").startswith("/start"))
        if person is None:
            log.warning("a message without a sender is ignored")
        elif not person.is_bot and not is_for_others:
            await asyncio.wrap_future(desk.tracker.people.see_soon(person.id))
        return await handler(event, data)

    return mark_active
