"""The second factor: who needs one, whether a session showed it, and taking it away.

django-allauth notes in the session by what somebody signed in, so asking costs no query.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest

from .models import User
from .sessions import end_other_sessions, end_sessions
from .signals import person_changed

# Recovery codes come along with one of these, and stand in for it.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def connect() -> None:
    authenticator_added.connect(_added, dispatch_uid="annotate.second_factor")
    authenticator_removed.connect(_removed, dispatch_uid="annotate.second_factor")


def is_on() -> bool:
    """Whether anybody is asked for a second factor."""
    return settings.SECOND_FACTOR != "off"


def is_for_everybody() -> bool:
    return settings.SECOND_FACTOR == "everybody"


def is_asked(user: User) -> bool:
    return is_on() and (is_for_everybody() or user.moderates or user.is_staff)


def has_one(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def must_set_up(user: User) -> bool:
    return is_asked(user) and not has_one(user)


def confine(session: SessionBase, user: User) -> None:
    """Let somebody who did not show the second factor do only what reviewers do."""
    if is_asked(user):
        user.confined = not shown(session, user)


def shown(session: SessionBase, user: User) -> bool:
    """Whether this session was begun, or confirmed, with the second factor of late."""
    request = HttpRequest()
    request.session = session
    since = time.time() - settings.SECOND_FACTOR_SECONDS
    records = get_authentication_records(request, user)
    return any(record["method"] == "mfa" and record["at"] >= since for record in records)


@transaction.atomic
def remove(user: User, *, by: User | None = None) -> bool:
    """Take somebody's second factor away, for a device that is lost; return if there was one.

    Their sessions end: whoever has the device may have one.
    """
    there_was, _ = Authenticator.objects.filter(user=user).delete()
    if there_was:
        end_sessions(user)
        changed = {"what": "second factor", "before": True, "after": False}
        person_changed.send(User, user=user, by=by, **changed)
    return bool(there_was)


def _added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """What was just set up was shown: its code was checked."""
    if authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", type=authenticator.type)


def _removed(request: HttpRequest, user: User, **_: Any) -> None:
    """Without a second factor, none was shown: not here, and other sessions end."""
    if has_one(user):
        return
    records = get_authentication_records(request, user)
    kept = [record for record in records if record["method"] != "mfa"]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = kept
    end_other_sessions(request)
