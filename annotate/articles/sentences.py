"""A story's sentences: as the splitter finds them, then as a person joined and cut them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import pairwise

from . import segmentation, text

type Span = tuple[int, int]

# Where a new sentence may begin when a person cuts one: after white space or a dash, and at
# each sign of a script that puts no space between words. static/js/new.js has the same rule.
_WORD_START = re.compile(
    r"(?:(?<=[\s–—])|\A)[^\s–—]"
    r"|[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def split_body(
    body: str, *, joins: Collection[int] = (), cuts: Collection[int] = ()
) -> list[list[Span]]:
    """Return the sentences of a canonical body, a list of `[start, end)` for each paragraph.

    Offsets are code points from the body's start. `joins` has the starts of sentences to
    join to the one before them in their paragraph, `cuts` the offsets where one is to be
    cut in two. Offsets where neither is possible change nothing.
    """
    joined, cut = set(joins), sorted(set(cuts))
    paragraphs = []
    done = 0
    for start, end in text.paragraphs(body):
        here = done
        while done < len(cut) and cut[done] < end:
            done += 1
        spans = _split_paragraph(body, start, end, joined, cut[here:done])
        if spans:
            paragraphs.append(spans)
    return paragraphs


def join_at(
    offset: int, joins: Iterable[int], cuts: Iterable[int]
) -> tuple[set[int], set[int]]:
    """Return joins and cuts once the sentence starting at `offset` joins the one before.

    A cut there is taken back.
    """
    return {*joins, offset}, set(cuts) - {offset}


def cut_at(
    body: str, offset: int, joins: Iterable[int], cuts: Iterable[int]
) -> tuple[set[int], set[int]]:
    """Return joins and cuts once a sentence begins at `offset`, or after white space there.

    A join there is taken back.
    """
    while offset < len(body) and body[offset].isspace():
        offset += 1
    return set(joins) - {offset}, {*cuts, offset}


def words(sentence: str, *, most: int) -> list[Span]:
    """Return `[start, end)` of the stretches that a sentence can be cut into, at most `most`.

    They tile the sentence; the last one holds all the rest.
    """
    starts = [0]
    for match in _WORD_START.finditer(sentence, 1):
        if len(starts) == most:
            break
        starts.append(match.start())
    return list(zip(starts, [*starts[1:], len(sentence)], strict=True))


def _split_paragraph(
    body: str, start: int, end: int, joins: set[int], cuts: list[int]
) -> list[Span]:
    spans = [
        (start + first, start + last)
        for first, last in segmentation.split_sentences(body[start:end])
    ]
    if cuts:
        spans = _cut(body, spans, cuts)
    return _join(spans, joins) if joins else spans


def _cut(body: str, spans: list[Span], cuts: list[int]) -> list[Span]:
    pieces = []
    for start, end in spans:
        edges = [start, *(offset for offset in cuts if start < offset < end), end]
        for left, right in pairwise(edges):
            piece = body[left:right]
            if stripped := piece.strip():
                first = left + len(piece) - len(piece.lstrip())
                pieces.append((first, first + len(stripped)))
    return pieces


def _join(spans: list[Span], joins: set[int]) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start in joins:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
