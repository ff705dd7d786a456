"""Keeps the bot's token out of every log of the process: Telegram's addresses contain it, and so may errors."""

from __future__ import annotations

import logging
from typing import Any

HIDDEN = "<token>"

_formatter = logging.Formatter()


def hide_in_logs(token: str) -> None:
    """From now on the token is replaced in messages and tracebacks of every logger, whoever writes them."""
    make = logging.getLogRecordFactory()
    if getattr(make, "hides", None) == token:
        return

    def make_without_token(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make(*arguments, **named)
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - wrongly written; logging itself says so, with all of its parts
            message = f"{record.msg} {_safely(record.args)}"
        if token in message:
            record.msg, record.args = message.replace(token, HIDDEN), ()
        if record.exc_info and token in (trace := _formatter.formatException(record.exc_info)):
            record.exc_info, record.exc_text = None, trace.replace(token, HIDDEN)
        return record

    make_without_token.hides = token  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_without_token)


def _safely(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - logging must not fail where its caller would not
        return ""
