"""Pages that belong to no app: health, and the page for an error."""

import logging
import re
import sys
from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from annotate import connections
from annotate.cut import Cut
from annotate.operations import metrics, readiness

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


@dataclass(frozen=True)
class Field:
    name: str
    value: str

    @property
    def is_text(self) -> bool:
        """Whether it is words, which somebody will want to see again."""
        return any(map(str.isspace, self.value))


@dataclass(frozen=True)
class Sent:
    """A form that was sent to `address`. No fields if it cannot be shown to be sent again."""

    address: str
    fields: list[Field]


SECRET = re.compile("password|code|credential")  # in the name of a field


def what_was_sent(request: HttpRequest) -> Sent | None:
    """Return the form that a person sent, whose own page the browser may not keep.

    Its token was checked before anything asked the database: no other site can put words here.
    """
    if request.method != "POST" or "HX-Request" in request.headers:
        return None
    fields = [Field(name, value) for name, values in request.POST.lists() for value in values]
    kept = not request.FILES and not any(SECRET.search(one.name) for one in fields)
    return Sent(request.get_full_path(), fields if kept else [])


def note_loss(error: BaseException) -> None:
    log.warning("The database did not answer: %s", error)
    metrics.database_errors.inc()
    # It did, if the connection still stands: that its disk is full, or that it took too long.
    broken = connection.connection is None or connection.connection.closed
    if broken or connections.reads_only(error):
        connections.lost()
