"""Rows out of JSON: the elements of an array, one after the other in flat memory. What a row means is in `formats/`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from user_stats.transfer.forms import Convert, converted, whole
from user_stats.transfer.rows import Record, Row
from user_stats.transfer.sources import Part

BLOCK_CHARACTERS = 1 << 17
LONGEST_ELEMENT = 1 << 20
"""Characters of one element."""
LONGEST_SKIPPED = 64 << 20
"""The same of a value that is passed over on the way to the array."""
ELEMENTS_LOOKED_AT = 20

ArrayPath = tuple[str, ...]
"""The names that lead from the outermost object to an array; empty where the array is outermost."""


@dataclass(frozen=True)
class JsonForm:
    """Objects in an array: at one of the paths, each with the keys."""

    service: str
    title: str
    keys: frozenset[str]
    convert: Convert
    paths: tuple[ArrayPath, ...] = ((),)
    identity: Callable[[Record], object] = whole
    has_profiles: bool = False
    note: str = ""

    def recognise(self, head: str) -> bool:
        return any(self._is_at(path, head) for path in self.paths)

    def _is_at(self, path: ArrayPath, head: str) -> bool:
        try:
            elements = _JsonReader(iter([head])).elements(path)
            for _ in range(ELEMENTS_LOOKED_AT):
                element = next(elements)
                if isinstance(element, dict) and self.keys <= element.keys():
                    return True
        except (ValueError, RecursionError, StopIteration):
            pass
        return False

    def rows(self, part: Part) -> Iterator[Row]:
        path = next((path for path in self.paths if self._is_at(path, part.head())), self.paths[0])
        number = 0
        with part.text() as text:
            reader = _JsonReader(iter(lambda: text.read(BLOCK_CHARACTERS), ""))
            try:
                for element in reader.elements(path):
                    number += 1
                    if isinstance(element, dict):
                        row = converted(self.service, element, self.convert, self.identity)
                    else:
                        row = Row(rejected="not an object")
                    row.number = number
                    yield row
            except (ValueError, RecursionError) as error:
                yield Row(rejected=f"the file is damaged from here on: {error}", number=number + 1)


class _JsonReader:
    """A JSON text in pieces. Raises ValueError where it is no JSON, or no array is at the path."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self._text = ""
        self._at = 0
        self._is_whole = False
        self._decode = json.JSONDecoder(parse_constant=lambda name: None).raw_decode

    def elements(self, path: ArrayPath) -> Iterator[Any]:
        for name in path:
            self._enter(name)
        self._expect("[")
        if self._next() == "]":
            self._at += 1
        else:
            yield self._value()
            while self._take() != "]":
                yield self._value()
        for _ in path:
            self._leave()
        self._expect_end()

    def _expect_end(self) -> None:
        """Nothing but blanks follows: of a file that was put together from two, the second would go without a word."""
        while (found := _not_blank(self._text, self._at)) is None:
            self._at = len(self._text)
            if not self._read_more():
                return
        raise ValueError(f"{found.group()!r} after its end")

    def _enter(self, name: str) -> None:
        """Goes to the value of a name of the object that is next."""
        self._expect("{")
        while True:
            key = self._value()
            self._expect(":")
            if key == name:
                return
            self._value(LONGEST_SKIPPED)
            if self._take() == "}":
                raise ValueError(f"there is no {name}")

    def _leave(self) -> None:
        """Goes behind the end of an object, over what else is in it."""
        while (found := self._take()) == ",":
            self._value()
            self._expect(":")
            self._value(LONGEST_SKIPPED)
        if found != "}":
            raise ValueError(f"{found!r} where }} should be")

    def _take(self) -> str:
        found = self._next()
        if found not in ",]}":
            raise ValueError(f"{found!r} where a comma should be")
        self._at += 1
        return found

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise ValueError(f"there is no {character}")
        self._at += 1

    def _next(self) -> str:
        """The next character that is no blank."""
        while True:
            found = _not_blank(self._text, self._at)
            if found is not None:
                self._at = found.start()
                return found.group()
            self._at = len(self._text)
            if not self._read_more():
                raise ValueError("it ends in the middle")

    def _value(self, longest: int = LONGEST_ELEMENT) -> Any:
        self._next()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except ValueError as error:
                if len(self._text) - self._at > longest or not self._read_more():
                    raise ValueError(self._problem(error)) from None
                continue
            if end < len(self._text) or not self._read_more():
                self._at = end
                return value

    def _problem(self, error: ValueError) -> str:
        if not isinstance(error, json.JSONDecodeError):
            return "a number is too long"
        is_cut = self._is_whole and (error.pos >= len(self._text) or error.msg.startswith("Unterminated"))
        return "it ends in the middle" if is_cut else error.msg

    def _read_more(self) -> bool:
        """Reads as much again as there is left, so that a long value is not tried too often."""
        pending = self._text[self._at :]
        blocks, wanted = [], len(pending)
        while not self._is_whole and wanted >= 0:
            block = next(self._blocks, "")
            self._is_whole = not block
            blocks.append(block)
            wanted -= max(len(block), 1)
        self._text = pending + "".join(blocks)
        self._at = 0
        return len(self._text) > len(pending)


_not_blank = re.compile(r"[^ \t\r\n]").search
