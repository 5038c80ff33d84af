"""How often something may be tried: django-allauth counts, our page refuses.

The counts are in the cache, which is a table that all processes share. How many are allowed
says ACCOUNT_RATE_LIMITS; none counts longer than five minutes.
"""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .events import note

SECONDS = 300  # after which at the latest the next attempt is allowed


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    note("refused: too often")
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(SECONDS)
    return response


class Limited:
    """A view whose forms are taken only so often, counted as `limit` of ACCOUNT_RATE_LIMITS."""

    limit: str

    def post(self, request: HttpRequest, *args: str, **kwargs: Any) -> HttpResponse:
        # What a limit “per key” counts, where there is one.
        key = request.POST.get("email", "").lower()
        refused = ratelimit.consume_or_429(request, action=self.limit, key=key)
        return refused or super().post(request, *args, **kwargs)  # type: ignore[misc]
