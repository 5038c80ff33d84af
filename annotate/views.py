"""Pages that belong to no app: health, and the page for an error."""

import logging
import sys

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from annotate import connections
from annotate.accounts.middleware import page_of
from annotate.cut import Cut
from annotate.operations import metrics, readiness
from annotate.sent import is_of_ours, what_was_sent

log = logging.getLogger(__name__)


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError) as error:
        return database_away(error, request)
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

    Our scripts keep what they could not send and send it when the database is back; a form
    that was sent without one is in the page, to be sent again.
    """
    error = sys.exception()
    if error and connections.is_away(error):
        return database_away(error, request)
    if isinstance(error, Cut):
        said = "The request broke off, and nothing was done. Send it again.\n"
        return HttpResponse(said, status=400, content_type="text/plain; charset=utf-8")
    # Rendered without the request: nothing here may ask the database.
    return HttpResponse(render_to_string("500.html"), status=500)


def database_away(error: BaseException, request: HttpRequest) -> HttpResponse:
    note_loss(error)
    template = "503.html#away" if "HX-Request" in request.headers else "503.html"
    # Rendered without the request, as above.
    context = {"address": request.get_full_path(), "sent": what_was_sent(request)}
    page = render_to_string(template, context)
    return HttpResponse(page, status=503, headers={"Retry-After": "2"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form with another session's token: of a page from before a sign-in.

    What another site lets a browser send comes here, too, and is not offered to be sent again.
    Our scripts know this answer by its having no `id="message"`.
    """
    if "HX-Request" in request.headers:
        said = "This page is out of date. Open it again.\n"
        return HttpResponse(said, status=403, content_type="text/plain; charset=utf-8")
    sent = what_was_sent(request) if is_of_ours(request) else None
    context = {"sent": sent, "page": page_of(request)}
    return render(request, "403_csrf.html", context, status=403)


def note_loss(error: BaseException) -> None:
    log.warning("The database did not answer: %s", error)
    metrics.database_errors.inc()
    # It did, if the connection still stands: that its disk is full, or that it took too long.
    broken = connection.connection is None or connection.connection.closed
    if broken or connections.reads_only(error):
        connections.lost()
