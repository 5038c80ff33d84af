"""Whether this process can answer pages: asked by what sends requests to it."""

from __future__ import annotations

import threading

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest

from annotate import connections

STOPPING = "annotate.stopping"  # in the environment of a request, from annotate/asgi.py

# Reading all migrations takes a tenth of a second: done until there is none to wait for.
migrated = threading.Event()


def why_not(request: HttpRequest) -> str:
    """Return why this process is not ready, in a line; empty if it is.

    Raises OperationalError or InterfaceError if the database does not answer.
    """
    if request.META.get(STOPPING):
        return "This process is stopping."
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        reads_only = cursor.fetchone()[0] == "on"
    if reads_only:
        connections.lost()  # the next one may lead to the server that writes now
        return "The database takes no writes: it is a standby, or was told not to."
    if not migrated.is_set():
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "Not all migrations are applied: run manage.py migrate."
        migrated.set()
    return ""
