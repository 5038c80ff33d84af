"""A passage of a line of an import: checked against the text, and all that follows from it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

from annotate.annotations.models import CONTEXT
from annotate.articles.models import Sentence

from .fields import Fields, shown


def passage_of(fields: Fields, text: str, sentences: list[Sentence]) -> dict[str, Any]:
    """Return the fields of a model that a passage has. Raises ImportRefused."""
    start = fields.number("start", 0, len(text) - 1)
    end = fields.number("end", start + 1, len(text))
    exact = fields.text("exact")
    if exact != text[start:end]:
        raise fields.refused(
            f"expected {shown(text[start:end])}, the text from {start} to {end}",
            f"got {shown(exact)}",
        )
    first, last = _positions(sentences, start, end)
    if last < first:
        raise fields.refused(
            "expected a passage in a sentence", f"got {shown(exact)} between two"
        )
    return {
        "start": start,
        "end": end,
        "exact": exact,
        "prefix": text[max(start - CONTEXT, 0) : start],
        "suffix": text[end : end + CONTEXT],
        "first_position": first,
        "last_position": last,
    }


def _positions(sentences: list[Sentence], start: int, end: int) -> tuple[int, int]:
    """Return the first and last sentence that `[start, end)` touches; last < first for none."""
    first = bisect_right(sentences, start, key=lambda one: one.end)
    return first, bisect_left(sentences, end, key=lambda one: one.start) - 1
