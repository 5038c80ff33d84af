"""Undo all that one person did, or that happened in one article, between two times.

A revert touches tags, readings, comments and threads' outcomes. It is first a plan, then done
in one transaction with lines of the logs of its own, by which it is undone itself.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q, QuerySet

from annotate.accounts.models import User
from annotate.annotations.log import snapshot
from annotate.annotations.models import Annotation, Change, Reading
from annotate.annotations.states import GONE, State, moderate_all
from annotate.articles.models import Article
from annotate.discussion.models import Comment, Step, Thread
from annotate.discussion.moderating import Resolution, moderate, settle, state_of

from . import audit, histories
from .histories import Line, Thing
from .models import AuditEntry, Revert
from .refusals import ActionRefused, NotYours, Stale
from .unwinding import DEFAULTS, Unwound, unwind

MOST = 100_000  # lines of one revert: all of them are held in memory
HIDDEN: State = {"hidden": True}  # what becomes of a comment that was made
KINDS = {Annotation: "tag", Reading: "reading", Comment: "comment", Thread: "thread"}

OWN = "It is yours: somebody else decides about it."
OF_ADMIN = "It is an admin’s: only admins decide about it."
TAKEN = "The same reviewer has another tag with this label on this passage."


@dataclass(frozen=True)
class What:
    """What to undo: of whom, where, from when until before when; or what a revert did."""

    person: User | None
    article: Article | None
    since: datetime.datetime
    until: datetime.datetime
    of: Revert | None = None

    @classmethod
    def done_by(cls, revert: Revert) -> What:
        return cls(revert.person, revert.article, revert.since, revert.until, revert)

    def changes(self) -> Q:
        """The lines of the log of tags and readings."""
        if self.of:
            return Q(pk__in=self.of.changes)
        return self._lines("article") & ~Q(kind=Change.Kind.REVERTED)

    def steps(self) -> Q:
        """The lines of the threads' logs."""
        if self.of:
            return Q(pk__in=self.of.steps)
        return self._lines("thread__article") & ~Q(kind=Step.Kind.REVERTED)

    def _lines(self, article: str) -> Q:
        lines = Q(at__gte=self.since, at__lt=self.until)
        if self.person:
            lines &= Q(by=self.person)
        if self.article:
            lines &= Q(**{article: self.article})
        return lines


@dataclass
class Item:
    """A thing that the lines are about, and what is done to it."""

    thing: Thing
    article: int
    present: State
    goes: State  # fields with what they get
    stays: list[str]  # parts that were changed since
    owner: User = field(init=False)
    refusal: str = ""  # why nothing is done to it

    @property
    def kind(self) -> str:
        return KINDS[type(self.thing)]

    @property
    def place(self) -> int:
        """The position of its first sentence."""
        thing = self.thing.thread if isinstance(self.thing, Comment) else self.thing
        if isinstance(thing, Reading):
            return thing.sentence.position
        return thing.first_position

    @property
    def is_done(self) -> bool:
        return bool(self.goes) and not self.refusal


@dataclass
class Plan:
    """What a revert would change, and what it would leave as it is. By article."""

    what: What
    items: list[Item] = field(default_factory=list)

    @property
    def done(self) -> list[Item]:
        return [item for item in self.items if item.is_done]

    @property
    def digest(self) -> str:
        """Tells whether a plan is the one that was shown."""
        rows = [
            (one.kind, str(one.thing.pk), one.present, one.goes, one.stays, one.refusal)
            for one in self.items
        ]
        text = json.dumps(rows, cls=DjangoJSONEncoder, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def counts(self) -> dict[str, int]:
        """How many things of each kind change, and how many are left as they are."""
        counts = {f"{kind}s": 0 for kind in KINDS.values()} | {"left": 0}
        for item in self.items:
            counts[f"{item.kind}s" if item.is_done else "left"] += 1
        return counts


def refuse(person: User | None, by: User) -> None:
    """Raise NotYours if `by` may not undo what `person` did, as in `Case.decidable_by`."""
    if not by.is_moderator:
        raise NotYours("Only moderators undo what others did.")
    if person is None:
        return
    if person.pk == by.pk:
        raise NotYours("This is about you: somebody else decides it.")
    if person.is_admin and not by.is_admin:
        raise NotYours("This is about an admin: only admins decide it.")


def plan(what: What, *, by: User) -> Plan:
    """Return what would change. Raises NotYours; ActionRefused where it is too much.

    The number of queries is the same however much it is.
    """
    refuse(what.person, by)
    changes, steps = Change.objects.filter(what.changes()), Step.objects.filter(what.steps())
    if changes.count() + steps.count() > MOST:
        raise ActionRefused(
            f"These are more than {MOST:,} changes. Choose a shorter time, and do it in parts."
        )
    items = [*_tags(changes, what), *_readings(changes, what)]
    items += [*_comments(steps, what), *_threads(steps, what)]
    _give_owners(items)
    for item in items:
        item.refusal = _why_not(item, by)
    _refuse_taken([one for one in items if one.is_done and isinstance(one.thing, Annotation)])
    items = [item for item in items if item.goes or item.stays]
    items.sort(key=lambda item: (item.article, [*KINDS].index(type(item.thing)), item.place))
    return Plan(what, items)


@transaction.atomic
def carry_out(what: What, *, by: User, why: str, shown: str = "") -> Revert:
    """Do what `plan` says now; `shown` is the digest of the plan that was seen.

    Locked stories and closed rounds are no obstacle. Raises Stale if the plan has changed,
    NotYours; ActionRefused if there is nothing to undo, or too much.
    """
    locked = _lock(what)
    if what.of and Revert.objects.filter(of=what.of).exists():
        raise Stale(f"Revert {what.of.pk} was undone already.")
    made = plan(what, by=by)
    if (shown and shown != made.digest) or not {item.article for item in made.items} <= locked:
        raise Stale(
            "Something changed since this list was shown. Nothing was done: look again."
        )
    if not made.done:
        raise ActionRefused("There is nothing to undo.")
    revert = Revert.objects.create(
        person=what.person,
        article=what.article,
        since=what.since,
        until=what.until,
        of=what.of,
        why=why,
        by=by,
        changes=[line.pk for line in _change(made.done, by)],
        steps=[line.pk for line in _step(made.done, by)],
    )
    audit.record(
        AuditEntry.Kind.REVERTED,
        by=by,
        person=what.person,
        article=what.article,
        before={"revert": what.of.pk} if what.of else None,
        after={"revert": revert.pk, **made.counts},
        why=why,
    )
    return revert


def _lock(what: What) -> set[int]:
    """Lock the articles concerned, in order of number, and return these."""
    concerned = Q(pk__in=Change.objects.filter(what.changes()).values("article"))
    concerned |= Q(pk__in=Step.objects.filter(what.steps()).values("thread__article"))
    rows = Article.objects.filter(concerned).order_by("pk").select_for_update(no_key=True)
    return set(rows.values_list("pk", flat=True))


def _change(items: Iterable[Item], by: User) -> list[Change]:
    wanted = [
        (item.thing, item.goes)
        for item in items
        if isinstance(item.thing, Annotation | Reading)
    ]
    return moderate_all(wanted, by=by, kind=Change.Kind.REVERTED)


def _step(items: Iterable[Item], by: User) -> Iterator[Step]:
    for item in items:
        if isinstance(item.thing, Comment):
            kind = Step.Kind.REVERTED
            step = moderate(item.thing, item.goes, by=by, kind=kind)
            assert step is not None, "what goes back differs from what is"
            yield step
        elif isinstance(item.thing, Thread):
            yield settle(item.thing, item.goes["resolution"], by=by)


# --- What the lines are about -------------------------------------------------------------


def _tags(chosen: QuerySet[Change], what: What) -> Iterator[Item]:
    touched = _numbers(chosen, "annotation")
    rows = Annotation.objects.filter(pk__in=touched).select_related("label", "round", "article")
    tags = rows.defer("article__text", "article__search").in_bulk()
    lines = Change.objects.filter(annotation__in=touched)
    for number, history in histories.of_tags(lines, what.changes()):
        tag = tags[number]
        present = {**DEFAULTS, **snapshot(tag)}
        yield _item(tag, tag.article_id, present, unwind(history, present, GONE))


def _readings(chosen: QuerySet[Change], what: What) -> Iterator[Item]:
    touched = _numbers(chosen, "reading")
    rows = Reading.objects.filter(pk__in=touched).select_related("round", "sentence")
    readings = rows.in_bulk()
    lines = Change.objects.filter(reading__in=touched)
    for number, history in histories.of_readings(lines, what.changes()):
        reading = readings[number]
        present = snapshot(reading)
        article = reading.sentence.article_id
        yield _item(reading, article, present, unwind(history, present, GONE))


def _comments(chosen: QuerySet[Step], what: What) -> Iterator[Item]:
    touched = _numbers(chosen, "comment")
    comments = Comment.objects.filter(pk__in=touched).select_related("thread").in_bulk()
    texts = {number: one.text for number, one in comments.items()}
    lines = Step.objects.filter(comment__in=touched)
    for number, history in histories.of_comments(lines, texts, what.steps()):
        comment = comments[number]
        present = state_of(comment)
        article = comment.thread.article_id
        yield _item(comment, article, present, unwind(history, present, HIDDEN))


def _threads(chosen: QuerySet[Step], what: What) -> Iterator[Item]:
    """Threads that were resolved or reopened. One in which others went on stays as it is."""
    touched = _numbers(chosen.filter(comment=None), "thread")
    threads = Thread.objects.in_bulk(touched)
    lines = Step.objects.filter(thread__in=touched)
    for number, history in histories.of_threads(lines, what.steps()):
        thread = threads[number]
        present = {"resolution": _resolution(thread, history[-1].after["resolution"])}
        found = unwind(history, present, {})
        if found.goes and _went_on(history):
            found = Unwound(stays=["resolution"])
        yield _item(thread, thread.article_id, present, found)


def _numbers(lines: QuerySet, thing: str) -> set[Any]:
    return set(lines.exclude(**{thing: None}).order_by().values_list(thing, flat=True))


def _resolution(thread: Thread, logged: Resolution) -> Resolution:
    """Return how a thread ended: as logged, if it is that: an older log has a moment later."""
    ended = thread.outcome, thread.precedent_id, thread.resolved_by_id
    return logged if logged[:3] == ended else Resolution(*ended, thread.resolved_at)


def _went_on(history: Sequence[Line]) -> bool:
    """Whether others did something in a thread since it was last resolved or reopened."""
    last = max(
        at for at, line in enumerate(history) if line.chosen and line.before != line.after
    )
    since = history[last:]
    return any(not line.chosen and line.kind != Step.Kind.REVERTED for line in since)


def _item(thing: Thing, article: int, present: State, found: Unwound) -> Item:
    return Item(thing, article, present, found.goes, found.stays)


# --- What is left as it is ----------------------------------------------------------------


def _owner(thing: Thing) -> int:
    if isinstance(thing, Comment):
        return thing.author_id
    return thing.created_by_id if isinstance(thing, Thread) else thing.reviewer_id


def _give_owners(items: Sequence[Item]) -> None:
    """Set whose each thing is: one row for each person, with roles."""
    people = User.objects.with_roles().in_bulk({_owner(item.thing) for item in items})
    for item in items:
        item.owner = people[_owner(item.thing)]
        if isinstance(item.thing, Annotation | Reading):
            item.thing.reviewer = item.owner
        elif isinstance(item.thing, Comment):
            item.thing.author = item.owner
        else:
            item.thing.created_by = item.owner


def _why_not(item: Item, by: User) -> str:
    """Return why `by` may not change a thing; nothing if they may."""
    if item.owner.pk == by.pk:
        return OWN
    return OF_ADMIN if item.owner.is_admin and not by.is_admin else ""


def _refuse_taken(items: Sequence[Item]) -> None:
    """Leave tags as they are whose place another tag of the same reviewer has in the end.

    What is left keeps its own place, which may be one that another was to have.
    """
    coming = [item for item in items if not {**item.present, **item.goes}["withdrawn"]]
    # Those that stay where they are come first: they are not in anybody's way.
    coming.sort(key=lambda item: _place(item, {}) != _place(item, item.goes))
    taken = _places_of_others(items) if coming else set()
    while True:
        places = set(taken)
        left = []
        for item in coming:
            place = _place(item, item.goes)
            if place in places:
                left.append(item)
            places.add(place)
        if not left:
            return
        for item in left:
            item.refusal = TAKEN
            coming.remove(item)
            if not item.present["withdrawn"]:
                taken.add(_place(item, {}))


def _place(item: Item, goes: State) -> tuple:
    """Return what no two live tags have alike."""
    tag, state = item.thing, {**item.present, **goes}
    assert isinstance(tag, Annotation)
    where = tag.reviewer_id, tag.article_id, tag.round_id
    return (*where, state["label"], state["start"], state["end"], state["withdrawn"])


def _places_of_others(items: Sequence[Item]) -> set[tuple]:
    """Return the places of live tags of the same reviewers that are not among these."""
    tags = [item.thing for item in items if isinstance(item.thing, Annotation)]
    rows = Annotation.objects.live().filter(
        reviewer__in={tag.reviewer_id for tag in tags},
        article__in={tag.article_id for tag in tags},
    )
    names = "reviewer", "article", "round", "label__slug", "start", "end"
    among = {tag.pk for tag in tags}
    return {(*row[1:], False) for row in rows.values_list("pk", *names) if row[0] not in among}
