"""What was done, in words: for the live region of the page and for the history."""

from __future__ import annotations

from collections.abc import Sequence

from .models import Change

Kind = Change.Kind


def place(positions: Sequence[int]) -> str:
    """Return where: "the headline", "sentence 4", "sentences 4 to 6"."""
    if not positions:
        return "the story"
    first, last = positions[0], positions[-1]
    if first == last:
        return "the headline" if first == 0 else f"sentence {first}"
    return f"the headline to sentence {last}" if first == 0 else f"sentences {first} to {last}"


def of_change(change: Change, labels: dict[str, str] | None = None) -> str:
    """Return a change in words: "Claim on sentence 4", "Undid: Claim on sentence 4".

    `labels` has the label names by slug; without it the annotation's own label is named.
    """
    if change.target is not None:
        verb = "Undid" if change.kind == Kind.UNDONE else "Did again"
        return f"{verb}: {of_change(change.target, labels)}"
    if change.reading is not None:
        where = place([change.reading.sentence.position])
        if change.kind == Kind.READ:
            return f"Nothing to tag in {where}"
        if change.kind == Kind.REVERTED:
            return f"Reverted the reading of {where}"
        return f"Marked {where} as unread"
    annotation = change.annotation
    assert annotation is not None, "a database constraint holds this"
    names = labels or {annotation.label.slug: annotation.label.name}
    where = place([annotation.first_position, annotation.last_position])
    state = change.after or change.before or {}
    name = names.get(state.get("label", ""), annotation.label.name)
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
    return f"{verb} {_what(change, names)} of {name} on {where}"


def _what(change: Change, names: dict[str, str]) -> str:
    before, after = change.before or {}, change.after or {}
    changed = []
    if before.get("label") != after.get("label"):
        old = before.get("label", "")
        changed.append(f"the label (was {names.get(old, old)})")
    if (before.get("start"), before.get("end")) != (after.get("start"), after.get("end")):
        changed.append("the passage")
    if before.get("note") != after.get("note"):
        changed.append("the note")
    if before.get("confidence") != after.get("confidence"):
        changed.append("the confidence")
    return " and ".join(changed) or "nothing"
