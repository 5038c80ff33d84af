"""After the database went away, each thread's connection is broken. One thread meets it first.

From then on the others open theirs anew, instead of failing one request each: a browser that
waits longer after each failure would be kept waiting half a minute by eight threads.
"""

from __future__ import annotations

from django.core.signals import request_started
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_losses = 0  # how often this process met a broken connection


def lost() -> None:
    """Say that a connection broke, so that no older one is used again."""
    global _losses
    _losses += 1
    connection.close()


def _remember(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    connection.opened_after_losses = _losses  # type: ignore[attr-defined]


def _drop_older(**kwargs: object) -> None:
    older = getattr(connection, "opened_after_losses", _losses) != _losses
    if older and not connection.in_atomic_block:  # as it is in tests only
        connection.close()


connection_created.connect(_remember, dispatch_uid="connections")
request_started.connect(_drop_older, dispatch_uid="connections")
