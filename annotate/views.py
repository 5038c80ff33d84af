"""Pages that belong to no app: health, and the page for an error."""

import logging
import sys

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from annotate import connections
from annotate.operations import metrics, readiness

log = logging.getLogger(__name__)


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError) as error:
        return database_away(error)
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when this process can answer pages, else 503 and why."""
    try:
        why_not = readiness.why_not(request)
    except (OperationalError, InterfaceError) as error:
        note_loss(error)
        why_not = "The database does not answer."
    return HttpResponse(
        f"{why_not or 'ready'}\n",
        status=503 if why_not else 200,
        content_type="text/plain; charset=utf-8",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 and a time to come back while the database is away, else 500.

    The browser keeps what it could not send and sends it when the database is back.
    """
    error = sys.exception()
    if error and connections.is_away(error):
        return database_away(error)
    # Rendered without the request: nothing here may ask the database.
    return HttpResponse(render_to_string("500.html"), status=500)


def database_away(error: BaseException) -> HttpResponse:
    note_loss(error)
    page = render_to_string("503.html")
    return HttpResponse(page, status=503, headers={"Retry-After": "2"})


def note_loss(error: BaseException) -> None:
    log.warning("The database did not answer: %s", error)
    metrics.database_errors.inc()
    # It did, if the connection still stands: that its disk is full, or that it took too long.
    broken = connection.connection is None or connection.connection.closed
    if broken or connections.reads_only(error):
        connections.lost()
