"""How often something may be tried: django-allauth counts, our page refuses.

Its counts are in the cache, which is a table that all processes share. How many are allowed
says ACCOUNT_RATE_LIMITS; none counts longer than five minutes.

What else costs, each person may do so often in ten minutes (RATE_LIMITS), over all processes:
`limited` views. And each process takes so many requests of a person a second
(REQUESTS_PER_SECOND) in the long run: many times what somebody who tags very fast makes, and
counted in memory, since a tag is to cost nothing for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .events import note

SECONDS = 300  # after which at the latest the next attempt to sign in is allowed
WINDOW = 600  # seconds, from the first time on, for which RATE_LIMITS counts
BURST = 300  # seconds' worth of requests that may come all at once

# Beside the cache's own rows, in one statement instead of the six that its methods take. Its
# commit waits for no disk and no replica: a page that only reads is not to wait for one.
COUNT = """
    INSERT INTO accounts_cache AS counted (cache_key, value, expires)
    VALUES (%s, '1', now() + make_interval(secs => %s))
    ON CONFLICT (cache_key) DO UPDATE SET
        value = CASE WHEN counted.expires <= now() THEN '1'
                     ELSE (counted.value::integer + 1)::text END,
        expires = CASE WHEN counted.expires <= now() THEN excluded.expires
                       ELSE counted.expires END
    RETURNING value::integer, ceil(extract(epoch FROM expires - now()))::integer,
              set_config('synchronous_commit', 'off', true)
"""
TYPED = ("title", "text", "note")  # what nobody wants to type again


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _refused(request, SECONDS, "five minutes")


def refusal(request: HttpRequest, what: str) -> HttpResponse | None:
    """Count that the person did `what`, of RATE_LIMITS; answer 429 if it was too often.

    Before any transaction: what is written in the same one is not waited for, either.
    """
    most = settings.RATE_LIMITS[what]
    if not most:
        return None
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [f"limit:{what}:{request.user.pk}", WINDOW])
        times, seconds, _ = cursor.fetchone()
    if times <= most:
        return None
    minutes = -(-seconds // 60)
    return _refused(request, seconds, "a minute" if minutes == 1 else f"{minutes} minutes")


def limited(what: str, *, method: str = "POST") -> Callable[[Callable], Callable]:
    """Let people use a view so often by `method`, as RATE_LIMITS says of `what`."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def counting(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refused = refusal(request, what) if request.method == method else None
            return refused or view(request, *args, **kwargs)

        return counting

    return decorate


def _refused(request: HttpRequest, seconds: int, wait: str) -> HttpResponse:
    note("refused: too often", request.user.pk)
    typed = [request.POST[name] for name in TYPED if request.POST.get(name)]
    response = render(request, "429.html", {"wait": wait, "typed": typed}, status=429)
    response["Retry-After"] = str(seconds)
    return response


class Buckets:
    """A bucket of requests for each person, which fills again while it is used."""

    def __init__(self) -> None:
        self.left: dict[int, tuple[float, float]] = {}  # requests, as of a time

    def take(self, person: int, *, rate: float, now: float) -> bool:
        """Take a request out of a bucket of `rate` a second, if there is one left."""
        left, at = self.left.get(person, (rate * BURST, now))
        left = min(rate * BURST, left + rate * (now - at))
        taken = left >= 1
        self.left[person] = left - taken, now
        if len(self.left) > 10_000:  # all begin anew with full ones
            self.left.clear()
        return taken


buckets = Buckets()


def hurried(request: HttpRequest) -> HttpResponse | None:
    """Answer 429 to a person whose requests come faster than any hand sends them."""
    rate = settings.REQUESTS_PER_SECOND
    if not rate or buckets.take(int(request.user.pk or 0), rate=rate, now=time.monotonic()):
        return None
    return _refused(request, 60, "a minute")


class Limited:
    """A view whose forms are taken only so often, counted as `limit` of ACCOUNT_RATE_LIMITS."""

    limit: str

    def post(self, request: HttpRequest, *args: str, **kwargs: Any) -> HttpResponse:
        # What a limit “per key” counts, where there is one.
        key = request.POST.get("email", "").lower()
        refused = ratelimit.consume_or_429(request, action=self.limit, key=key)
        return refused or super().post(request, *args, **kwargs)  # type: ignore[misc]
