"""Django's sessions in the database, read as a bare row.

Every request reads one, and a QuerySet takes five times as long. All else is Django's.
"""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from annotate.trips import fetch_row

FIELDS = ["session_key", "session_data", "expire_date"]
SESSION = f"""
    SELECT {", ".join(FIELDS)} FROM django_session WHERE session_key = %s AND expire_date > %s
"""  # noqa: S608 - composed of constants


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        row = fetch_row(SESSION, [self.session_key, timezone.now()])
        if row is None:
            self._session_key = None  # a new one gets a key of its own
            return None
        return Session.from_db(connection.alias, FIELDS, row)
