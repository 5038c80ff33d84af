"""What the logs tell of a tag, a reading, a comment or a thread: each line with its states.

A revert reads from them what to put back, and the check of the log what should be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Value
from django.utils.dateparse import parse_datetime

from annotate.annotations.models import Annotation, Change, Reading
from annotate.annotations.states import State
from annotate.discussion.models import Comment, Step, Thread
from annotate.discussion.moderating import Resolution

type Thing = Annotation | Reading | Comment | Thread


@dataclass(slots=True)
class Line:
    """One line of a log. `before` is None where it made the thing.

    `chosen`: it is one of those that whoever reads the history asked for.
    """

    pk: int
    kind: str
    chosen: bool
    before: State | None
    after: State


def of_tags(
    lines: QuerySet[Change], chosen: Q | None = None
) -> Iterator[tuple[Any, list[Line]]]:
    """Yield the number of each tag of these lines, and its lines in order."""
    return _of_changes(lines.exclude(annotation=None), "annotation_id", chosen)


def of_readings(
    lines: QuerySet[Change], chosen: Q | None = None
) -> Iterator[tuple[Any, list[Line]]]:
    """Yield the number of each reading of these lines, and its lines in order."""
    return _of_changes(lines.exclude(reading=None), "reading_id", chosen)


def _of_changes(
    lines: QuerySet[Change], thing: str, chosen: Q | None
) -> Iterator[tuple[Any, list[Line]]]:
    rows = (
        lines.annotate(chosen=_whether(chosen))
        .order_by(thing, "pk")
        .values_list(thing, "pk", "kind", "chosen", "before", "after")
    )
    for number, found in groupby(rows.iterator(), key=lambda row: row[0]):
        yield number, [Line(*row[1:]) for row in found]


def of_comments(
    lines: QuerySet[Step], texts: dict[Any, str], chosen: Q | None = None
) -> Iterator[tuple[Any, list[Line]]]:
    """Yield the number of each comment of these lines, and its lines in order.

    `texts` has what each comment says now: the log holds what it said before. A comment that
    was imported has no line that made it: what is not known of it is left out of the states.
    """
    for number, steps in _of_steps(lines.exclude(comment=None), "comment_id", chosen):
        yield number, [*_comment(steps, texts.get(number, ""))]


def _comment(steps: list[Step], text: str) -> Iterator[Line]:
    texts = [step.before for step in steps if step.before] + [text]
    state: State = {}
    for step in steps:
        left = _left_by(step)
        made = step.kind == Step.Kind.COMMENTED
        # What is written was a change: of what was not known, it tells that, too.
        was = {name: not now for name, now in left.items() if name not in state}
        before = None if made else {**was, **state, "text": texts[0]}
        if step.before:
            texts.pop(0)
        state = {**state, **left, "text": texts[0]}
        yield Line(step.pk, step.kind, step.chosen, before, state)  # type: ignore[attr-defined]


def _left_by(step: Step) -> State:
    """Return what a comment is after a step, as far as the step says."""
    match step.kind:
        case Step.Kind.COMMENTED:
            return {"withdrawn": False, "hidden": False}
        case Step.Kind.WITHDRAWN:
            return {"withdrawn": True}
        case Step.Kind.HIDDEN | Step.Kind.SHOWN:
            return {"hidden": step.kind == Step.Kind.HIDDEN}
        case Step.Kind.REVERTED:
            return step.after or {}
    return {}


def of_threads(
    lines: QuerySet[Step], chosen: Q | None = None
) -> Iterator[tuple[Any, list[Line]]]:
    """Yield the number of each thread of these lines, and its lines in order.

    A thread's state is its `resolution`; lines about its comments leave that as it is.
    """
    for number, steps in _of_steps(lines, "thread_id", chosen):
        yield number, [*_thread(steps)]


def _thread(steps: list[Step]) -> Iterator[Line]:
    state: State = {"resolution": Resolution()}
    ended: dict[str, Resolution] = {}  # the last with each outcome
    for step in steps:
        before = state
        if step.kind == Step.Kind.RESOLVED:
            resolution = Resolution(step.outcome, step.precedent_id, step.by_id, step.at)
            ended[step.outcome] = resolution
            state = {"resolution": resolution}
        elif step.kind == Step.Kind.REOPENED:
            state = {"resolution": Resolution()}
        elif step.kind == Step.Kind.REVERTED and step.comment_id is None:
            state = {"resolution": _put_back(step, ended)}
        yield Line(step.pk, step.kind, step.chosen, before, state)  # type: ignore[attr-defined]


def _put_back(step: Step, ended: dict[str, Resolution]) -> Resolution:
    """Return what a revert put back. Older lines do not say of which time the outcome was."""
    if step.after is None:
        return ended.get(step.outcome, Resolution())
    by, at = step.after["resolved_by"], step.after["resolved_at"]
    return Resolution(step.outcome, step.precedent_id, by, at and parse_datetime(at))


def _of_steps(
    lines: QuerySet[Step], thing: str, chosen: Q | None
) -> Iterator[tuple[Any, list[Step]]]:
    rows = lines.annotate(chosen=_whether(chosen)).order_by(thing, "pk")
    for number, steps in groupby(rows.iterator(), key=lambda step: getattr(step, thing)):
        yield number, [*steps]


def _whether(chosen: Q | None) -> ExpressionWrapper:
    return ExpressionWrapper(chosen or Value(False), output_field=BooleanField())
