"""bot: the Telegram bot, fetching its updates itself, until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from user_stats import bootstrap
from user_stats.errors import EXIT_DONE, InvalidConfiguration

NO_TOKEN = (
    "TELEGRAM_BOT_TOKEN: no token is set; get one from https://t.me/BotFather (send it /newbot) and set it: "
    "export TELEGRAM_BOT_TOKEN=…"
)


def add_to(commands: Any) -> None:
    bot = commands.add_parser("bot", help="run the Telegram bot; its token is in TELEGRAM_BOT_TOKEN")
    bot.set_defaults(run=run_bot)


def run_bot(arguments: argparse.Namespace) -> int:
    bootstrap.check_configuration()
    settings = bootstrap.bot_settings()
    if not settings.token:
        raise InvalidConfiguration(NO_TOKEN)
    if settings.webhook_url:
        raise InvalidConfiguration("TELEGRAM_WEBHOOK_URL: it is set, so the site itself takes the updates; unset it")
    try:
        from user_stats.telegram.polling import run_polling
        from user_stats.telegram.service import BotService
    except ModuleNotFoundError as error:
        raise InvalidConfiguration(f"{error.name} is not installed: python -m pip install aiogram") from None

    async def run() -> None:
        await run_polling(BotService(settings, arguments.store))

    print("the bot is running; Ctrl+C stops it", flush=True)
    try:
        asyncio.run(run())
    finally:
        bootstrap.close_audiences()
    return EXIT_DONE
