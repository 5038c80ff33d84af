"""Statements of our own, where building a QuerySet anew each time takes longer than asking it.

Several go in one trip to the database, where a tag's time goes into the trips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from annotate import replica


def fetch(statements: Sequence[str], values: Mapping[str, Any]) -> list[list[tuple]]:
    """Run `statements` one after the other with the same values; return the rows of each.

    Outside SERIALIZABLE and REPEATABLE READ each sees what was committed when it began: one
    that comes after a lock sees what the lock waited for.
    """
    with replica.source().cursor() as cursor:
        cursor.execute("; ".join(statements), values)
        found = [cursor.fetchall()]
        while cursor.nextset():
            found.append(cursor.fetchall())
    return found


def fetch_row(statement: str, values: Mapping[str, Any] | Sequence[Any]) -> tuple | None:
    """Run one statement; return its first row, if there is any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()
