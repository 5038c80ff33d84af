"""What the pages about rounds read: parts with their progress, people with their work."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection, models
from django.db.models import Count, FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from annotate.accounts.models import User, UserQuerySet
from annotate.accounts.roles import Role
from annotate.annotations.models import Annotation, Change, Reading
from annotate.annotations.queries import Progress
from annotate.articles.models import Article

from .models import Assignment, AssignmentQuerySet, Move, Round

PAGE = 25
PEOPLE = 100  # in the table of who has how much to do
CLOSED = 20  # closed rounds on a person's own page
BREAK = 300  # seconds: a longer pause is not time spent on a sentence
AT_ONCE = 0.2  # seconds: sentences marked faster were marked together, in one step
State = Round.State

# Of each part in some rounds: sentences tagged or read, of how many, when it was last worked
# on, and the median seconds for a sentence. The time of a change is what passed since the
# person's change before it in the round; what was done after the reveal is not of the reading.
WORK = f"""
    WITH span AS (
        SELECT round_id, reviewer_id, first_position AS first, last_position AS last
          FROM annotations_annotation
         WHERE withdrawn_at IS NULL AND round_id = ANY(%(rounds)s)
               AND reviewer_id = ANY(%(people)s)
               AND (hidden_at IS NULL OR reviewer_id = %(viewer)s OR %(viewer)s IS NULL)
         UNION ALL
        SELECT reading.round_id, reading.reviewer_id, sentence.position, sentence.position
          FROM annotations_reading reading
          JOIN articles_sentence sentence ON sentence.id = reading.sentence_id
         WHERE reading.withdrawn_at IS NULL AND reading.round_id = ANY(%(rounds)s)
               AND reading.reviewer_id = ANY(%(people)s)
    ), spans AS (
        SELECT round_id, reviewer_id, range_agg(int4range(first, last, '[]')) AS parts
          FROM span GROUP BY round_id, reviewer_id
    ), step AS (
        SELECT change.round_id, change.by_id, change.at, change.movement,
               coalesce(tag.first_position, sentence.position) AS position,
               extract(epoch FROM change.at - lag(change.at) OVER (
                   PARTITION BY change.round_id, change.by_id ORDER BY change.id)) AS seconds
          FROM annotations_change change
          LEFT JOIN annotations_annotation tag ON tag.id = change.annotation_id
          LEFT JOIN annotations_reading reading ON reading.id = change.reading_id
          LEFT JOIN articles_sentence sentence ON sentence.id = reading.sentence_id
         WHERE change.round_id = ANY(%(rounds)s) AND change.by_id = ANY(%(people)s)
               AND change.kind NOT IN {Change.MODERATION}
    ), active AS (
        SELECT round_id, by_id, max(at) AS at FROM step GROUP BY round_id, by_id
    ), per_sentence AS (
        SELECT round_id, by_id, sum(seconds) AS seconds
          FROM step WHERE seconds <= %(break)s AND movement = ''
         GROUP BY round_id, by_id, position
    ), pace AS (
        SELECT round_id, by_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
          FROM per_sentence WHERE seconds >= %(at_once)s GROUP BY round_id, by_id
    )
    SELECT seat.id,
           coalesce((SELECT sum(upper(part) - lower(part))::int FROM unnest(spans.parts) part),
                    0),
           (SELECT max(position) + 1 FROM articles_sentence sentence
             WHERE sentence.article_id = round.article_id),
           active.at, pace.seconds
      FROM reviews_assignment seat
      JOIN reviews_round round ON round.id = seat.round_id
      LEFT JOIN spans ON (spans.round_id, spans.reviewer_id) = (round.id, seat.reviewer_id)
      LEFT JOIN active ON (active.round_id, active.by_id) = (round.id, seat.reviewer_id)
      LEFT JOIN pace ON (pace.round_id, pace.by_id) = (round.id, seat.reviewer_id)
     WHERE seat.id = ANY(%(seats)s)
"""  # noqa: S608 - composed of constants


@dataclass(slots=True)
class Work:
    """One person's part in a round, and how far it is."""

    assignment: Assignment
    progress: Progress
    last: datetime.datetime | None
    seconds: float | None  # the median for a sentence of the first reading

    @property
    def state(self) -> str:
        """How far the part is, as a word for a style; `words` says it to people."""
        seat, round = self.assignment, self.assignment.round
        if seat.handed_on_at:
            return "handed-on"
        if not round.is_active or round.is_revealed:
            return round.state
        if seat.submitted_at:
            return "submitted"
        if seat.is_late:
            return "late"
        return "begun" if self.progress.done else "new"

    @property
    def words(self) -> str:
        round = self.assignment.round
        return {
            "handed-on": "Handed on",
            "closed": "Closed",
            "revealed": "Revealed",
            "submitted": "Waiting for the reveal" if round.is_blind else "Submitted",
            "late": "Late",
            "begun": "In progress",
            "new": "Not begun",
        }[self.state]


def work_of(assignments: Iterable[Assignment], viewer: User | None = None) -> list[Work]:
    """Return each part with how far it is, in one query. They come with round and article.

    To a `viewer` who does not moderate, others' tags that they may not see do not count.
    """
    seats = list(assignments)
    values: dict[str, Any] = {
        "seats": [one.pk for one in seats],
        "rounds": list({one.round_id for one in seats}),
        "people": list({one.reviewer_id for one in seats}),
        "break": BREAK,
        "at_once": AT_ONCE,
        "viewer": viewer.pk if viewer and not viewer.is_moderator else None,
    }
    if not seats:
        return []
    with connection.cursor() as cursor:
        cursor.execute(WORK, values)
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    return [
        Work(one, Progress(rows[one.pk][0], rows[one.pk][1] or 0), *rows[one.pk][2:])
        for one in seats
    ]


def parts() -> AssignmentQuerySet:
    """Parts with their round, its article without its text, and their reviewer."""
    return Assignment.objects.select_related("round__article", "reviewer").defer(
        "round__article__text", "round__article__search", "reviewer__preferences"
    )


# --- A person's own work ------------------------------------------------------------------


@dataclass(slots=True)
class OwnWork:
    to_do: list[Work]  # late first, then what is due first
    revealed: list[Work]
    submitted: list[Work]
    closed: list[Work]  # the latest


def own_work(user: User) -> OwnWork:
    """Return all that `user` has a part in, in three queries."""
    own = (
        parts()
        .active()
        .filter(reviewer=user, round__article__in=Article.objects.visible_to(user))
    )
    closed = own.filter(round__state=State.CLOSED).order_by("-round__closed_at")[:CLOSED]
    active = own.exclude(round__state=State.CLOSED).order_by(
        Coalesce("due", "round__due").asc(nulls_last=True), "pk"
    )
    all_work = work_of([*active, *closed])

    def those(*states: str) -> list[Work]:
        return [one for one in all_work if one.state in states]

    return OwnWork(
        to_do=[*those("late"), *those("new", "begun")],
        revealed=those("revealed"),
        submitted=those("submitted"),
        closed=those("closed"),
    )


# --- People ---------------------------------------------------------------------------------


def reviewers() -> UserQuerySet:
    """Who has the role and can sign in."""
    people = User.objects.working().filter(groups__name=Role.REVIEWER)
    return people.order_by(Lower("public_name"))


def possible_reviewers() -> UserQuerySet:
    """Who may be assigned: who has the role and can sign in; with how much is `unfinished`."""
    parts = Assignment.objects.unfinished().filter(reviewer=OuterRef("pk")).order_by()
    count = parts.values("reviewer").annotate(count=Count("pk")).values("count")
    return reviewers().annotate(unfinished=Coalesce(Subquery(count), 0))


def standing_parts(
    articles: Sequence[Article],
) -> list[tuple[Article, Round | None, list[User], list[User]]]:
    """Return each article with its active round, its reviewers, and whose part was handed on.

    Without any round before, whoever worked in the article becomes a reviewer of the first.
    """
    rounds = {
        one.article_id: one for one in Round.objects.filter(article__in=articles, latest=True)
    }
    active = {pk: one for pk, one in rounds.items() if one.is_active}
    has: dict[int, list[User]] = {one.pk: [] for one in articles}
    gone: dict[int, list[User]] = {one.pk: [] for one in articles}
    for seat in parts().filter(round__in=active.values()).order_by("number"):
        (gone if seat.handed_on_at else has)[seat.round.article_id].append(seat.reviewer)
    for article, person in _worked_before([one for one in articles if one.pk not in rounds]):
        has[article].append(person)
    return [(one, active.get(one.pk), has[one.pk], gone[one.pk]) for one in articles]


def _worked_before(articles: list[Article]) -> list[tuple[int, User]]:
    tagged = Annotation.objects.filter(article__in=articles, round=None)
    read = Reading.objects.filter(sentence__article__in=articles, round=None)
    pairs = set(tagged.values_list("article", "reviewer")) | set(
        read.values_list("sentence__article", "reviewer")
    )
    people = User.objects.in_bulk([person for _, person in pairs])
    return [(article, people[person]) for article, person in sorted(pairs)]


# --- All work, for moderators ---------------------------------------------------------------


class Show(models.TextChoices):
    """Which stories to list."""

    ACTIVE = "active", "In review"
    LATE = "late", "With a late part"
    SHORT = "short", "Short of reviewers"
    REVEALED = "revealed", "Revealed, to be closed"
    NONE = "none", "Without a review"
    CLOSED = "closed", "Closed"


@dataclass(slots=True)
class Reviewed:
    """A story with its latest round and the parts in it."""

    article: Article
    round: Round | None
    work: list[Work]

    @property
    def here(self) -> int:
        return sum(one.assignment.handed_on_at is None for one in self.work)

    @property
    def is_short(self) -> bool:
        return bool(self.round and self.round.takes_submits and self.here < self.round.needed)


def list_reviews(
    *, q: str = "", show: str = "", reviewer: User | None = None, page: str | None = None
) -> tuple[Page, list[Reviewed]]:
    """Return a page of stories and their reviews: what is late first. Eight queries at most."""
    # Looked up first: who is late is asked once, not for each story.
    late = list(late_parts().order_by().values_list("round__article", flat=True).distinct())
    found = Article.objects.standing().defer("text", "search")
    if q:
        found = found.named(q, "title", "outlet")
    found = found.annotate(latest=FilteredRelation("rounds", condition=Q(rounds__latest=True)))
    if reviewer:
        own = Assignment.objects.active().filter(reviewer=reviewer, round__latest=True)
        found = found.filter(pk__in=own.values("round__article"))
    reading = [State.BLIND, State.OPEN]
    match show:
        case Show.ACTIVE:
            found = found.filter(latest__state__in=[*reading, State.REVEALED])
        case Show.LATE:
            found = found.filter(pk__in=late)
        case Show.REVEALED | Show.CLOSED:
            found = found.filter(latest__state=show)
        case Show.NONE:
            found = found.filter(latest__pk=None)
        case Show.SHORT:
            seats = Assignment.objects.active().filter(round=OuterRef("latest__pk"))
            count = seats.order_by().values("round").annotate(count=Count("pk")).values("count")
            found = found.filter(
                latest__state__in=reading, latest__needed__gt=Coalesce(Subquery(count), 0)
            )
    turn = models.Case(
        models.When(pk__in=late, then=0),
        models.When(latest__state__in=reading, then=1),
        models.When(latest__state=State.REVEALED, then=2),
        models.When(latest__pk=None, then=3),
        default=4,
    )
    # Which they are first: numbers are sorted sooner than whole rows.
    order = found.order_by(turn, "-pk").values_list("pk", flat=True)
    shown = Paginator(order, PAGE).get_page(page)
    stories = Article.objects.defer("text", "search").in_bulk(list(shown.object_list))
    articles = [stories[pk] for pk in shown.object_list]
    by_article: dict[int, list[Work]] = {one.pk: [] for one in articles}
    here = parts().filter(round__article__in=articles, round__latest=True).order_by("number")
    for work in work_of(here):
        by_article[work.assignment.round.article_id].append(work)
    latest = {
        one.article_id: one for one in Round.objects.filter(article__in=articles, latest=True)
    }
    rows = [Reviewed(one, latest.get(one.pk), by_article[one.pk]) for one in articles]
    return shown, rows


def late_parts() -> AssignmentQuerySet:
    """Unfinished parts past their due date; as `Assignment.is_late`.

    Those with a date of their own, and those that have the round's: both by an index.
    """
    unfinished, today = Assignment.objects.unfinished(), timezone.localdate()
    own = unfinished.filter(due__lt=today)
    of_round = unfinished.filter(due=None, round__due__lt=today)
    late = own.order_by().values("pk").union(of_round.order_by().values("pk"), all=True)
    return Assignment.objects.filter(pk__in=late)


def people_at_work() -> tuple[list[tuple[User, int]], int]:
    """Return who may review and how many of their parts are late; who has no work first.

    Of very many the first PEOPLE; and how many there are. In three queries: as one, the late
    parts would be counted anew for each part of a person.
    """
    late = dict(late_parts().order_by().values_list("reviewer").annotate(count=Count("pk")))
    everybody: Any = possible_reviewers()
    people = everybody.order_by("unfinished", Lower("public_name"))[:PEOPLE]
    return [(one, late.get(one.pk, 0)) for one in people], reviewers().count()


# --- The log of a round -----------------------------------------------------------------------

SETTINGS = {"needed": "reviewers needed", "due": "due date", "pseudonyms": "pseudonyms"}
VALUES = {"None": "none", "True": "on", "False": "off"}


def in_words(move: Move) -> str:
    """Return a line of the log: "mo assigned ana"."""
    by = str(move.by or "Annotate")
    match move.kind:
        case Move.Kind.OPENED:
            return f"{by} opened the round, {move.after}"
        case Move.Kind.SET:
            return f"{by} changed {_settings(move.note)}"
        case Move.Kind.JOINED:
            return f"{by} joined by beginning to work"
        case Move.Kind.HANDED_ON:
            return f"{by} handed on the part of {move.person}"
        case Move.Kind.SUBMITTED:
            return f"{by} submitted"
        case Move.Kind.REOPENED:
            return f"{by} reopened their review"
        case Move.Kind.REVEALED if move.by is None:
            return "The round was revealed: all who were needed had submitted"
    return str(move)


def _settings(note: str) -> str:
    """Say what `change_round` noted: "due date: none → 2026-12-01"."""
    said = []
    for line in note.split("; "):
        name, _, values = line.partition(": ")
        before, _, after = values.partition(" → ")
        values = f"{VALUES.get(before, before)} → {VALUES.get(after, after)}"
        said.append(f"{SETTINGS.get(name, name)}: {values}")
    return "; ".join(said)


def log_of(rounds: Sequence[Round]) -> list[tuple[Move, str]]:
    """Return what was done in some rounds, with words for it."""
    moves = Move.objects.filter(round__in=rounds).select_related("round", "by", "person")
    moves = moves.order_by("pk")
    return [(one, in_words(one)) for one in moves]
