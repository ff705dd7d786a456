"""Keeps the bot's token out of every log of the process: Telegram's addresses contain it, and so may errors."""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import Any

HIDDEN = "<token>"
COLON = "(?::|%(?:25)*3[Aa])"
"""As it is, and as it is written in an address, also where that was written into another address."""

_formatter = logging.Formatter()


def hide_in_logs(token: str) -> None:
    """From now on the token is replaced in messages and tracebacks of every logger, whoever writes them."""
    number, _, secret = token.partition(":")
    hide = partial(re.compile(f"{number}{COLON}{re.escape(secret)}").sub, HIDDEN)
    make = logging.getLogRecordFactory()
    if getattr(make, "hides", None) == token:
        return

    def make_without_token(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make(*arguments, **named)
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - wrongly written; logging itself says so, with all of its parts
            message = f"{record.msg} {_safely(record.args)}"
        if (hidden := hide(message)) != message:
            record.msg, record.args = hidden, ()
        if record.exc_info:
            trace = _formatter.formatException(record.exc_info)
            if (hidden := hide(trace)) != trace:
                record.exc_info, record.exc_text = None, hidden
        return record

    make_without_token.hides = token  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_without_token)


def _safely(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - logging must not fail where its caller would not
        return ""
