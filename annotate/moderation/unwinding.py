"""What becomes of a thing if some lines of its history are undone, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from annotate.annotations.models import Change
from annotate.annotations.states import State

from .histories import Line

REVERTED = Change.Kind.REVERTED.value  # the threads' log calls it the same

# What belongs together goes back together.
PARTS: dict[str, tuple[str, ...]] = {
    "label": ("label", "guideline"),
    "passage": ("start", "end"),
    "note": ("note",),
    "confidence": ("confidence",),
    "text": ("text",),
    "withdrawn": ("withdrawn",),
    "resolution": ("resolution",),
    # These two say something about the rest: they stay where any of that stays.
    "hidden": ("hidden", "pending"),
    "corrected": ("corrected",),
}
ABOUT_THE_REST = ("hidden", "corrected")
DEFAULTS: State = {"pending": False, "corrected": False}  # written only where they are true


@dataclass
class Unwound:
    """What goes back, by field, and the parts that were changed since and stay."""

    goes: State = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)


def unwind(lines: Sequence[Line], present: State, gone: State) -> Unwound:
    """Return what undoing the chosen lines of a thing's history changes of `present`.

    What the chosen lines made becomes `gone`. Else each part that they changed goes back to
    what it was without them, if it has the last value that they gave it; or an earlier one,
    where a revert took it back to that.
    """
    first = next(at for at, line in enumerate(lines) if line.chosen)
    if lines[first].before is None:
        return Unwound({} if _is_gone(present, gone) else gone)
    found = Unwound()
    for part, names in PARTS.items():
        if names[0] not in present:
            continue
        fate = _unwind_part(part, names, lines[first:], present)
        if fate == "stays" or (fate and part in ABOUT_THE_REST and found.stays):
            found.stays.append(part)
        elif isinstance(fate, dict):
            found.goes |= fate
    return found


def _unwind_part(
    part: str, names: tuple[str, ...], lines: Sequence[Line], present: State
) -> State | str | None:
    """Return what the part goes back to, "stays" if it was changed since, None if neither."""
    now = _part(present, names, present)
    back: tuple | None = None  # what it goes back to
    given: list[tuple] = []  # what the chosen lines made of it
    between: tuple | None = None  # what others made of it after that
    by_revert = False
    for line in lines:
        before = _part(line.before or {}, names, present)
        after = _part(line.after, names, present)
        if before == after:
            continue
        by_revert = line.kind == REVERTED and not line.chosen
        if line.chosen:
            back = before if back is None else between if between is not None else back
            given.append(after)
            between = None
        elif not by_revert:
            between = after
    if back is None or now == back:
        return None
    if now == given[-1] or (by_revert and now in given):
        return dict(zip(names, back, strict=True))
    return "stays"


def _part(state: State, names: tuple[str, ...], present: State) -> tuple:
    """Return a part of a state. What old lines do not say is taken to be as it is now."""
    known = {**present, **DEFAULTS, **state}
    return tuple(known[name] for name in names)


def _is_gone(present: State, gone: State) -> bool:
    """Whether nobody but its author and moderators sees it as it is."""
    return present["withdrawn"] or all(present[name] == gone[name] for name in gone)
