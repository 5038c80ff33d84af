"""What happened in an article after an event that a page knows of."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.db import close_old_connections
from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.models import Article

from .models import Event

KEPT = datetime.timedelta(days=7)
MOST = 500  # events that are told one by one; after more, a page is read anew


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
    events = Event.objects.filter(article=article, number__gte=since)
    rows = list(
        events.told_to(user, sees_all=sees_all)
        .order_by("number")
        .values_list("number", "by", "kind", "first_position", "last_position")[: MOST + 2]
    )
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
    Event.objects.filter(at__lt=timezone.now() - KEPT).delete()


def prune_in_pool() -> None:
    close_old_connections()
    try:
        prune()
    finally:
        close_old_connections()
