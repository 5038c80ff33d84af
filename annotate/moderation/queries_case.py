"""A case with all that a moderator needs to decide it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.db.models import Count, Q

from annotate.accounts.models import User
from annotate.annotations import wording
from annotate.annotations.models import Annotation, Change, Label
from annotate.annotations.story import TaggedSentence, tagged_sentences, words_around
from annotate.discussion.models import Comment, Thread
from annotate.reviews.models import Round
from annotate.reviews.parts import Part
from annotate.trips import fetch

from .models import Case, CaseQuerySet, Decision, Flag
from .queries_queue import Row, rows_of
from .risk import record_of

SENTENCES = 14  # of a longer passage the first
LINES = 40  # of the history, the latest
BESIDE = 2  # comments before and after
WORKS = 10  # of a person, the latest
LIKE = 5  # earlier decisions on like cases
ROUNDS = 10  # of the author, the latest, from which agreement is counted


@dataclass(slots=True)
class Line:
    """What was done to a tag or a comment."""

    at: datetime.datetime
    who: str
    words: str
    movement: str = ""


@dataclass(slots=True)
class Record:
    """What a person has made, and what moderators thought of it."""

    made: int
    live: int
    hidden: int
    decided: int
    upheld: int
    agreed: int
    compared: int

    @property
    def agreement(self) -> int | None:
        """Per cent; None where nobody else reviewed the same sentences."""
        return round(100 * self.agreed / self.compared) if self.compared else None


@dataclass(slots=True)
class Shown:
    """A case as its page shows it."""

    row: Row
    flags: list[Flag]
    record: Record
    like: list[Decision]
    earlier: list[Decision]
    sentences: list[TaggedSentence] = field(default_factory=list)
    place: str = ""
    link: str = ""  # to the story at the passage
    words: list = field(default_factory=list)  # of a tag, to trim it
    comments: list[Comment] = field(default_factory=list)
    works: list[Annotation] = field(default_factory=list)
    said: list[Comment] = field(default_factory=list)  # a person's latest comments
    history: list[Line] = field(default_factory=list)

    @property
    def case(self) -> Case:
        return self.row.case


def show(case: Case, user: User) -> Shown:
    """Return a case with everything beside it, in a fixed number of queries."""
    (row,) = rows_of([case], user)
    shown = Shown(
        row=row,
        flags=list(
            case.flags.visible_to(user)
            .select_related("by", "round__article")
            .defer("round__article__text", "round__article__search")
        ),
        record=record(case.person),
        like=like_cases(case, user),
        earlier=list(case.decisions.select_related("by").order_by("-pk")),
    )
    if case.annotation:
        tag = case.annotation
        _add_sentences(shown, tag, user)
        around = _around(tag)
        sentences = tag.article.sentences.filter(position__in=around)
        shown.words = words_around(sentences, tag.start, tag.end)
        shown.history = history_of_tag(tag)
    elif case.comment:
        _add_sentences(shown, case.comment.thread, user)
        shown.comments = comments_around(case.comment)
        shown.history = history_of_comment(case.comment)
    else:
        tags = case.person.annotations.select_related("article", "label")
        tags = tags.order_by("-created_at")
        shown.works = list(tags.defer("article__text", "article__search")[:WORKS])
        said = Comment.objects.filter(author=case.person).select_related("thread__article")
        said = said.defer("thread__article__text", "thread__article__search")
        shown.said = list(said.order_by("-created_at")[:WORKS])
    return shown


def with_thing(cases: CaseQuerySet) -> CaseQuerySet:
    """A case with what its page asks of it beside the rows' own."""
    return cases.select_related(
        *("annotation__round", "annotation__article"),
        *("comment__author", "comment__thread__round", "comment__thread__article"),
    ).defer(
        *("annotation__article__text", "annotation__article__search"),
        *("comment__thread__article__text", "comment__thread__article__search"),
    )


def _around(thing: Annotation | Thread) -> range:
    last = min(thing.last_position, thing.first_position + SENTENCES)
    return range(max(thing.first_position - 1, 0), last + 2)


def _add_sentences(shown: Shown, thing: Annotation | Thread, user: User) -> None:
    """Read the passage with its neighbours, as the reader of its round sees them."""
    part = Part(user, thing.round)
    article = thing.article
    shown.place = wording.place([thing.first_position, thing.last_position])
    shown.sentences, _ = tagged_sentences(article, part, _around(thing))
    first = next(one for one in shown.sentences if one.position == thing.first_position)
    shown.link = f"{article.get_absolute_url()}#sentence-{first.pk}"


def comments_around(comment: Comment) -> list[Comment]:
    """Return a comment between those beside it in its thread."""
    thread = Comment.objects.filter(thread=comment.thread_id).select_related("author")
    before = thread.filter(created_at__lt=comment.created_at).order_by("-created_at")[:BESIDE]
    after = thread.filter(created_at__gt=comment.created_at).order_by("created_at")[:BESIDE]
    return [*reversed(before), comment, *after]


def history_of_tag(tag: Annotation) -> list[Line]:
    changes = tag.changes.select_related("by", "annotation__label", "target__annotation__label")
    latest = list(changes.order_by("-pk")[:LINES])
    names = dict(Label.objects.values_list("slug", "name"))
    lines = zip(latest, wording.of_changes(latest, names), strict=True)
    return [Line(one.at, str(one.by), words, _movement(one)) for one, words in lines]


def _movement(change: Change) -> str:
    return change.get_movement_display() if change.movement else ""


def history_of_comment(comment: Comment) -> list[Line]:
    steps = comment.steps.select_related("by").order_by("-pk")[:LINES]
    return [Line(one.at, str(one.by), one.get_kind_display().capitalize()) for one in steps]


def like_cases(case: Case, user: User) -> list[Decision]:
    """Return the last decisions for the same reason on the same kind of thing.

    And the same label. Not those about `user`: they see none of these.
    """
    reason = case.reasons[0] if case.reasons else None
    last = case.seen_for[-1] if case.seen_for else None
    found = Decision.objects.standing().filter(reason=reason or last, case__kind=case.kind)
    if case.annotation:
        found = found.filter(case__annotation__label=case.annotation.label_id)
    found = found.exclude(case=case).exclude(person=user).select_related("person", "by")
    return list(found.order_by("-pk")[:LIKE])


def record(person: User) -> Record:
    upheld, decided = record_of(person.pk)
    tags = person.annotations.aggregate(
        made=Count("pk"),
        live=Count("pk", filter=Q(withdrawn_at=None, hidden_at=None)),
        hidden=Count("pk", filter=Q(hidden_at__isnull=False, pending=False)),
    )
    agreed, compared = agreement(person)
    return Record(**tags, decided=decided, upheld=upheld, agreed=agreed, compared=compared)


# What each reviewer of a round said of each sentence that they worked on: the set of labels
# of their tags that touch it; the empty one where they found nothing to tag.
AGREEMENT = """
    WITH mine AS (
        SELECT round.id FROM reviews_round round
          JOIN reviews_assignment seat ON seat.round_id = round.id
         WHERE seat.reviewer_id = %(person)s AND round.state = ANY(%(states)s)
         ORDER BY round.id DESC LIMIT %(rounds)s
    ), said AS (
        SELECT round_id, position, reviewer_id,
               array_agg(DISTINCT label_id ORDER BY label_id)
                   FILTER (WHERE label_id IS NOT NULL) AS labels
          FROM (SELECT round_id, position, reviewer_id, label_id
                  FROM annotations_annotation tag,
                       generate_series(first_position, last_position) position
                 WHERE round_id IN (SELECT id FROM mine)
                       AND withdrawn_at IS NULL AND hidden_at IS NULL
                 UNION ALL
                SELECT round_id, position, reviewer_id, NULL
                  FROM annotations_reading reading
                  JOIN articles_sentence sentence ON sentence.id = reading.sentence_id
                 WHERE round_id IN (SELECT id FROM mine) AND withdrawn_at IS NULL
               ) work
         GROUP BY round_id, position, reviewer_id
    )
    SELECT count(*) FILTER (WHERE own.labels IS NOT DISTINCT FROM other.labels), count(*)
      FROM said own JOIN said other USING (round_id, position)
     WHERE own.reviewer_id = %(person)s AND other.reviewer_id <> %(person)s
"""


def agreement(person: User) -> tuple[int, int]:
    """Return in how many of how many comparisons a person and another said the same.

    Compared is each sentence of revealed or closed rounds that both worked on, with each other
    reviewer: the same is the same set of labels. Of the person's latest rounds.
    """
    states = [Round.State.REVEALED, Round.State.CLOSED]
    values = {"person": person.pk, "states": states, "rounds": ROUNDS}
    ((agreed, compared),) = fetch([AGREEMENT], values)[0]
    return agreed, compared
