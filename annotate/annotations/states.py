"""Bring a tag or a reading into a state that the log remembers: undo, and what moderators do.

Everything here happens inside an action, the article locked.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from itertools import batched
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotate.accounts.models import User
from annotate.live.actions import publish
from annotate.live.models import Event
from annotate.reviews.parts import Part

from .log import positions_of, snapshot
from .models import Annotation, Change, Label, Reading
from .passages import read_passage
from .refusals import WrongPassage
from .signals import pending_changed

type State = dict[str, Any]  # as `snapshot` returns it

GONE: State = {"withdrawn": True}  # before it was made
PASSAGE = ("label", "start", "end")  # what a moderator may correct
BATCH = 2_000  # rows of one statement
CONTENT = (*PASSAGE, "note", "confidence")  # what others read of a tag


def bring_into(thing: Annotation | Reading, state: State, part: Part) -> None:
    """Give a thing what a reviewer's undo restores of a state, and do not save it yet.

    A moderator's decisions stay: what was hidden is hidden, what was corrected keeps its
    label and passage.
    """
    _withdraw(thing, state, timezone.now())
    if isinstance(thing, Annotation) and "label" in state:
        if not thing.corrected_at:
            _place(thing, state, part)
        thing.note, thing.confidence = state["note"], state["confidence"]


def moderate(
    thing: Annotation | Reading, state: State, *, by: User, kind: Change.Kind
) -> Change | None:
    """Change a tag or a reading as a moderator, with a line of the log; None if it is so.

    `state` names what is to change, as `snapshot` does. The author's undo does not reach it.
    Raises WrongPassage where the author has a tag with that label on that passage.
    """
    positions = positions_of(thing)
    before = _change(thing, state, timezone.now())
    if snapshot(thing) == before:
        return None
    save(thing)
    change = _line(thing, before, by=by, kind=kind)
    change.save(force_insert=True)
    _tell_if_pending(thing, before)
    # Told as the reviewer's own: it is their work that looks different now.
    positions = sorted({*positions, *positions_of(thing)})
    publish(change.article_id, told_as(change), by=thing.reviewer, positions=positions)
    return change


def moderate_all(
    wanted: Iterable[tuple[Annotation | Reading, State]], *, by: User, kind: Change.Kind
) -> list[Change]:
    """Change many as `moderate` does one: what changes alike is stored in one statement.

    The caller has seen to it that no two tags of a reviewer are alike when all is done; one
    may take the place that another leaves.
    """
    now = timezone.now()
    changes: list[Change] = []
    alike: dict[tuple, list[Annotation | Reading]] = {}
    told: dict[tuple[int, User], set[int]] = {}
    moved: list[Any] = []
    for thing, state in wanted:
        columns, positions, place = _columns(thing), positions_of(thing), _place_of(thing)
        before = _change(thing, state, now)
        if snapshot(thing) == before:
            continue
        changed = {name for name, value in _columns(thing).items() if value != columns[name]}
        if place and _place_of(thing) not in (None, place):
            moved.append(thing.pk)
            changed.add("withdrawn_at")
        alike.setdefault((type(thing), *sorted(changed), thing.is_live), []).append(thing)
        changes.append(_line(thing, before, by=by, kind=kind))
        seen = told.setdefault((changes[-1].article_id, thing.reviewer), set())
        seen.update(positions, positions_of(thing))
    # Out of each other's way first: places are taken one by one, and left before that.
    Annotation.objects.filter(pk__in=moved).update(withdrawn_at=now)
    for (model, *names, _), things in sorted(alike.items(), key=lambda group: group[0][-1]):
        _store(model, names, things)
    Change.objects.bulk_create(changes, batch_size=BATCH)
    for change in changes:
        if change.annotation:
            _tell_if_pending(change.annotation, change.before or {})
    for (article, reviewer), seen in told.items():
        publish(article, Event.Kind.TAGS, by=reviewer, positions=sorted(seen))
    return changes


def _store(model: Any, names: list[str], things: list[Any]) -> None:
    """Store these columns of many rows: where all get the same, in one statement."""
    values = {tuple(getattr(thing, name) for name in names) for thing in things}
    if len(values) > 1:
        model.objects.bulk_update(things, names, batch_size=BATCH // 4)
        return
    changed = dict(zip(names, values.pop(), strict=True))
    for some in batched(things, BATCH, strict=False):
        model.objects.filter(pk__in=[thing.pk for thing in some]).update(**changed)


def save(thing: Annotation | Reading) -> None:
    """Raises WrongPassage where its reviewer has another such tag on that passage."""
    try:
        with transaction.atomic():
            thing.save()
    except IntegrityError as error:
        if "annotation_one_live_per_reviewer_label_and_passage" not in str(error):
            raise
        raise WrongPassage(
            "The same reviewer has another tag with this label on this passage."
        ) from error


def told_as(change: Change) -> Event.Kind:
    """Return of what kind the event of a change is: others see no change of a hidden tag."""
    before, after = change.before or {}, change.after or {}
    hidden = before.get("hidden", False) and after.get("hidden", False)
    return Event.Kind.HIDDEN if hidden else Event.Kind.TAGS


def differs(before: State, after: State, names: Iterable[str]) -> bool:
    """Whether two states of a tag differ in any of these."""
    return any(before.get(name) != after.get(name) for name in names)


def _change(thing: Annotation | Reading, state: State, now: datetime.datetime) -> State:
    """Give a thing what `state` names, and do not save it yet; return what it was before."""
    before = snapshot(thing)
    state = {**before, "pending": False, "corrected": False, **_of_now(thing), **state}
    _withdraw(thing, state, now)
    if isinstance(thing, Annotation):
        _place(thing, state, Part(thing.reviewer, thing.round))
        thing.note, thing.confidence = state["note"], state["confidence"]
        thing.pending = state["pending"]
        thing.hidden_at = _moment(thing.hidden_at, state["hidden"], now)
        thing.corrected_at = _moment(thing.corrected_at, state["corrected"], now)
    return before


def _line(thing: Annotation | Reading, before: State, *, by: User, kind: Change.Kind) -> Change:
    tag = thing if isinstance(thing, Annotation) else None
    reading = thing if isinstance(thing, Reading) else None
    return Change(
        article_id=tag.article_id if tag else thing.sentence.article_id,  # type: ignore[union-attr]
        by=by,
        round_id=thing.round_id,
        kind=kind,
        annotation=tag,
        reading=reading,
        before=before,
        after=snapshot(thing),
    )


def _tell_if_pending(thing: Annotation | Reading, before: State) -> None:
    if isinstance(thing, Annotation) and (before.get("pending") or thing.pending):
        pending_changed.send(Annotation, annotation=thing)


def _columns(thing: Annotation | Reading) -> dict[str, Any]:
    return {field.attname: getattr(thing, field.attname) for field in thing._meta.fields}


def _place_of(thing: Annotation | Reading) -> tuple | None:
    """Return what no two live tags of a reviewer have alike; None of one that is not live."""
    if isinstance(thing, Reading) or thing.withdrawn_at:
        return None
    return thing.label_id, thing.start, thing.end


def _of_now(thing: Annotation | Reading) -> State:
    if isinstance(thing, Reading):
        return {}
    return {"pending": thing.pending, "corrected": thing.corrected_at is not None}


def _withdraw(thing: Annotation | Reading, state: State, now: datetime.datetime) -> None:
    thing.withdrawn_at = _moment(thing.withdrawn_at, state["withdrawn"], now)


def _place(thing: Annotation, state: State, part: Part) -> None:
    if state["label"] != thing.label.slug:
        thing.label = Label.objects.get(slug=state["label"])
    # Lines from before guidelines had versions do not say which it was.
    thing.guideline = state.get("guideline", thing.guideline)
    start, end = state["start"], state["end"]
    if (start, end) != (thing.start, thing.end):
        read_passage(thing.article, part, start, end).place(thing, start, end)


def _moment(standing: Any, wanted: bool, now: datetime.datetime) -> Any:
    """Return the time since when something is so: the standing one, `now`, or none."""
    return (standing or now) if wanted else None
