"""Texts that are made to take long: what they cost where a story is put in."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from annotate.articles.segmentation import split_sentences
from annotate.articles.text import TextRefused, canonical_body, canonical_title, paragraphs


def pieces(text: str) -> list[str]:
    """Return the parts of `text` between "|"."""
    return text.split("|")


# Each again and again, as one paragraph.
PIECES = [
    *pieces('"|“|\'|(|)|[|[3]|.|!|?|…|。|. |\n|\r\n| |\t|«“‘(|.”|." |. . |中|中。'),
    *pieces("a|A.|A. |a.b|Mr. |No. 1. |\n- |\n1. |a\n|A\n|a.\n |! \n|@a.b/|J.-"),
    *pieces("🎉|! 🎉 |! #a|#a |. [a|.[|.\n|🎉."),
]
# Pieces in random order leave nothing to remember from one place to the next.
MIXES = {
    "mixed pieces": pieces(
        'A. |中。|.[|A\n|Mr. |"|“|”|(|)|[|]|U.S. |?!|…|... |🎉|1.2|! #a|No. 1. |\n- |said '
    ),
    "letters and stops": [f"{letter}{stop}" for letter in "ABcdéЖ中" for stop in ".!?…。"],
    "letters, stops, spaces": [f"{letter}{stop} " for letter in "ABcdéЖ" for stop in ".!?…"],
    "letters and quotes": [f"{letter}{end}" for letter in "ABcd" for end in (".”", '?"', "!'")],
    "quotes and lines": pieces('.”|a.\n |é。|中!|c?"|C.Y. |Mr.\n|A?'),
    "initials": [f"{one}.{other}. " for one in "ABCdé" for other in "XYZжh"],
    "lines": [f"{start}\n" for start in [*"ABcdé-.", "1. a", "- A", "Mr."]],
}
# What is repeated, by name.
REPEATED = {repr(piece): piece for piece in PIECES} | {
    name: "".join(random.Random(name).choices(mix, k=1_000)) for name, mix in MIXES.items()
}
MEGABYTES = {
    "marks": "a" + "\u0301\u0316" * 500_000,
    "runs of marks": ("a" + "\u0316\u0301" * 50) * 10_000,
    "blank lines": "\n \n\ufeff" * 300_000,
    "spaces": "a" + " " * 1_000_000 + "b" + "\n" * 500_000 + " " * 500_000,
    "gaps": ("a" + " " * 1000) * 1000 + "\n",
    "dashes": "—" * 1_000_000,
    "paragraphs": "a\n\n" * 300_000,
}


def hostile_rows() -> Iterator[tuple[str, str, str, bool]]:
    """Yield what was measured, the figure, the budget, and whether that holds."""
    growth, name = max((growth_of_splitting(piece), name) for name, piece in REPEATED.items())
    what = f"a hostile paragraph four times as long: the worst of {len(REPEATED)}, {name}"
    yield what, f"{growth:.1f} ×", "≤ 8 ×", growth <= 8
    slowest, name = max((seconds(canonical, text), name) for name, text in MEGABYTES.items())
    what = f"a hostile megabyte made canonical: the worst of {len(MEGABYTES)}, {name}"
    yield what, f"{slowest:.1f} s", "≤ 3 s", slowest <= 3


def growth_of_splitting(piece: str) -> float:
    """Return how many times as long a paragraph takes to split that is four times as long."""
    short = "He said. " + piece * (25_000 // len(piece))
    long = "He said. " + piece * (100_000 // len(piece))
    # A millisecond added: what takes no time has no ratio.
    return seconds(split_sentences, long) / (seconds(split_sentences, short) + 0.001)


def canonical(raw: str) -> None:
    with suppress(TextRefused):
        paragraphs(canonical_body(raw))
        canonical_title(raw)


def seconds(work: Callable[[str], object], text: str) -> float:
    """Return the least CPU time of two runs."""
    times = []
    for _ in range(2):
        began = time.process_time()
        work(text)
        times.append(time.process_time() - began)
    return min(times)
