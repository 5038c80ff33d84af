"""Where somebody is signed in, and ending that.

Each ends when it was not used for a while, and at a fixed time after its sign-in at the
latest. Its expiry in the database says so, which is put off once an hour at most.

django-allauth notes address and browser of each sign-in (`UserSession`). Its notes are for
showing: what ends all sessions is `User.session_epoch`, which each session is checked against,
so that one without a note ends, too, and no table is searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from annotate.accounts.session_store import SessionStore

from .models import User

# In this order: most browsers name others as well, to be taken for them.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "", "Chrome": "", "Safari": ""}
SYSTEMS = {
    "Android": "",
    "iPhone": "",
    "iPad": "",
    "Windows": "",
    "Mac OS": "macOS",
    "Linux": "",
}

BEGUN = "begun"  # in a session: when its sign-in was, in seconds since 1970
PUT_OFF = timedelta(hours=1)


def connect() -> None:
    user_logged_in.connect(_begin, dispatch_uid="annotate.sessions.begin")


def _begin(request: HttpRequest, **_: Any) -> None:
    request.session[BEGUN] = int(timezone.now().timestamp())
    keep(request.session)


def keep(session: SessionBase) -> None:
    """Put the end of a session off that is used, as far as its sign-in allows.

    It is stored with the answer, and once an hour at most: a request costs no query for it.
    """
    now = timezone.now()
    if BEGUN not in session:  # of before they had an end
        session[BEGUN] = int(now.timestamp())
    longest = timedelta(seconds=settings.SESSION_LONGEST)
    latest = datetime.fromtimestamp(session[BEGUN], UTC) + longest
    end = min(now + timedelta(seconds=settings.SESSION_COOKIE_AGE), latest)
    if "_session_expiry" not in session or end - session.get_expiry_date() > PUT_OFF:
        session.set_expiry(end)


@dataclass(frozen=True)
class SignedIn:
    """One session of a person. Whoever has the key is signed in as them: never show it."""

    pk: int
    browser: str
    address: str
    since: datetime
    key: str = field(repr=False)


def note(request: HttpRequest, user: User, **_: Any) -> None:
    """Note a sign-in, and forget the person's sessions that are over."""
    going_on = Session.objects.filter(
        session_key=OuterRef("session_key"), expire_date__gt=timezone.now()
    )
    UserSession.objects.filter(~Exists(going_on), user=user).delete()
    UserSession.objects.create_from_request(request)


def sessions_of(user: User) -> list[SignedIn]:
    """Return the sessions that go on, the newest first. Two queries, however many."""
    noted = UserSession.objects.filter(user=user).order_by("-created_at", "-pk")
    notes = {note.session_key: note for note in noted}
    good = user.get_session_auth_hash()
    going_on = {
        session.session_key
        for session in _unexpired(list(notes))
        if constant_time_compare(session.get_decoded().get(HASH_SESSION_KEY, ""), good)
    }
    return [
        SignedIn(note.pk, browser_of(note.user_agent), note.ip, note.created_at, key)
        for key, note in notes.items()
        if key in going_on
    ]


def _unexpired(keys: list[str]) -> QuerySet[Session]:
    return Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())


def browser_of(user_agent: str) -> str:
    """Return browser and system as people name them, such as “Firefox on Windows”."""
    browser = _first(BROWSERS, user_agent) or "Another program"
    system = _first(SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def _first(names: dict[str, str], user_agent: str) -> str:
    found = (name for name in names if re.search(rf"\b{name}", user_agent))
    name = next(found, "")
    return names.get(name) or name


@transaction.atomic
def end_session(user: User, pk: int) -> bool:
    """End one of a person's sessions; return whether there was such a one."""
    note = UserSession.objects.filter(user=user, pk=pk).first()
    if note is None:
        return False
    Session.objects.filter(session_key=note.session_key).delete()  # ends open streams, too
    note.delete()
    return True


@transaction.atomic
def end_sessions(user: User, *, keep: str | None = None) -> int:
    """End all sessions of a person but the one with the key `keep`; open streams end, too.

    Returns how many there were, of those that `sessions_of` knows. A request that comes with
    the kept session calls `end_other_sessions`.
    """
    person = User.objects.select_for_update().get(pk=user.pk)
    keys = [one.key for one in sessions_of(person) if one.key != keep]
    person.session_epoch += 1
    person.save(update_fields=["session_epoch"])  # of which open streams are told
    user.session_epoch = person.session_epoch
    if keep and SessionStore().exists(keep):
        kept = SessionStore(keep)
        kept[HASH_SESSION_KEY] = person.get_session_auth_hash()
        kept.save()
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=person).exclude(session_key=keep or "").delete()
    return len(keys)


def renamed(before: str | None, after: str | None) -> None:
    """Note that a session has another key now, as after a change of password."""
    UserSession.objects.filter(session_key=before or "").update(session_key=after)


def renew(request: HttpRequest) -> None:
    """Give a session another key: who knew the one before is not signed in by it."""
    before = request.session.session_key
    request.session.cycle_key()
    renamed(before, request.session.session_key)


def end_other_sessions(request: HttpRequest) -> int:
    """End all sessions of the person who asks but this one; return how many there were."""
    user: User = request.user  # type: ignore[assignment]
    ended = end_sessions(user, keep=request.session.session_key)
    # This request may save its session once more, and has the one from before.
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    return ended
