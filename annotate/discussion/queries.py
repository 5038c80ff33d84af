"""What the pages read of discussions."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F

from annotate.accounts.models import User
from annotate.annotations import wording
from annotate.articles.models import Article
from annotate.reviews.people import People

from . import text
from .models import Comment, Step, Thread, ThreadQuerySet


def unresolved_by_article(articles: Iterable[Article], user: User) -> dict[int, int]:
    """Return how many unresolved threads of each article's latest round `user` sees."""
    threads = Thread.objects.visible_to(user).current().unresolved()
    here = threads.filter(article__in=[one.pk for one in articles])
    return dict(here.order_by().values_list("article").annotate(Count("pk")))


# --- Threads as a page shows them -----------------------------------------------------------


@dataclass(slots=True)
class Line:
    """A comment, or what was done to the thread between two."""

    pk: int
    at: datetime.datetime
    who: str
    is_mine: bool
    html: str = ""  # safe: text.render made it
    edited_at: datetime.datetime | None = None
    is_withdrawn: bool = False
    is_hidden: bool = False  # by a moderator: shown to its author and to moderators
    done: str = ""  # "reopened it", for what is no comment


@dataclass(slots=True)
class Shown:
    """A thread with what the person sees of it."""

    thread: Thread
    place: str
    who: str
    resolved_by: str
    lines: list[Line] = field(default_factory=list)

    @property
    def comments(self) -> int:
        return sum(not line.done and not line.is_withdrawn for line in self.lines)


def with_all(threads: ThreadQuerySet) -> ThreadQuerySet:
    """Threads with what a page shows of each."""
    rows = threads.select_related(
        "article", "round", "created_by", "resolved_by", "precedent__label"
    )
    return rows.defer("article__text", "article__search")


def show(threads: Sequence[Thread], user: User) -> list[Shown]:
    """Return threads of one article as `user` sees them, in as many queries for any number."""
    comments: dict[int, list[Comment]] = {}
    rows = Comment.objects.visible_to(user).filter(thread__in=threads)
    for one in rows.select_related("author").prefetch_related("mentions"):
        comments.setdefault(one.thread_id, []).append(one)
    steps: dict[int, list[Step]] = {}
    moves = Step.objects.filter(
        thread__in=threads,
        comment=None,
        kind__in=[Step.Kind.RESOLVED, Step.Kind.REOPENED, Step.Kind.REVERTED],
    )
    for step in moves.select_related("by").order_by("pk"):
        steps.setdefault(step.thread_id, []).append(step)
    rounds = {one.round_id: one.round for one in threads}
    people = {pk: People.of(round, user) for pk, round in rounds.items()}
    links = _links(threads, [one for found in comments.values() for one in found])
    return [
        _show(
            one,
            comments.get(one.pk, []),
            steps.get(one.pk, []),
            people[one.round_id],
            links,
            user,
        )
        for one in threads
    ]


def _show(
    thread: Thread,
    comments: list[Comment],
    steps: list[Step],
    people: People,
    links: dict[int, str],
    user: User,
) -> Shown:
    lines = [
        Line(
            pk=one.pk,
            at=one.created_at,
            who=people.name(one.author),
            is_mine=one.author_id == user.pk,
            html=""
            if one.withdrawn_at
            else text.render(one.text, people, one.mentions.all(), links),
            edited_at=one.edited_at,
            is_withdrawn=one.withdrawn_at is not None,
            is_hidden=one.hidden_at is not None,
        )
        for one in comments
    ]
    lines += [
        Line(
            pk=one.pk,
            at=one.at,
            who=people.name(one.by),
            is_mine=one.by_id == user.pk,
            done=_done(one),
        )
        for one in steps
    ]
    return Shown(
        thread=thread,
        place=wording.place([thread.first_position, thread.last_position]),
        who=people.name(thread.created_by),
        resolved_by=people.name(thread.resolved_by) if thread.resolved_by else "",
        lines=sorted(lines, key=lambda line: (line.at, bool(line.done), line.pk)),
    )


def _done(step: Step) -> str:
    if step.kind == Step.Kind.RESOLVED:
        return f"resolved it: {step.get_outcome_display().lower()}"
    if step.outcome:
        return f"put its outcome back: {step.get_outcome_display().lower()}"
    return "reopened it"


def _links(threads: Sequence[Thread], comments: Sequence[Comment]) -> dict[int, str]:
    """Return the address of each sentence that the comments link to, by its position."""
    wanted = {position for one in comments for position in text.find_positions(one.text)}
    if not wanted or not threads:
        return {}
    article = threads[0].article
    rows = article.sentences.filter(position__in=wanted).values_list("position", "pk")
    return {position: f"{article.get_absolute_url()}#sentence-{pk}" for position, pk in rows}


def touching(article: Article, user: User, first: int, last: int) -> ThreadQuerySet:
    """Return the threads of the latest round on any of the sentences `first` to `last`."""
    threads = Thread.objects.visible_to(user).current().filter(article=article)
    return in_order(threads.filter(first_position__lte=last, last_position__gte=first))


def in_order(threads: ThreadQuerySet) -> ThreadQuerySet:
    """Return unresolved ones as they stand in the story; then resolved ones, latest first."""
    latest = F("resolved_at").desc(nulls_first=True)
    return with_all(threads).order_by(latest, "start", "created_at", "pk")
