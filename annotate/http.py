"""The request as our middleware leaves it, for type checkers."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from annotate.accounts.models import User


class Request(HttpRequest):
    """A request of somebody who signed in: no view is reached without, unless it says so."""

    user: User
    htmx: HtmxDetails
