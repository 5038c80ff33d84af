"""Replay the logs, and compare what they tell with what the tables hold.

The log of changes tells of tags and readings, the threads' log of comments and outcomes, the
audit log of people, articles and rounds. What a log has no line about is not known from it:
an import is one line of the audit log, so imported tags, readings and comments are left out
until something is done to them, and so is a person until their first line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import batched
from typing import Any, NamedTuple

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_datetime

from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.annotations.log import snapshot
from annotate.annotations.models import Annotation, Change, Reading
from annotate.annotations.states import State
from annotate.articles.models import Article
from annotate.discussion.models import Comment, Step, Thread
from annotate.discussion.moderating import state_of
from annotate.reviews.models import Round

from .histories import of_comments, of_threads
from .models import AuditEntry
from .unwinding import DEFAULTS

BATCH = 2_000  # things that are compared at once
Kind = AuditEntry.Kind

OF_PERSON = ("role", "active", "suspended_until", "premoderated")
OF_ARTICLE = {False: ("status", "premoderated"), True: ("status",)}
# With the line that makes them. How many tags of a new person wait is a setting of the time.
NEW_PERSON: State = {"active": True, "suspended_until": None}
NEW_ARTICLE: State = {"premoderated": False}

type Logged = dict[Any, State]


class Compared(NamedTuple):
    """A thing as the logs have it, None if they do not know it, and as the tables have it."""

    kind: str
    number: Any
    logged: State | None
    present: State

    @property
    def differs(self) -> bool:
        return self.logged is not None and self.logged != self.present


def compare() -> Iterator[Compared]:
    """Yield everything that there is. At most BATCH tags, readings or comments are held, and
    a few words about each person, article and round.
    """
    yield from _compare("tag", Annotation.objects.select_related("label"), _tag, _log_of_tags)
    yield from _compare("reading", Reading.objects.all(), snapshot, _log_of_readings)
    yield from _compare("comment", Comment.objects.all(), _comment, _log_of_comments)
    yield from _compare("thread", Thread.objects.all(), _thread, _log_of_threads)
    people, articles, rounds = _replay_audit_log()
    named = User.objects.with_roles()
    yield from _compare("person", named, _person, lambda rows: people)
    yield from _compare("article", Article.objects.all(), _article, lambda rows: articles)
    yield from _compare("round", Round.objects.all(), _round, lambda rows: rounds)


def differences() -> Iterator[Compared]:
    """Yield what is not as the logs say."""
    return (one for one in compare() if one.differs)


def _compare(
    kind: str,
    rows: QuerySet,
    state: Callable[[Any], State],
    log_of: Callable[[dict[Any, Any]], Logged],
) -> Iterator[Compared]:
    """Compare the `state` of each row with what the log has of it, as far as it goes."""
    rows = rows.order_by("pk")
    if rows.model is Article:
        rows = rows.defer("text", "search")
    for some in batched(rows.iterator(chunk_size=BATCH), BATCH, strict=False):
        things = {_key(row): row for row in some}
        logged = log_of(things)
        for key, row in things.items():
            present, found = state(row), logged.get(key)
            if found is not None:
                present = {name: present[name] for name in found}
            yield Compared(kind, row.pk, found, present)


def _key(row: Model) -> Any:
    """Return how the logs name a thing. A round is named by article and number."""
    return (row.article_id, row.number) if isinstance(row, Round) else row.pk


# --- As the tables have it ----------------------------------------------------------------


def _tag(tag: Annotation) -> State:
    return {**DEFAULTS, **snapshot(tag)}


def _comment(comment: Comment) -> State:
    return {name: is_so for name, is_so in state_of(comment).items() if name != "text"}


def _thread(thread: Thread) -> State:
    return {
        "outcome": thread.outcome,
        "precedent": thread.precedent_id,
        "resolved by": thread.resolved_by_id,
    }


def _person(person: User) -> State:
    held = [role for role in Role if role in person.roles]
    role = held[-1].value if held else ""
    values = role, person.is_active, person.suspended_until, person.premoderated
    return dict(zip(OF_PERSON, values, strict=True))


def _article(article: Article) -> State:
    return {"status": article.status, "premoderated": article.premoderated}


def _round(round: Round) -> State:
    return {"state": round.state}


# --- As the logs have it ------------------------------------------------------------------


def _log_of_tags(tags: Iterable[Any]) -> Logged:
    lines = Change.objects.filter(annotation__in=tags).order_by("annotation", "-pk")
    rows = lines.distinct("annotation").values_list("annotation", "after")
    return {tag: {**DEFAULTS, **(after or {})} for tag, after in rows}


def _log_of_readings(readings: Iterable[Any]) -> Logged:
    lines = Change.objects.filter(reading__in=readings).order_by("reading", "-pk")
    rows = lines.distinct("reading").values_list("reading", "after")
    return {reading: after or {} for reading, after in rows}


def _log_of_comments(comments: dict[Any, Comment]) -> Logged:
    texts = {number: comment.text for number, comment in comments.items()}
    found = {}
    for number, lines in of_comments(Step.objects.filter(comment__in=comments), texts):
        state = {name: now for name, now in lines[-1].after.items() if name != "text"}
        found[number] = state
    return found


def _log_of_threads(threads: Iterable[Any]) -> Logged:
    """Imported threads have no line that began them: what they ended with is not known."""
    found = {}
    for number, lines in of_threads(Step.objects.filter(thread__in=threads)):
        if lines[0].kind == Step.Kind.BEGUN:
            outcome, precedent, by, _ = lines[-1].after["resolution"]
            found[number] = {"outcome": outcome, "precedent": precedent, "resolved by": by}
    return found


def _replay_audit_log() -> tuple[Logged, Logged, Logged]:
    """Return what the audit log has of people, articles, and rounds by article and number."""
    people: Logged = {}
    articles: Logged = {}
    rounds: Logged = {}
    lines = AuditEntry.objects.order_by("pk").filter(after__isnull=False)
    names = "kind", "person", "article", "before", "after"
    for kind, person, article, before, after in lines.values_list(*names).iterator():
        if person:
            state = people.setdefault(person, {})
            if kind == Kind.ROLE and not state and not (before or {}).get("role"):
                state |= NEW_PERSON
            state |= _of_person(kind, after)
        if article:
            state = articles.setdefault(article, {})
            if kind == Kind.IMPORTED:
                state |= NEW_ARTICLE
            # A decision has the person's in the same line.
            state |= {name: after[name] for name in OF_ARTICLE[bool(person)] if name in after}
        if kind == Kind.ROUND:
            rounds[article, after["round"]] = {"state": after["state"]}
    return (
        {one: state for one, state in people.items() if state},
        {one: state for one, state in articles.items() if state},
        rounds,
    )


def _of_person(kind: str, after: State) -> State:
    said = {name: after[name] for name in OF_PERSON if name in after}
    if end := said.get("suspended_until"):
        said["suspended_until"] = parse_datetime(end)
    if kind == Kind.ERASED:
        said |= {"role": "", "active": False}
    return said
