"""A story's sentences: as the splitter finds them, then as a person joined and cut them."""

from __future__ import annotations

from collections.abc import Collection

from . import segmentation, text


def split_body(
    body: str, *, joins: Collection[int] = (), cuts: Collection[int] = ()
) -> list[list[tuple[int, int]]]:
    """Return the sentences of a canonical body, a list of `[start, end)` for each paragraph.

    Offsets are code points from the body's start. `joins` has the starts of sentences to
    join to the one before them in their paragraph, `cuts` the offsets where one is to be
    cut in two. Offsets where neither is possible change nothing.
    """
    joined, cut = set(joins), sorted(set(cuts))
    paragraphs = []
    for start, end in text.paragraphs(body):
        spans = [
            (start + first, start + last)
            for first, last in segmentation.split_sentences(body[start:end])
        ]
        here = [offset for offset in cut if start < offset < end]
        if here:
            spans = _cut(body, spans, here)
        if joined:
            spans = _join(spans, joined)
        if spans:
            paragraphs.append(spans)
    return paragraphs


def _cut(body: str, spans: list[tuple[int, int]], cuts: list[int]) -> list[tuple[int, int]]:
    pieces = []
    for start, end in spans:
        edges = [start, *(offset for offset in cuts if start < offset < end), end]
        for left, right in zip(edges, edges[1:], strict=False):
            piece = body[left:right]
            stripped = piece.strip()
            if stripped:
                first = left + len(piece) - len(piece.lstrip())
                pieces.append((first, first + len(stripped)))
    return pieces


def _join(spans: list[tuple[int, int]], joins: set[int]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start in joins:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
