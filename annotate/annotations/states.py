"""Bring a tag or a reading into a state that the log remembers: undo, and what moderators do.

Everything here happens inside an action, the article locked.
"""

from __future__ import annotations

from collections.abc import Iterable
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
CONTENT = (*PASSAGE, "note", "confidence")  # what others read of a tag


def bring_into(thing: Annotation | Reading, state: State, part: Part) -> None:
    """Give a thing what a reviewer's undo restores of a state, and do not save it yet.

    A moderator's decisions stay: what was hidden is hidden, what was corrected keeps its
    label and passage.
    """
    _withdraw(thing, state)
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
    before, positions = snapshot(thing), positions_of(thing)
    state = {**before, "pending": False, "corrected": False, **_of_now(thing), **state}
    part = Part(thing.reviewer, thing.round)
    _withdraw(thing, state)
    if isinstance(thing, Annotation):
        _place(thing, state, part)
        thing.note, thing.confidence = state["note"], state["confidence"]
        thing.pending = state["pending"]
        thing.hidden_at = _moment(thing.hidden_at, state["hidden"])
        thing.corrected_at = _moment(thing.corrected_at, state["corrected"])
    if snapshot(thing) == before:
        return None
    save(thing)
    article = _article_of(thing)
    annotation = thing if isinstance(thing, Annotation) else None
    change = Change.objects.create(
        article_id=article,
        by=by,
        round_id=thing.round_id,
        kind=kind,
        annotation=annotation,
        reading=None if isinstance(thing, Annotation) else thing,
        before=before,
        after=snapshot(thing),
    )
    if annotation and (before.get("pending") or annotation.pending):
        pending_changed.send(Annotation, annotation=annotation)
    # Told as the reviewer's own: it is their work that looks different now.
    positions = sorted({*positions, *positions_of(thing)})
    publish(article, Event.Kind.TAGS, by=thing.reviewer, positions=positions)
    return change


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


def differs(before: State, after: State, names: Iterable[str]) -> bool:
    """Whether two states of a tag differ in any of these."""
    return any(before.get(name) != after.get(name) for name in names)


def _of_now(thing: Annotation | Reading) -> State:
    if isinstance(thing, Reading):
        return {}
    return {"pending": thing.pending, "corrected": thing.corrected_at is not None}


def _withdraw(thing: Annotation | Reading, state: State) -> None:
    thing.withdrawn_at = _moment(thing.withdrawn_at, state["withdrawn"])


def _place(thing: Annotation, state: State, part: Part) -> None:
    if state["label"] != thing.label.slug:
        thing.label = Label.objects.get(slug=state["label"])
    # Lines from before guidelines had versions do not say which it was.
    thing.guideline = state.get("guideline", thing.guideline)
    start, end = state["start"], state["end"]
    if (start, end) != (thing.start, thing.end):
        read_passage(thing.article, part, start, end).place(thing, start, end)


def _moment(standing: Any, wanted: bool) -> Any:
    """Return the time since when something is so: the standing one, now, or none."""
    return (standing or timezone.now()) if wanted else None


def _article_of(thing: Annotation | Reading) -> int:
    return thing.article_id if isinstance(thing, Annotation) else thing.sentence.article_id
