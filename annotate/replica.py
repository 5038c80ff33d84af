"""Pages that only show things may be read from a streaming replica (DATABASE_REPLICA_URL).

Whole pages, by the decorator `from_replica` on their views: what a page shows is of one moment.
Who somebody is, and what they may do, is read from the primary also then, and so is every page
that one works on.

**Nothing is old.** Before such a page the primary is asked how far its log is written, and the
replica whether it has applied all of that. So people see what they wrote, on their other
devices, too, and what others did to them. Where the replica is behind for longer than a moment,
or does not answer, the page is read from the primary.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse

from annotate.connections import impatient

log = logging.getLogger(__name__)

PRIMARY, REPLICA = DEFAULT_DB_ALIAS, "replica"
# Apps that know who somebody is, and how often they tried.
PEOPLE = {
    *("accounts", "auth", "contenttypes", "sessions", "account", "mfa", "usersessions"),
    "django_cache",
}

PAUSES = (0.0, 0.004, 0.008)  # seconds before each time that the replica is asked
PATIENCE = 1.0  # seconds that it may be silent
BEHIND = 1.0  # seconds for which it is not asked again after it was behind,
AWAY = 10.0  # or did not answer

# Commits are answered once they are written, by synchronous_commit. Nothing is known of a
# server that only reads.
WRITTEN = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END"
APPLIED = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn"

_source: ContextVar[str] = ContextVar("source", default=PRIMARY)


class Router:
    """Where Django's models are read: where the page is, but people always from the primary."""

    def db_for_read(self, model: type[Model], **hints: object) -> str:
        return PRIMARY if model._meta.app_label in PEOPLE else _source.get()

    def db_for_write(self, model: type[Model], **hints: object) -> str:
        return PRIMARY

    def allow_relation(self, *things: object, **hints: object) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        return db == PRIMARY


def source() -> BaseDatabaseWrapper:
    """Return the connection that SQL of a page is to be read from."""
    return connections[_source.get()]


def from_replica[**P](
    view: Callable[P, HttpResponseBase],
) -> Callable[P, HttpResponseBase]:
    """Read what a view shows from the replica, if that is as new as the primary.

    The view only shows things, and has read all of them when it returns.
    """

    @wraps(view)
    def page(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if settings.DATABASE_REPLICA_URL and is_current():
            reading = _source.set(REPLICA)
            try:
                response = view(*args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
                return response
            except (OperationalError, InterfaceError) as error:
                # It went away just now, or what was read was in the way of its log.
                log.warning("A page is read from the primary after all: %s", error)
                connections[REPLICA].close()
            finally:
                _source.reset(reading)
        return view(*args, **kwargs)

    return page


# --- Is it as new as the primary? ---------------------------------------------------------
_not_before = 0.0  # of the monotonic clock: until then nobody asks


def is_current() -> bool:
    """Whether the replica has all that the primary has committed until now."""
    global _not_before
    if time.monotonic() < _not_before:
        return False
    written = _ask(PRIMARY, WRITTEN)
    try:
        with impatient(PATIENCE):
            for pause in PAUSES:
                time.sleep(pause)
                if _ask(REPLICA, APPLIED, written):
                    return True
    except (OperationalError, InterfaceError) as error:
        connections[REPLICA].close()
        _not_before = time.monotonic() + AWAY
        log.warning(
            "The replica does not answer; pages are read from the primary for %.0f s: %s",
            AWAY,
            error,
        )
    else:
        _not_before = time.monotonic() + BEHIND
    return False


def _ask(alias: str, question: str, *values: Any) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchone()[0]
