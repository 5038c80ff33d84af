"""The fields of one line of an import: each is taken with its type and limits, or refused."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection
from typing import Any, Literal, overload

_NOT_STORED = re.compile(r"[\x00\ud800-\udfff]")


class ImportRefused(ValueError):
    """Why a file cannot be imported, in words for the person. Nothing was stored."""

    def __init__(self, line: int | None, cause: str) -> None:
        self.line = line
        place = f"Line {line}: " if line else ""
        cause = cause if cause[-1:] in ".!?" else f"{cause}."
        super().__init__(f"{place}{cause} Nothing was imported.")


def shown(value: object) -> str:
    """Return a value of a file as a person should see it: short, on one line, harmless."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"“{_short(_printable(value[:80]), 40)}”" if value else "an empty text"
        case int() | float():
            return _short(json.dumps(value), 40)
        case list():
            return "a list"
    return "an object"


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _printable(text: str) -> str:
    """Escape what could break the line, turn its direction, or not be sent at all."""
    return "".join(
        one if one.isprintable() else json.dumps(one).strip('"').replace("\x7f", "\\u007f")
        for one in text
    )


class Fields:
    """The fields of an object, taken one by one; `end` refuses what nobody asked for."""

    def __init__(self, line: int, values: dict[str, Any], place: str = "") -> None:
        self.line = line
        self._values = values
        self._left = set(values)
        self._place = f"{place}: " if place else ""

    def refused(self, expected: str, got: str) -> ImportRefused:
        return ImportRefused(self.line, f"{self._place}{expected}, {got}.")

    def end(self) -> None:
        if self._left:
            raise self.refused("expected no other keys", f"got {shown(min(self._left))}")

    def nested(self, value: Any, place: str) -> Fields:
        if not isinstance(value, dict):
            raise ImportRefused(self.line, f"{place}: expected an object, got {shown(value)}.")
        return Fields(self.line, value, place)

    def text(self, name: str, *, least: int = 0, most: int | None = None) -> str:
        """A text of `least` to `most` characters that a database can keep."""
        value = self._take(name)
        if not isinstance(value, str):
            raise self._wrong(name, "text", value)
        if len(value) < least or (value and least and not value.strip()):
            raise self._wrong(name, "a text that is not empty", value)
        if most is not None and len(value) > most:
            raise self.refused(
                f"expected “{name}” to have at most {most:,} characters", f"got {len(value):,}"
            )
        if found := _NOT_STORED.search(value):
            what = "NULL" if found[0] == "\0" else "half of a surrogate pair"
            raise self.refused(
                f"expected “{name}” to be text",
                f"got {what} (U+{ord(found[0]):04X}) at character {found.start()}",
            )
        return value

    @overload
    def number(self, name: str, least: int, most: int) -> int: ...
    @overload
    def number(self, name: str, least: int, most: int, *, optional: bool) -> int | None: ...
    def number(self, name: str, least: int, most: int, *, optional: bool = False) -> int | None:
        """A whole number from `least` to `most`."""
        value = self._take(name)
        if value is None and optional:
            return None
        # True is an int to Python, 1.0 none.
        if type(value) is not int or not least <= value <= most:
            span = f"{least} to {most}" if least < most else str(least)
            span += " or null" if optional else ""
            raise self._wrong(name, f"a whole number, {span}" if least < most else span, value)
        return value

    @overload
    def time(self, name: str) -> datetime.datetime: ...
    @overload
    def time(self, name: str, *, optional: Literal[True]) -> datetime.datetime | None: ...
    def time(self, name: str, *, optional: bool = False) -> datetime.datetime | None:
        """A time with its offset from UTC."""
        value = self._take(name)
        if value is None and optional:
            return None
        try:
            time = datetime.datetime.fromisoformat(value)
            # The first and the last day of the calendar may have no such time in UTC.
            if time.tzinfo is not None:
                return time.astimezone(datetime.UTC)
        except (TypeError, ValueError, OverflowError):
            pass
        wanted = "a time such as 2017-11-13T21:04:05.000000Z" + (" or null" if optional else "")
        raise self._wrong(name, wanted, value)

    def date(self, name: str) -> datetime.date | None:
        value = self._take(name)
        if value is None:
            return None
        try:
            return datetime.date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self._wrong(name, "a date such as 2017-11-13 or null", value) from None

    def choice(self, name: str, values: Collection[str]) -> str:
        value = self._take(name)
        if not isinstance(value, str) or value not in values:
            raise self._wrong(name, f"one of {', '.join(values)}", value)
        return value

    def rows(self, name: str, *, empty: bool = False) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list) or not (value or empty):
            raise self._wrong(name, "a list" if empty else "a list that is not empty", value)
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def has(self, name: str) -> bool:
        """Whether a key is there at all, which files of before do not have."""
        return name in self._values

    def _take(self, name: str) -> Any:
        if name not in self._values:
            raise self.refused(f"expected the key “{name}”", "got none")
        self._left.discard(name)
        return self._values[name]

    def _wrong(self, name: str, expected: str, value: Any) -> ImportRefused:
        return self.refused(f"expected “{name}” to be {expected}", f"got {shown(value)}")
