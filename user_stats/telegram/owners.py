"""Commands of the bot's owners, in a private chat. To others the bot behaves as if there were none."""

from __future__ import annotations

import asyncio

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, Message

from user_stats.bot_users.bot_users import CSV_COLUMNS
from user_stats.telegram import texts
from user_stats.telegram.desk import Desk
from user_stats.transfer.tables import table_file

NEWEST_SHOWN = 20
FILE_NAME = "bot_users.csv"


def add_owner_commands(router: Router, desk: Desk) -> None:
    @router.message(Command("users"), desk.for_owner)
    async def list_users(message: Message) -> None:
        people = desk.tracker.people
        newest, total = await asyncio.to_thread(lambda: (people.newest(NEWEST_SHOWN), people.count()))
        await desk.answer(message, texts.newest_people(newest, total))

    @router.message(Command("export"), desk.for_owner)
    async def export(message: Message) -> None:
        table = await asyncio.to_thread(_table, desk)
        await desk.replies.send(message.answer_document(BufferedInputFile(table, FILE_NAME)))


def _table(desk: Desk) -> bytes:
    """Everybody as CSV."""
    return table_file("csv", CSV_COLUMNS, desk.tracker.people.rows())
