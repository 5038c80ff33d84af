"""Say what happened: stored for pages that come later, and notified to those that are open."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from annotate.accounts.models import User
from annotate.articles.models import Article

from .models import Event

CHANNEL = "annotate"


def publish(
    article: Article | int,
    kind: str,
    *,
    by: User | None,
    positions: Sequence[int] = (),
) -> int:
    """Record an event and notify it when the transaction commits; return its number.

    `positions` are those of the sentences that look different now. The article must be
    locked by this transaction: see `Event`.
    """
    values = {
        "article": article if isinstance(article, int) else article.pk,
        "by": by.pk if by else None,
        "kind": kind,
        "first": min(positions, default=None),
        "last": max(positions, default=None),
    }
    with connection.cursor() as cursor:
        cursor.execute(PUBLISH, values)
        return cursor.fetchone()[0]


# The time, and after the last of the article even where the clock was set back.
NUMBER = """
    greatest((extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
             (SELECT max(number) + 1 FROM live_event WHERE article_id = {article}))
"""
COLUMNS = "article_id, by, kind, first_position, last_position, at, number"
# Of these columns an event is told. Only numbers travel: what a page may see of it, it asks
# for itself.
RETURNING = "RETURNING number, article_id, by, kind"
NOTIFY = f"""
    pg_notify('{CHANNEL}', json_build_object(
        'event', event.number, 'article', event.article_id, 'by', event.by, 'kind', event.kind
    )::text)
"""
PUBLISH = f"""
    WITH event AS (
        INSERT INTO live_event ({COLUMNS})
        VALUES (%(article)s, %(by)s, %(kind)s, %(first)s, %(last)s, clock_timestamp(),
                {NUMBER.format(article="%(article)s")})
        {RETURNING})
    SELECT number, {NOTIFY} FROM event
"""  # noqa: S608 - composed of constants


def publish_person(user: User | int) -> None:
    """Say that what a person may do, or whether they are signed in, may have changed."""
    pk = user if isinstance(user, int) else user.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, json_build_object('person', %s::bigint)::text)", [CHANNEL, pk]
        )


def latest_event(article: Article, user: User, *, sees_all: bool) -> int:
    """Return the number of the last event that `user` may know of; 0 for none."""
    told = Event.objects.filter(article=article).told_to(user, sees_all=sees_all)
    return told.order_by("-number").values_list("number", flat=True).first() or 0
