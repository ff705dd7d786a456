"""Checks of single fields that come from outside: each gives the clean value or raises InvalidInput.

Every message names the field, the value and what is allowed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

from user_stats.errors import InvalidInput, UserNotFound, shown
from user_stats.models import CONTENT_TYPES, ContentType

E = TypeVar("E", bound=Enum)

USERNAME_LENGTHS = (3, 32)
EMAIL_LENGTH = 254
LOCAL_PART_LENGTH = 64
"""The part before the @, from RFC 5321 section 4.5.3.1."""
RESERVED_USERNAMES = frozenset({"admin", "root", "system", "anonymous", "null", "me"})
LONGEST_DURATION_SECONDS = 86_400
LONGEST_ID = 256
LONGEST_TITLE = 500
MOST_TAGS = 50
SUBSCRIPTION_DAYS = (1, 3650)
QUALITIES = (
    *("144p", "240p", "360p", "480p", "540p", "576p", "720p", "900p", "1080p", "1440p", "2160p", "4320p"),
    *("audio", "auto", "original", "unknown"),
)

_is_user_id = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_is_uuid = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch
_is_local_part = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*").fullmatch
_is_domain = re.compile(r"([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]").fullmatch
_MARKUP = frozenset("/\\[]<>{}*`|")
"""Characters of paths, of Markdown and of HTML, which no service uses in its ids."""
_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
_EAST_ASIAN_MARKS = frozenset({"KATAKANA-HIRAGANA"})


def fold_username(username: str) -> str:
    """What makes two names the same: neither case nor width nor style of the letters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())


def fold_email(email: str) -> str:
    return fold_username(email)


def checked_text(field: str, value: object, longest: int) -> str:
    """Text of at least one visible character and no control characters."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise InvalidInput.of(field, value, _allowed_text(longest))
    if value.isprintable():  # what is refused below is not
        return value
    _refuse_invalid_unicode(field, value)
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") and character not in "\u200d\ufe0f":
            raise _character_refused(field, character, _allowed_text(longest))
    return value


def _allowed_text(longest: int) -> str:
    return f"1 to {longest} characters without control characters"


def _refuse_invalid_unicode(field: str, value: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput.of(field, value, "valid Unicode") from None


def _character_refused(field: str, character: str, allowed: str) -> InvalidInput:
    return InvalidInput(
        f"{field}: the character U+{ord(character):04X} is not allowed; allowed: {allowed}", field=field
    )


def checked_username(value: object, *, reserved_allowed: bool = False) -> str:
    """3 to 32 letters and digits of one script, and _ . - between them; a reserved name may be shorter."""
    shortest, longest = USERNAME_LENGTHS
    allowed = f"{shortest} to {longest} letters and digits of one script, and _ . - between them"
    if not isinstance(value, str):
        raise InvalidInput.of("username", value, allowed)
    if not value.strip():
        raise InvalidInput(f"username: it is empty; allowed: {allowed}", field="username")
    _refuse_invalid_unicode("username", value)
    name = unicodedata.normalize("NFC", value)
    if not shortest <= len(name) <= longest and not (reserved_allowed and is_reserved(name)):
        raise InvalidInput.of("username", value, allowed)
    for character in name:
        if unicodedata.category(character)[0] not in "LM" and not character.isdecimal() and character not in "_.-":
            raise _character_refused("username", character, allowed)
    if not name[0].isalnum() or name[-1] in "_.-":
        message = f"username: {shown(value)} does not begin and end with a letter or a digit; allowed: {allowed}"
        raise InvalidInput(message, field="username")
    scripts = {script for character in fold_username(name) if (script := _script(character)) is not None}
    if len(scripts) > 1:
        found = ", ".join(sorted(script.lower() for script in scripts))
        raise InvalidInput(f"username: {shown(value)} mixes scripts ({found}); allowed: {allowed}", field="username")
    if not reserved_allowed and is_reserved(name):
        raise InvalidInput(f"username: {shown(value)} is reserved; allowed: any other name", field="username")
    return name


def is_reserved(username: str) -> bool:
    return fold_username(username) in RESERVED_USERNAMES


def _script(letter: str) -> str | None:
    """The script of a letter by the first word of its Unicode name; East Asian ones, written mixed, count as one."""
    if not letter.isalpha():
        return None
    word = unicodedata.name(letter, "UNNAMED").split(" ")[0]
    return "EAST ASIAN" if word in _EAST_ASIAN or word in _EAST_ASIAN_MARKS else word


def checked_email(value: object) -> str:
    """An address of the usual form; whether mail arrives is not checked."""
    allowed = f"an address like name@example.org of at most {EMAIL_LENGTH} characters"
    if not isinstance(value, str) or len(value) > EMAIL_LENGTH or value.count("@") != 1:
        raise InvalidInput.of("email", value, allowed)
    _refuse_invalid_unicode("email", value)
    local, domain = value.split("@")
    if len(local) > LOCAL_PART_LENGTH or not _is_local_part(local) or not _is_domain(domain):
        raise InvalidInput.of("email", value, allowed)
    return value


def checked_content_id(field: str, value: object) -> str:
    """What a site calls one of its videos, streams or images: no path and no markup."""
    text = checked_text(field, value, LONGEST_ID)
    if not _MARKUP.isdisjoint(text) or not text.strip("."):
        raise InvalidInput.of(field, value, f"1 to {LONGEST_ID} characters, none of {' '.join(sorted(_MARKUP))}")
    return text


def checked_user_id(value: object) -> str:
    """A UUID as text; anything else is nobody's id."""
    if isinstance(value, str) and _is_user_id(value):
        return value
    code = "not_found" if isinstance(value, str) and _is_uuid(value) else "invalid_id"
    raise UserNotFound(f"user_id: nobody has the id {shown(value)}", field="user_id", code=code)


def checked_choice(field: str, value: object, kind: type[E]) -> E:
    """A member of an enumeration, or its value."""
    if isinstance(value, kind):
        return value
    if type(value) is str:
        for choice in kind:
            if choice.value == value:
                return choice
    raise InvalidInput.of(field, value, "one of " + ", ".join(str(choice.value) for choice in kind))


def checked_word(field: str, value: object, words: Iterable[str]) -> str:
    known = tuple(words)
    if type(value) is str and value in known:
        return value
    raise InvalidInput.of(field, value, "one of " + ", ".join(known))


LARGEST_TELEGRAM_ID = 2**52 - 1
"""Telegram says that ids of people have at most 52 significant bits."""


def checked_telegram_id(value: object) -> int:
    return checked_whole("user_id", value, 1, LARGEST_TELEGRAM_ID)


def checked_whole(field: str, value: object, least: int, most: int) -> int:
    """A whole number; neither True nor 1.0 nor "1" is one."""
    if type(value) is int and least <= value <= most:
        return value
    raise InvalidInput.of(field, value, f"a whole number from {least:,} to {most:,}")


def checked_content_type(value: object) -> ContentType:
    for known in CONTENT_TYPES:
        if value == known and type(value) is str:
            return known
    raise InvalidInput.of("content_type", value, "one of " + ", ".join(CONTENT_TYPES))


def checked_flag(field: str, value: object) -> bool:
    if type(value) is bool:
        return value
    raise InvalidInput.of(field, value, "true or false")


def checked_tags(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) > MOST_TAGS:
        raise InvalidInput.of("tags", value, f"a list of at most {MOST_TAGS} words")
    return [checked_text("tags", tag, LONGEST_ID) for tag in value]
