"""What somebody at an open stream may be told: settled when it opens, and again on doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import close_old_connections
from django.http import HttpRequest
from django.utils import timezone

from annotate.accounts.models import User
from annotate.accounts.second_factor import confine
from annotate.accounts.session_store import SessionStore
from annotate.articles.models import Article
from annotate.reviews.parts import part_of

from .actions import latest_event


@dataclass(frozen=True, slots=True)
class Access:
    """One session's view of one article. `latest`: the last event that it may know of."""

    article: int
    person: int
    session: str
    expires: datetime
    sees_all: bool
    moderates: bool
    pseudonyms: bool
    latest: int


def access_of(session: SessionBase, user: User, article: Article | int) -> Access:
    """Return what `user`, who may see `article`, is told of it. Three queries."""
    pk = article if isinstance(article, int) else article.pk
    # The session itself would say when it would expire if it were saved now.
    expires = Session.objects.values_list("expire_date", flat=True)
    part = part_of(pk, user)
    # After the part: a move of the round in between is an event that comes with it.
    latest = latest_event(Article(pk=pk), user, sees_all=part.sees_all)
    return Access(
        article=pk,
        person=user.pk,
        session=session.session_key or "",
        expires=expires.filter(pk=session.session_key).first() or timezone.now(),
        sees_all=part.sees_all,
        moderates=user.is_moderator,
        pseudonyms=part.pseudonyms,
        latest=latest,
    )


def check(accesses: Sequence[Access]) -> list[Access | None]:
    """Return each anew; None where the session has ended or the article may not be seen.

    For a thread of the pool: it asks the database as a request would.
    """
    close_old_connections()
    try:
        found: dict[tuple[str, int], Access | None] = {}
        for one in accesses:
            key = one.session, one.article
            if key not in found:
                found[key] = _again(one)
        return [found[one.session, one.article] for one in accesses]
    finally:
        close_old_connections()


def _again(access: Access) -> Access | None:
    request = HttpRequest()
    request.session = SessionStore(access.session)
    user = get_user(request)  # checks that the password is still the same, too
    if not isinstance(user, User) or user.pk != access.person or user.is_suspended:
        return None
    confine(request.session, user)
    if not Article.objects.visible_to(user).filter(pk=access.article).exists():
        return None
    return access_of(request.session, user, access.article)
