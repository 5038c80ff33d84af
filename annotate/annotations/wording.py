"""What was done, in words: for the live region of the page and for the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import remembered
from .models import Annotation, Change
from .remembered import Places

Kind = Change.Kind
QUOTED = 80  # characters that are shown of a passage


def place(positions: Sequence[int]) -> str:
    """Return where: "the headline", "sentence 4", "sentences 4 to 6"."""
    if not positions:
        return "the story"
    first, last = positions[0], positions[-1]
    if first == last:
        return "the headline" if first == 0 else f"sentence {first}"
    return f"the headline to sentence {last}" if first == 0 else f"sentences {first} to {last}"


def shortened(passage: str) -> str:
    """Return a passage with both its ends, which tell it from a longer or a shorter one."""
    if len(passage) <= QUOTED:
        return passage
    head, tail = passage[: QUOTED // 2], passage[-QUOTED // 2 :]
    # Whole words, where there are any.
    return f"{head.rpartition(' ')[0] or head} … {tail.partition(' ')[2] or tail}"


def of_changes(changes: Sequence[Change], labels: dict[str, str]) -> list[str]:
    """Return changes in words, each as `of_change`, in one query for any number of them."""
    places = remembered.places(remembered.elsewhere(changes))
    return [of_change(one, labels, places) for one in changes]


def of_change(change: Change, labels: dict[str, str], places: Places | None = None) -> str:
    """Return a change in words: "Claim on sentence 4", "Undid: Claim on sentence 4".

    They say what was so right after it, wherever the tag is now. `labels` has the label names
    by slug, `places` where the passages are that the tag has left: without it they are looked
    up.
    """
    if change.target is not None:
        verb = "Undid" if change.kind == Kind.UNDONE else "Did again"
        return f"{verb}: {of_change(change.target, labels, places)}"
    if change.reading is not None:
        where = place([change.reading.sentence.position])
        if change.kind == Kind.READ:
            return f"Nothing to tag in {where}"
        if change.kind == Kind.REVERTED:
            return f"Reverted the reading of {where}"
        return f"Marked {where} as unread"
    annotation = change.annotation
    assert annotation is not None, "a database constraint holds this"
    state = change.after or change.before or {}
    where = _where(annotation, state, places)
    name = labels.get(state.get("label", ""), annotation.label.name)
    match change.kind:
        case Kind.CREATED:
            return f"{name} on {where}"
        case Kind.WITHDRAWN:
            return f"Took back {name} on {where}"
        case Kind.HIDDEN:
            return f"Hid {name} on {where}"
        case Kind.SHOWN:
            waited = (change.before or {}).get("pending")
            return f"{'Approved' if waited else 'Showed again'} {name} on {where}"
        case Kind.REVERTED:
            return f"Reverted {name} on {where}"
    verb = "Corrected" if change.kind == Kind.CORRECTED else "Changed"
    before = change.before or {}
    was = _where(annotation, before, places)
    what = _what(before, state, labels, was=f" (was {was})" if was != where else "")
    # Older lines: a note that was typed back to what it had been.
    unsaid = "the note" if change.kind == Kind.EDITED else "nothing"
    return f"{verb} {what or unsaid} of {name} on {where}"


def _where(tag: Annotation, state: dict[str, Any], places: Places | None) -> str:
    passage = remembered.passage_of(tag, state)
    if remembered.is_present(tag, passage):
        return place([tag.first_position, tag.last_position])
    return place((places or remembered.places([passage]))[passage])


def _what(
    before: dict[str, Any], after: dict[str, Any], names: dict[str, str], *, was: str
) -> str:
    """Return what a change changed; `was` is where the passage was, if that is news."""
    changed = []
    if before.get("label") != after.get("label"):
        old = before.get("label", "")
        changed.append(f"the label (was {names.get(old, old)})")
    if (before.get("start"), before.get("end")) != (after.get("start"), after.get("end")):
        changed.append(f"the passage{was}")
    if before.get("note") != after.get("note"):
        changed.append("the note")
    if before.get("confidence") != after.get("confidence"):
        changed.append("the confidence")
    return " and ".join(changed)
