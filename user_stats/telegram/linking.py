"""Commands of one person: linking the account with a one-time code, one's own statistics, unlinking."""

from __future__ import annotations

import asyncio

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from user_stats.errors import StorageError, UserStatsError
from user_stats.telegram import texts
from user_stats.telegram.desk import Desk, in_public, sender, with_code


def add_linking(router: Router, desk: Desk) -> None:
    @router.message(Command("link", "me", "unlink"), in_public)
    async def refer_to_private(message: Message) -> None:
        await desk.answer(message, texts.IN_PRIVATE)

    @router.message(Command("link"))
    async def link(message: Message, command: CommandObject) -> None:
        if command.args:
            await _try_code(desk, message, command.args)
        else:
            await desk.answer(message, texts.CODE_MISSING)

    @router.message(Command("me"))
    async def show_own_statistics(message: Message) -> None:
        await desk.answer(message, await asyncio.to_thread(_own_statistics, desk, sender(message).id))

    @router.message(Command("unlink"))
    async def unlink(message: Message) -> None:
        was_linked = await asyncio.to_thread(desk.links.remove_telegram, sender(message).id)
        await desk.answer(message, texts.UNLINKED if was_linked else texts.NOT_LINKED)

    @router.message(with_code)
    async def take_bare_code(message: Message) -> None:
        await _try_code(desk, message, message.text or "")


async def _try_code(desk: Desk, message: Message, code: str) -> None:
    """Links the account whose code it is, and says so. Who sends a code uses the bot: they are counted, so that their
    visits and the account's become those of one person."""
    person = sender(message)
    if await asyncio.wrap_future(desk.tracker.people.add_soon(person.id, person.first_name, person.username)):
        desk.tell_news()
    await desk.answer(message, await asyncio.to_thread(_redeemed, desk, code, person.id))


def _redeemed(desk: Desk, code: str, telegram_id: int) -> str:
    if not desk.guesses.take(telegram_id):
        return texts.TOO_MANY_CODES
    try:
        user = desk.manager.get_user(desk.links.redeem(code, telegram_id))
    except StorageError:
        raise
    except UserStatsError as error:
        reason = error.message.removeprefix("code: ")
        return f"{reason[:1].upper()}{reason[1:]}."
    return texts.LINKED.format(username=texts.inert(user.username))


def _own_statistics(desk: Desk, telegram_id: int) -> str:
    user_id = desk.links.find_account(telegram_id)
    user = None if user_id is None else desk.manager.get_user(user_id)
    if user is None or not user.is_active:
        return texts.NOT_LINKED
    return texts.own_statistics(user.username, desk.manager.get_user_stats(user.user_id))
