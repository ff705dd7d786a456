"""How the text of a setting becomes its value, and what is said of one that is not allowed. Standard library only.

An empty environment variable counts as unset. Which settings there are stands in `config.py`.
"""

from __future__ import annotations

import json
import os
import re
import zoneinfo
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

FAULTS: list[str] = []
"""One line for each wrong setting; the start is refused while there is one."""


class _Wrong(ValueError):
    """A part of a longer value that is not allowed: which, and what is."""


def setting(name: str, default: T, parse: Callable[[str], T], allowed: str) -> T:
    text = os.environ.get(name, "")
    if not text:
        return default
    try:
        return parse(text)
    except _Wrong as error:
        FAULTS.append(f"{name}: {error}")
        return default
    except (ValueError, TypeError, RuntimeError):
        FAULTS.append(f"{name}: {text[:40]!r} is not allowed; allowed: {allowed}")
        return default


def whole(name: str, default: int, least: int, most: int) -> int:
    def parse(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return setting(name, default, parse, f"a whole number from {least:,} to {most:,}")


def number(name: str, default: float, least: float, most: float) -> float:
    def parse(text: str) -> float:
        number = float(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return setting(name, default, parse, f"a number from {least:g} to {most:g}")


def flag(name: str, default: bool) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}

    def parse(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError
        return words[text.lower()]

    return setting(name, default, parse, "true or false")


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return setting(name, default, parse, "one of " + ", ".join(choices))


def amounts(name: str, default: dict[str, float], most: float, *, may_add: bool = True) -> dict[str, float]:
    """Amounts by name, as JSON; what is not named keeps its default."""

    def parse(text: str) -> dict[str, float]:
        parsed: Any = json.loads(text)
        if not isinstance(parsed, dict):
            raise TypeError
        given = {str(key): float(amount) for key, amount in parsed.items()}
        if any(not 0 <= amount <= most for amount in given.values()) or (not may_add and given.keys() - default.keys()):
            raise ValueError
        return {**default, **given}

    example = json.dumps(dict(list(default.items())[:2]))
    return setting(name, default, parse, f"JSON such as {example}, each from 0 to {most:,g}")


def zone(text: str) -> str:
    zoneinfo.ZoneInfo(text)
    return text


MEASURES = (
    *("watches", "watched_hours", "uploads", "streams", "images", "interactions", "features_used"),
    *("active_days", "streak"),
)
BADGE_PARTS = {"key", "name", "measure", "threshold", "rarity"}
HIGHEST_THRESHOLD, MOST_POINTS = 1e9, 1_000_000


def badges(text: str, classes: Collection[str]) -> list[dict[str, Any]]:
    """Rules of badges beside the built-in ones; one with a known key takes its place. `classes` are the rarities."""
    rules: Any = json.loads(text)
    if not isinstance(rules, list):
        raise TypeError
    keys: set[str] = set()
    for at, rule in enumerate(rules, 1):
        if not isinstance(rule, dict) or rule.keys() != BADGE_PARTS:
            raise _Wrong(f"badge {at} has other parts; allowed: {', '.join(sorted(BADGE_PARTS))}, all of them")
        for part, is_right, allowed in (
            ("key", _is_badge_key, "1 to 64 of a-z, 0-9 and _, a letter first"),
            ("name", _is_badge_name, "1 to 64 characters that can be printed, no blank at an end"),
        ):
            if not is_right(rule[part]):
                raise _Wrong(f"{part} of badge {at} is {str(rule[part])[:40]!r}; allowed: {allowed}")
        if rule["key"] in keys:
            raise _Wrong(f"key of badge {at} is {rule['key']!r} again; allowed: each key once")
        keys.add(rule["key"])
        for part, choices in (("measure", MEASURES), ("rarity", classes)):
            if rule[part] not in choices:
                known = ", ".join(choices)
                raise _Wrong(f"{part} of badge {rule['key']} is {str(rule[part])[:40]!r}; allowed: one of {known}")
        if not _is_threshold(rule["threshold"]):
            raise _Wrong(
                f"threshold of badge {rule['key']} is {str(rule['threshold'])[:40]}; allowed: above 0, below 10⁹"
            )
    return rules


def _is_badge_key(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[a-z][a-z0-9_]{0,63}", value) is not None


def _is_badge_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 64 and value.isprintable() and value == value.strip()


def _is_threshold(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < HIGHEST_THRESHOLD


def rarity_points(text: str, default: dict[str, int]) -> dict[str, int]:
    """What a badge of each class is worth; a class that is not built in is one more, for the rules of BADGES."""
    given: Any = json.loads(text)
    if not isinstance(given, dict):
        raise TypeError
    for name, points in given.items():
        if re.fullmatch("[a-z][a-z0-9_ ]{0,31}", name) is None:
            raise _Wrong(f"class {name[:40]!r}; allowed: 1 to 32 of a-z, 0-9, _ and blank, a letter first")
        if type(points) is not int or not 0 <= points <= MOST_POINTS:
            raise _Wrong(f"points of {name} are {str(points)[:40]}; allowed: a whole number from 0 to {MOST_POINTS:,}")
    return {**default, **given}


def milestones(text: str, default: dict[str, list[float]]) -> dict[str, list[float]]:
    """Thresholds by measure, each list in the place of the built-in one; an empty list: none of this measure."""
    given: Any = json.loads(text)
    if not isinstance(given, dict):
        raise TypeError
    for measure, thresholds in given.items():
        if measure not in MEASURES:
            raise _Wrong(f"measure {measure[:40]!r}; allowed: one of {', '.join(MEASURES)}")
        if not isinstance(thresholds, list) or not all(map(_is_threshold, thresholds)):
            raise _Wrong(f"{measure} is {str(thresholds)[:40]}; allowed: a list of numbers above 0 and below 10⁹")
        if thresholds != sorted(set(thresholds)):
            raise _Wrong(f"{measure} is {str(thresholds)[:40]}; allowed: each threshold once, the lowest first")
    return {**default, **given}


TUTORIAL_SECRETS = ("change", "example", "hunter2", "password", "secret", "test", "your", "12345", "xxxx")
"""Words that stand in secrets that were copied from somewhere."""


def secret(name: str, shortest: int) -> str:
    """Empty where it is not set. The value never appears in a message."""
    text = os.environ.get(name, "")
    if text and (len(text) < shortest or any(word in text.lower() for word in TUTORIAL_SECRETS) or len(set(text)) < 8):
        FAULTS.append(
            f"{name}: the value is too short or too easily guessed; allowed: {shortest} random characters or more"
        )
        return ""
    return text


def token(name: str) -> str:
    """A bot's token from the variable, or from the file that `{name}_FILE` names; empty where neither is set. The value
    never appears in a message."""
    text, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if not text and path:
        try:
            text = Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            FAULTS.append(f"{name}_FILE: the file cannot be read ({type(error).__name__}); allowed: one with a token")
            return ""
    if text and re.fullmatch(r"[0-9]{1,20}:[0-9A-Za-z_-]{1,100}", text) is None:
        FAULTS.append(f"{name}: this is not a token; allowed: one as @BotFather gives it, such as 123456:AbC-dEf")
        return ""
    return text


def folder(text: str) -> Path:
    folder = Path(text).expanduser().resolve()
    if folder.exists() and not folder.is_dir():
        raise ValueError
    return folder


def words(name: str, check: Callable[[str], object], allowed: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Words with commas between them; each is checked by a function that raises ValueError."""

    def parse(text: str) -> tuple[str, ...]:
        given = tuple(word.strip() for word in text.split(",") if word.strip())
        for word in given:
            check(word)
        return given

    return setting(name, default, parse, allowed)


def matching(pattern: str) -> Callable[[str], str]:
    """Checks that a text has this form as a whole."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError
        return text

    return check
