"""Each request has an id, in its answer and in each of its log lines, and a line of its own."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .logs import request_id
from .metrics import measure

log = logging.getLogger("annotate.requests")

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RequestMiddleware:
    """Outside of all others: what they answer or log is of the request, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        name = given if SANE.fullmatch(given) else secrets.token_hex(8)
        # Not taken back: an answer that is a stream is made later. The next request of this
        # thread has its own.
        request_id.set(name)
        response = self.get_response(request)
        response[HEADER] = name
        seconds = time.perf_counter() - began
        measure(request, response, seconds)
        if log.isEnabledFor(logging.INFO):
            note(request, response, seconds * 1_000)
        return response


def note(request: HttpRequest, response: HttpResponseBase, milliseconds: float) -> None:
    """Write the line of a request that was answered."""
    match = request.resolver_match
    # Whoever was not asked for stays unknown: that would cost a query.
    person = getattr(getattr(request, "_cached_user", None), "pk", None)
    fields = {
        "method": request.method,
        "route": match.view_name if match else None,
        "status": response.status_code,
        "milliseconds": round(milliseconds, 1),
        "person": person,
    }
    log.info(
        "%s %s %s %.1f ms%s",
        request.method,
        request.path,
        response.status_code,
        milliseconds,
        f" person {person}" if person else "",
        extra={"fields": fields},
    )
