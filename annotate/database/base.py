"""Connections of threads that make pages end with an error where the database is silent.

Django takes what is named `DatabaseWrapper` in the module `base` of an `ENGINE`.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import Any

import psycopg
from django.db import Error
from django.db.backends import utils
from django.db.backends.postgresql import base
from psycopg import IsolationLevel
from psycopg.abc import RV, PQGen

from annotate import connections

# PostgreSQL itself ends what is slow, or left in the middle by somebody whom it cannot hear
# any more: it is alive, and what was locked is free again.
LIMITS = """
    SELECT set_config('statement_timeout', %s, false),
           set_config('idle_in_transaction_session_timeout', %s, false)
"""

SILENCES: defaultdict[str, connections.Silence] = defaultdict(connections.Silence)  # by alias


class Connection(psycopg.Connection[Any]):
    """A connection on which a thread of pages waits for so long, and others for ever."""

    silence = connections.Silence()  # of its database, once it is known

    def wait(self, gen: PQGen[RV], *arguments: Any, **named: Any) -> RV:
        patience = connections.patience.seconds
        if patience is None:
            return super().wait(gen, *arguments, **named)
        try:
            return super().wait(
                connections.within(patience, gen, self.silence), *arguments, **named
            )
        except connections.Silent:
            self.close()  # an answer that comes now would be taken for that of the next
            raise


class CursorWrapper(utils.CursorWrapper):
    """Django's, and what fails when a cursor is closed is an error of Django's, too.

    A cursor that the server has is closed by asking it, which can fail as any question can.
    """

    def close(self) -> None:
        with self.db.wrap_database_errors:
            self.cursor.close()

    def __exit__(self, *raised: object) -> None:
        with suppress(Error):
            self.close()


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's; it has no options of Django's own, which no DATABASE_URL can name."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        self.isolation_level = IsolationLevel.READ_COMMITTED
        patience = connections.patience.seconds
        if patience is None:
            return Connection.connect(**conn_params)
        silence = SILENCES[self.alias]
        with silence.trying():
            timeout = min(int(conn_params["connect_timeout"]), max(int(patience), 2))
            opened = Connection.connect(**{**conn_params, "connect_timeout": timeout})
        opened.silence = silence
        return opened

    def make_cursor(self, cursor: Any) -> CursorWrapper:
        return CursorWrapper(cursor, self)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        # A pooler would set it for one of its connections, whoever has that next.
        pooled = self.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]
        if (patience := connections.patience.seconds) and not pooled:
            # Before our own patience ends: whoever answers at all is not silent.
            limits = [f"{patience * 800:.0f}ms", f"{patience * 2000:.0f}ms"]
            with self.cursor() as cursor:
                cursor.execute(LIMITS, limits)
