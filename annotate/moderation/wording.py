"""What a line of a log, or of a plan, changes: in words for moderators."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotate.accounts.models import FOREVER
from annotate.annotations.models import Annotation, Reading
from annotate.annotations.states import State
from annotate.annotations.wording import place
from annotate.discussion.models import Comment, Thread

from .histories import Thing
from .unwinding import DEFAULTS

PARTS = {
    "label": "label",
    "passage": "passage",
    "note": "note",
    "confidence": "confidence",
    "text": "text",
    "withdrawn": "state",
    "resolution": "outcome",
    "hidden": "shown to others",
    "corrected": "correction by a moderator",
}
NONE = "none"


class Turn(NamedTuple):
    """What turns into what, in words."""

    name: str
    before: str
    after: str


def about(thing: Thing, labels: Mapping[str, str]) -> str:
    """Return what a thing is and where: "Claim on sentence 4"."""
    match thing:
        case Annotation():
            name = labels.get(thing.label.slug, thing.label.slug)
            return f"{name} on {place([thing.first_position, thing.last_position])}"
        case Reading():
            return f"Reading of {place([thing.sentence.position])}"
        case Comment():
            where = [thing.thread.first_position, thing.thread.last_position]
            return f"Comment on {place(where)}"
    return f"Discussion of {place([thing.first_position, thing.last_position])}"


def turns(
    thing: Thing, before: State, after: State, labels: Mapping[str, str], text: str = ""
) -> Iterator[Turn]:
    """Yield what differs between two states; `text` is the story's, for passages."""
    before, after = {**DEFAULTS, **before}, {**DEFAULTS, **after}
    for part, name in PARTS.items():
        old, new = (_said(part, thing, state, labels, text) for state in (before, after))
        if part == "resolution" and old == new and before.get(part) != after.get(part):
            # The same outcome of another time.
            old, new = (f"{old}, {_time_of(state[part].at)}" for state in (before, after))
        if old != new:
            yield Turn(name, old, new)


def _time_of(at: datetime.datetime) -> str:
    return date(timezone.localtime(at), "j M Y, H:i:s")


def _said(part: str, thing: Thing, state: State, labels: Mapping[str, str], text: str) -> str:
    if part == "passage":
        start, end = state.get("start"), state.get("end")
        return f"“{text[start:end]}”" if text else f"{start} to {end}"
    if part not in state:
        return NONE
    value = state[part]
    match part:
        case "label":
            return labels.get(value, value)
        case "withdrawn":
            if isinstance(thing, Reading):
                return "not read" if value else "read"
            return "taken back" if value else "stands"
        case "hidden":
            waits = "not yet: it waits for a moderator"
            return waits if state.get("pending") else "no" if value else "yes"
        case "resolution":
            return Thread.Outcome(value[0]).label if value[0] else "open"
        case "corrected":
            return "yes" if value else "no"
    return str(value) if value not in ("", None) else NONE


# --- The audit log ------------------------------------------------------------------------

NAMES = {
    "suspended_until": "suspended until",
    "premoderated": "tags seen first",
    "state": "state of the round",
}


def of_entry(before: State | None, after: State | None) -> list[Turn]:
    """Return what a line of the audit log changes, by field; nothing before what is new."""
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    names = [name for name in {**old, **new} if _is_news(name, old, new)]
    return [
        Turn(
            NAMES.get(name, name),
            _value(old[name]) if name in old else "",
            _value(new.get(name)),
        )
        for name in names
    ]


def _is_news(name: str, old: State, new: State) -> bool:
    """A revert counts what it changed, and of most kinds it changed nothing."""
    if name in old:
        return old[name] != new.get(name)
    return new[name] != 0 or isinstance(new[name], bool)


def _flat(state: State) -> Iterator[tuple[str, Any]]:
    for name, value in state.items():
        if isinstance(value, dict):
            yield from ((f"{name}: {inner}", one) for inner, one in value.items())
        else:
            yield name, value


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, ""):
        return NONE
    moment = parse_datetime(value) if isinstance(value, str) and "T" in value else None
    return moment_words(moment) if moment else str(value)


def moment_words(moment: datetime.datetime) -> str:
    """Return a time in the site's time zone; the one that never comes, as that."""
    if moment == FOREVER:
        return "for good"
    return date(timezone.localtime(moment), "j M Y, H:i")
