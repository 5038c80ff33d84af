"""What every export reads, in one order: the same rows give the same bytes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from annotate.accounts.models import User
from annotate.annotations.models import Annotation, Reading
from annotate.articles.models import Article


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all that is read inside be as of one moment, whatever others change meanwhile.

    In a transaction that runs already, its own isolation holds.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def annotations_of(article: Article, user: User | None) -> list[Annotation]:
    """Return what `user` may see of an article's annotations; None sees everything.

    By start, the longer one first, then by time. No row's number takes part in the order,
    nor does the database's collation: another database gives the same.
    """
    annotations = (
        Annotation.objects.all() if user is None else Annotation.objects.visible_to(user)
    )
    rows = (
        annotations.filter(article=article)
        .order_by()
        .select_related("label", "reviewer")
        .defer("prefix", "suffix", "label__guideline", "reviewer__preferences")
    )
    return sorted(rows, key=_annotation_key)


def readings_of(article: Article, user: User | None) -> list[Reading]:
    """Return what `user` may see of an article's readings, by sentence and reviewer."""
    readings = Reading.objects.all() if user is None else Reading.objects.visible_to(user)
    rows = (
        readings.filter(sentence__article=article)
        .order_by()
        .select_related("sentence", "reviewer")
        .defer("reviewer__preferences")
    )
    return sorted(rows, key=lambda one: (one.sentence.position, one.reviewer.public_name))


def utc(time: datetime.datetime | None) -> str | None:
    """Return a time as `2017-11-13T21:04:05.000000Z`, always with microseconds."""
    if time is None:
        return None
    text = time.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def _annotation_key(one: Annotation) -> tuple:
    return (
        one.start,
        -one.end,
        one.created_at,
        one.label.slug,
        one.reviewer.public_name,
        one.changed_at,
        one.note,
        str(one.confidence),
        str(one.withdrawn_at),
        str(one.hidden_at),
    )
