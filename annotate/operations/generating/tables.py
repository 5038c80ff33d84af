"""Rows that are stored with COPY, as PostgreSQL's manual says to populate a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg import sql

MASK = 2**48 - 1
MEMORY = "512MB"  # for each index that is built

# What is dropped meanwhile, and how it is made again: unique constraints, indexes, and at last
# foreign keys. Primary keys and checks stay.
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = ANY(%s::regclass[]) AND contype = %s ORDER BY conrelid, conname
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
     WHERE indrelid = ANY(%s::regclass[])
           AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid
                                  AND contype IN ('p', 'u'))
     ORDER BY indrelid, indexrelid
"""
COUNTED = """
    SELECT setval(pg_get_serial_sequence({literal}, 'id'), max(id)) FROM {table}
    HAVING max(id) IS NOT NULL AND pg_get_serial_sequence({literal}, 'id') IS NOT NULL
"""


class Table:
    """Rows of a model that wait to be stored: values of `names`, defaults for the others."""

    def __init__(self, model: type[Model], *names: str) -> None:
        self.name = model._meta.db_table
        self.rows: list[tuple[Any, ...]] = []
        self.stored = 0
        fields = {one.attname: one for one in model._meta.concrete_fields if not one.generated}
        others = [
            one
            for name, one in fields.items()
            if name not in names and not one.primary_key and not one.has_db_default()
        ]
        self.defaults = tuple(
            one.get_db_prep_save(one.get_default(), connection) for one in others
        )
        columns: list[Any] = [fields[name].column for name in names]
        columns += [one.column for one in others]
        self.copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(self.name),
            sql.SQL(", ").join([sql.Identifier(one) for one in columns]),
        )

    def add(self, *values: Any) -> None:
        self.rows.append(values)

    def store(self) -> None:
        """Write the rows that wait."""
        defaults = self.defaults
        with connection.cursor() as cursor, cursor.copy(self.copy) as copy:
            for row in self.rows:
                copy.write_row(row + defaults)
        self.stored += len(self.rows)
        self.rows.clear()

    def count_on(self) -> None:
        """Let the keys that the database counts go on after those that were stored."""
        literal, table = sql.Literal(self.name), sql.Identifier(self.name)
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(COUNTED).format(literal=literal, table=table))


@contextmanager
def without_indexes(tables: Iterable[Table]) -> Iterator[None]:
    """Drop what each row would be looked up in; make it anew at the end, which checks all.

    The caller's transaction holds these tables for itself until it ends.
    """
    names = [one.name for one in tables]
    with connection.cursor() as cursor:
        # What earlier statements left to be checked at the end holds the tables up.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        found: dict[str, list[tuple[str, ...]]] = {}
        for kind in ("f", "u"):
            cursor.execute(CONSTRAINTS, [names, kind])
            found[kind] = cursor.fetchall()
            for table, name, _ in found[kind]:
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {_quoted(name)}")
        cursor.execute(INDEXES, [names])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{MEMORY}'")
        for table, name, definition in found["u"]:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {_quoted(name)} {definition}")
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in found["f"]:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {_quoted(name)} {definition}")


def scattered() -> Iterator[int]:
    """Yield keys as `RandomKey` draws them: 48 bits in no order, none of them twice."""
    # Each step can be reversed, so that different numbers stay different.
    for number in count(1):
        key = number * 0x9E3779B97F4B & MASK
        key ^= key >> 23
        key = key * 0xD6E8FEB86659 & MASK
        yield key ^ key >> 25


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
