"""The yardstick's session and person: what Django itself does to know who asks.

The site reads both with statements of its own. Against a view that is as quick at it, a tag
would seem to cost more with each thing that is made quicker for all pages.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject


class PlainDjango:
    """Comes after the site's own, which ask the database nothing before a view is chosen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/plain/":
            request.session = SessionStore(request.COOKIES[settings.SESSION_COOKIE_NAME])
            request.user = SimpleLazyObject(partial(_person, request))
        return self.get_response(request)


def _person(request: HttpRequest) -> object:
    user = ModelBackend().get_user(int(request.session[SESSION_KEY]))
    assert user is not None
    good = user.get_session_auth_hash()
    assert constant_time_compare(request.session[HASH_SESSION_KEY], good)
    return user
