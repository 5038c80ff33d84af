"""Figures for Prometheus at /metrics/: of this process, and of what waits in the database.

Each process answers for itself, at its own port, to whoever shows METRICS_TOKEN. Without that
setting requests are not measured, and there is no such page.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from http import HTTPMethod

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from annotate import connections
from annotate.articles.uploads import PLACES

PATH = "/metrics/"
METHODS = {*HTTPMethod}

disable_created_metrics()  # when each series began, which nobody asks for
registry = CollectorRegistry()
ProcessCollector(registry=registry)
GCCollector(registry=registry)

request_seconds = Histogram(
    "annotate_request_seconds",
    "Seconds until an answer was made. An event stream goes on after that.",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 1, 2.5, 5, 10),
    registry=registry,
)
streams_open = Gauge("annotate_streams_open", "Event streams.", registry=registry)
listening = Gauge(
    "annotate_listening",
    "1 while the database tells this process of events.",
    registry=registry,
)
database_errors = Counter(
    "annotate_database_errors", "Requests that the database did not answer.", registry=registry
)
database_up = Gauge("annotate_database_up", "1 if it answered just now.", registry=registry)

# Of the whole site, and so the same from each process; asked for in this order.
waiting = [
    Gauge("annotate_tasks_late", "Tasks that no worker took for 5 minutes.", registry=registry),
    Gauge("annotate_tasks_failed", "Tasks that failed.", registry=registry),
    Gauge("annotate_cases_open", "Cases that wait for a moderator.", registry=registry),
    Gauge("annotate_cases_oldest_seconds", "Age of the oldest of these.", registry=registry),
    Gauge(
        "annotate_files_being_read", "Of stories, UPLOADS_AT_ONCE at most.", registry=registry
    ),
]
# A task that is to run at once has a time in the year 9999.
ASK_WHAT_WAITS = """
    SELECT (SELECT count(*) FROM django_tasks_database_dbtaskresult
             WHERE status = 'READY' AND enqueued_at < now() - interval '5 minutes'
               AND (run_after > '9000-01-01' OR run_after < now() - interval '5 minutes')),
           (SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'FAILED'),
           count(*), coalesce(extract(epoch FROM now() - min(opened_at)), 0),
           (SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
             WHERE datname = current_database() AND locktype = 'advisory' AND classid = %s)
      FROM moderation_case WHERE state = 'open'"""


class MetricsMiddleware:
    """Answers for /metrics/ before all others do: a monitor knows a process by its port.

    So neither the host that is asked for nor HTTPS is looked at, and nobody signs in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == PATH and may_read(request):
            look()
            return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
        return self.get_response(request)  # which knows no such page


def may_read(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    return bool(token) and constant_time_compare(given, f"Bearer {token}")


def look() -> None:
    """Ask the database what waits. While it is away, nobody knows."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(ASK_WHAT_WAITS, [PLACES])
            figures = cursor.fetchone()
    except (OperationalError, InterfaceError):
        connections.lost()
        figures = [math.nan] * len(waiting)
    database_up.set(not math.isnan(figures[0]))
    for gauge, figure in zip(waiting, figures, strict=True):
        gauge.set(figure)


def measure(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Note how long a request took. What a client makes up is no name of a series."""
    if not settings.METRICS_TOKEN:
        return
    match = request.resolver_match
    route = match.view_name if match else ""
    method = request.method if request.method in METHODS else "other"
    status = f"{response.status_code // 100}xx"
    request_seconds.labels(route, method, status).observe(seconds)
