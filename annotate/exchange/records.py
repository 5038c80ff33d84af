"""What every export reads, in one order: the same rows give the same bytes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Q

from annotate import replica
from annotate.accounts.models import User
from annotate.annotations.models import Annotation, Reading
from annotate.articles.models import Article
from annotate.discussion.models import Comment, Thread
from annotate.reviews.models import Assignment, Round
from annotate.reviews.people import People


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all that is read inside be as of one moment, whatever others change meanwhile.

    In a transaction that runs already, its own isolation holds.
    """
    connection = replica.source()
    outermost = not connection.in_atomic_block
    with transaction.atomic(using=connection.alias):
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class Names:
    """What an export calls people: by public name, or as the round's pseudonyms have it."""

    def __init__(self, article: Article, user: User | None) -> None:
        self.rounds = list(article.rounds.order_by("number"))
        self._numbers = {one.pk: one.number for one in self.rounds}
        # Moderators and commands know everybody.
        hide = user is not None and not user.is_moderator
        self._people = {
            one.pk: People.of(one, user) for one in self.rounds if hide and user is not None
        }

    def of(self, person: User, round: int | None) -> str:
        people = self._people.get(round) if round else None
        return people.called(person) if people else person.public_name

    def number(self, round: int | None) -> int | None:
        """Return the number by which an export names a round."""
        return self._numbers[round] if round else None


def annotations_of(article: Article, user: User | None, names: Names) -> list[Annotation]:
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
    return sorted(rows, key=lambda one: _annotation_key(one, names))


def readings_of(article: Article, user: User | None, names: Names) -> list[Reading]:
    """Return what `user` may see of an article's readings, by sentence, round and reviewer."""
    readings = Reading.objects.all() if user is None else Reading.objects.visible_to(user)
    rows = (
        readings.filter(sentence__article=article)
        .order_by()
        .select_related("sentence", "reviewer")
        .defer("reviewer__preferences")
    )
    return sorted(
        rows,
        key=lambda one: (
            one.sentence.position,
            names.number(one.round_id) or 0,
            names.of(one.reviewer, one.round_id),
        ),
    )


def seats_of(user: User | None, names: Names) -> dict[int, list[Assignment]]:
    """Return the parts that `user` may know of, by their round: all, or their own only."""
    if not names.rounds:
        return {}
    seats = Assignment.objects.filter(round__in=names.rounds).select_related("reviewer")
    if user is not None:
        shared = Round.objects.shared_with(user)
        seats = seats.filter(Q(reviewer=user) | Q(round__in=shared))
    found: dict[int, list[Assignment]] = {}
    for seat in seats.order_by("number"):
        found.setdefault(seat.round_id, []).append(seat)
    return found


def threads_of(
    article: Article, user: User | None, names: Names
) -> list[tuple[Thread, list[Comment]]]:
    """Return what `user` may see of an article's threads, each with its comments by time.

    Of what others withdrew they may know no more than that it is gone.
    """
    threads = Thread.objects.all() if user is None else Thread.objects.visible_to(user)
    rows = list(
        threads.filter(article=article)
        .order_by()
        .select_related("created_by", "resolved_by")
        .defer("prefix", "suffix", "created_by__preferences", "resolved_by__preferences")
    )
    comments: dict[int, list[Comment]] = {one.pk: [] for one in rows}
    if rows:
        found = Comment.objects.filter(thread__in=rows).prefetch_related("mentions")
        if user is not None:
            found = found.visible_to(user)
            if not user.is_moderator:
                found = found.filter(Q(author=user) | Q(withdrawn_at=None))
        for comment in found.select_related("author").order_by():
            comments[comment.thread_id].append(comment)

    def comment_key(one: Comment, round: int | None) -> tuple:
        mentions = sorted(names.of(person, round) for person in one.mentions.all())
        times = one.created_at, *map(str, (one.edited_at, one.withdrawn_at, one.hidden_at))
        return *times, names.of(one.author, round), one.text, mentions

    def thread_key(one: Thread) -> tuple:
        round = one.round_id
        resolved_by = names.of(one.resolved_by, round) if one.resolved_by else ""
        return (
            *(one.start, -one.end, one.created_at, names.number(round) or 0),
            *(names.of(one.created_by, round), one.outcome, str(one.resolved_at), resolved_by),
            [comment_key(comment, round) for comment in comments[one.pk]],
        )

    for one in rows:
        comments[one.pk].sort(key=lambda comment: comment_key(comment, one.round_id))
    return [(one, comments[one.pk]) for one in sorted(rows, key=thread_key)]


def utc(time: datetime.datetime | None) -> str | None:
    """Return a time as `2017-11-13T21:04:05.000000Z`, always with microseconds."""
    if time is None:
        return None
    text = time.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def _annotation_key(one: Annotation, names: Names) -> tuple:
    return (
        one.start,
        -one.end,
        one.created_at,
        one.label.slug,
        names.of(one.reviewer, one.round_id),
        one.changed_at,
        one.note,
        str(one.confidence),
        str(one.withdrawn_at),
        str(one.hidden_at),
        names.number(one.round_id) or 0,
        one.guideline,
    )
