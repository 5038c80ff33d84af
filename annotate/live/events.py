"""What happened in an article after an event that a page knows of."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.db import close_old_connections
from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.models import Article
from annotate.trips import fetch

from .models import Event, EventQuerySet

KEPT = datetime.timedelta(days=7)
MOST = 500  # events that are told one by one; after more, a page is read anew

# As `latest_event`, and what came after the event `since`: each page that is open asks.
LATEST = f"""
    SELECT number FROM live_event
     WHERE article_id = %(article)s AND {EventQuerySet.TOLD_TO}
     ORDER BY number DESC LIMIT 1
"""  # noqa: S608 - composed of constants
NEWS = f"""
    SELECT number, by, kind, first_position, last_position FROM live_event
     WHERE article_id = %(article)s AND number >= %(since)s AND {EventQuerySet.TOLD_TO}
     ORDER BY number LIMIT {MOST + 2}
"""  # noqa: S608 - composed of constants


@dataclass
class News:
    """What came after an event, as far as a person may know of it.

    `stale`: the whole story may look different, or not all that happened is known any more.
    """

    positions: set[int] = field(default_factory=set)
    stale: bool = False
    by_others: list[tuple[int | None, int | None]] = field(default_factory=list)  # who, where


def news_since(article: Article, user: User, *, sees_all: bool, since: int) -> News:
    """Return what `user` may know of that happened in `article` after the event `since`.

    One query. The event itself is read, too: while it is kept, all that came later is kept,
    and an event of another article, or one that the person may not know of, begins nothing.
    """
    values = {
        "article": article.pk,
        "user": user.pk,
        "moderator": user.is_moderator,
        "everyone": sees_all,
        "since": since,
    }
    return news_of(fetch([NEWS], values)[0], article, user, since)


def news_of(rows: list[tuple], article: Article, user: User, since: int) -> News:
    """Return what the rows of `NEWS` tell."""
    if rows and rows[0][0] == since:
        rows.pop(0)
    elif since or article.created_at < timezone.now() - KEPT:
        return News(stale=True)
    news = News(stale=len(rows) > MOST)
    for _, by, kind, first, last in rows:
        if kind in (Event.Kind.ROUND, Event.Kind.PART):
            news.stale = True
        elif first is not None:
            news.positions.update(range(first, (last or first) + 1))
            if by != user.pk:
                news.by_others.append((by, first))
    return News(stale=True) if news.stale else news


def prune() -> None:
    """Forget the events of former days; who comes with an older one reads the story anew."""
    # By number, which rises also where the clock was set back: a gap would go unnoticed.
    oldest = int((timezone.now() - KEPT).timestamp() * 1_000_000)
    Event.objects.filter(number__lt=oldest).delete()


def prune_in_pool() -> None:
    close_old_connections()
    try:
        prune()
    finally:
        close_old_connections()
