"""Lines in the log about who signed in, or tried to, and how: people are numbers in them."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from .sessions import renew

log = logging.getLogger("annotate.security")


def connect() -> None:
    for signal, receiver in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (user_login_failed, _refused),
        (authentication_step_completed, _shown),
        (authenticator_added, _added),
        (authenticator_removed, _removed),
        (authenticator_reset, _removed),
    ):
        signal.connect(receiver, dispatch_uid=f"annotate.events.{receiver.__name__}")


def note(what: str, person: int | None = None) -> None:
    """Write a line that `what` was done by a person, or by somebody who is not known."""
    fields = {"event": what, "person": person}
    log.info("%s%s", what, f", person {person}" if person else "", extra={"fields": fields})


def _signed_in(user: Any, **_: Any) -> None:
    note("signed in", user.pk)


def _signed_out(user: Any, **_: Any) -> None:
    if user is not None:
        note("signed out", user.pk)


def _refused(**_: Any) -> None:
    note("sign-in refused")


def _shown(
    request: HttpRequest, user: Any, method: str, reauthenticated: bool = False, **more: Any
) -> None:
    """A way of showing who one is was right. Confirmed in a session, that has another key."""
    how = " ".join(filter(None, (method, str(more.get("type") or ""))))
    note(f"{'confirmed' if reauthenticated else 'shown'}: {how}", user.pk)
    if reauthenticated:
        renew(request)


def _added(user: Any, authenticator: Any, **_: Any) -> None:
    note(f"second factor added: {authenticator.type}", user.pk)


def _removed(user: Any, authenticator: Any, **_: Any) -> None:
    note(f"second factor removed or renewed: {authenticator.type}", user.pk)
