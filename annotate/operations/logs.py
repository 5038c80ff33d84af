"""Log lines: when, how grave, from where, in which request, what. No personal data in them.

What an exception says may be anything, the text of a note or a name in a row that a constraint
refused. So a line has its type and where it was raised, and its words only if they are those of
the database's or the system's own troubles.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

import psycopg
from django.db import InterfaceError, OperationalError

from annotate.connections import is_away
from annotate.cut import Cut

# Of the request that this thread or task answers; empty outside of any.
request_id: ContextVar[str] = ContextVar("request_id", default="")

DATABASE_TROUBLES = (OperationalError, InterfaceError, psycopg.OperationalError)
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Whoever reads the address of a link for a new password could use it.
LINK = re.compile(r"(/password/reset)/[^/\s]+/[^/\s]+/")


class TextFormatter(logging.Formatter):
    """A line to read: 2026-11-23T09:30:00.123+00:00 WARNING annotate.views 3f2a…: message."""

    def __init__(self, *, tell_all: bool = False) -> None:
        """With `tell_all`, exceptions are told in their own words: for development."""
        super().__init__()
        self.tell_all = tell_all

    def format(self, record: logging.LogRecord) -> str:
        where = f"{record.levelname} {record.name} {request_id.get() or '-'}"
        line = f"{_time(record)} {where}: {_message(record)}"
        if error := self.error(record):
            line += f"\n{error}"
        return line

    def error(self, record: logging.LogRecord) -> str:
        """Return the exception of a record, the first cause first; empty if it has none."""
        error = record.exc_info[1] if record.exc_info else None
        chain: list[BaseException] = []
        while error and error not in chain:
            chain.append(error)
            hidden = error.__suppress_context__
            error = error.__cause__ or (None if hidden else error.__context__)
        return "\n".join(map(self._told, reversed(chain)))

    def _told(self, error: BaseException) -> str:
        said = ""
        if self.tell_all or isinstance(error, DATABASE_TROUBLES):
            said = str(error)
        elif isinstance(error, OSError):
            said = error.strerror or ""
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        frames = "".join(traceback.format_tb(error.__traceback__))
        return f"{frames}{kind}{': ' if said else ''}{_on_one_line(said)}"


class JsonFormatter(TextFormatter):
    """The same as one JSON object, with what else a record tells (`fields`)."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "request": request_id.get() or None,
            "message": _message(record),
            **getattr(record, "fields", {}),
        }
        if error := self.error(record):
            line["error"] = error
        return json.dumps(line)


class Raised(logging.Filter):
    """Lets what was raised pass. An answer of 503 that a view chose is no error of ours.

    Nor is it that the database is away, which annotate.views says in a line, or that a
    request broke off.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        ours = not isinstance(error, Cut)
        return error is not None and ours and not is_away(error)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    return LINK.sub(r"\1/…/…/", _on_one_line(record.getMessage()))


def _on_one_line(text: str) -> str:
    return CONTROLS.sub(" ", text).strip()
