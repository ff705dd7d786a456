"""The command with which a person has the bot forget them, confirmed in a second message."""

from __future__ import annotations

import asyncio

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from user_stats.telegram import texts
from user_stats.telegram.desk import Desk, is_private, sender

CONFIRMED = "yes"


def add_forgetting(router: Router, desk: Desk) -> None:
    @router.message(Command("forget"))
    async def forget(message: Message, command: CommandObject) -> None:
        if not is_private(message):
            await desk.answer(message, texts.IN_PRIVATE)
        elif (command.args or "").strip().lower() != CONFIRMED:
            await desk.answer(message, texts.FORGET_ASKED)
        elif await asyncio.to_thread(desk.tracker.people.forget, sender(message).id):
            desk.tell_news()
            await desk.answer(message, texts.FORGOTTEN)
        else:
            await desk.answer(message, texts.NOTHING_KNOWN)
