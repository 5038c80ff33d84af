"""The passages that lines of the log speak of: where they are, and what they say.

A tag stores only where it is now. It may have been elsewhere when a line was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from annotate.articles.models import Article
from annotate.trips import fetch

from .models import Annotation, Change


class Passage(NamedTuple):
    """`[start, end)` of an article's text, in code points."""

    article: int
    start: int
    end: int


type Places = dict[Passage, tuple[int, int]]  # positions of the first and the last sentence


def passage_of(tag: Annotation, state: dict[str, Any]) -> Passage:
    """Return the passage of a tag in a state as the log has it."""
    return Passage(tag.article_id, state["start"], state["end"])


def is_present(tag: Annotation, passage: Passage) -> bool:
    return (tag.start, tag.end) == (passage.start, passage.end)


def elsewhere(changes: Iterable[Change]) -> set[Passage]:
    """Return the passages before and after changes on which their tags are no longer."""
    return {
        passage
        for change in changes
        for line in (change, change.target)
        if line is not None and line.annotation is not None
        for state in (line.before, line.after)
        if state is not None
        and not is_present(line.annotation, passage := passage_of(line.annotation, state))
    }


# The sentences of each article are read once: many passages of a long one cost little more.
PLACES = """
    SELECT place.article, place.start, place."end",
           width_bucket(place.start, sentence.ends),
           width_bucket(place."end" - 1, sentence.starts) - 1
      FROM unnest(%(articles)s::bigint[], %(starts)s::int[], %(ends)s::int[])
           AS place (article, start, "end")
      JOIN (SELECT article_id, array_agg(start ORDER BY position) AS starts,
                   array_agg("end" ORDER BY position) AS ends
              FROM articles_sentence
             WHERE article_id = ANY(%(articles)s::bigint[])
             GROUP BY article_id
           ) sentence ON sentence.article_id = place.article
"""

TEXT = """
    SELECT text FROM articles_article
     WHERE id = %(article)s AND cardinality(%(articles)s::bigint[]) > 0
"""


def places(passages: Iterable[Passage]) -> Places:
    """Return where passages are, in one trip, whatever their number."""
    (rows,) = fetch([PLACES], _values(passages))
    return _places(rows)


def places_and_text(article: Article, passages: Iterable[Passage]) -> tuple[Places, str]:
    """Return where passages of an article are, and the text that has them, in one trip.

    The text is empty where there are no passages.
    """
    rows, texts = fetch([PLACES, TEXT], {**_values(passages), "article": article.pk})
    return _places(rows), texts[0][0] if texts else ""


def _values(passages: Iterable[Passage]) -> dict[str, list[int]]:
    columns = [*zip(*passages, strict=True)] or [(), (), ()]
    names = ("articles", "starts", "ends")
    return {name: [*column] for name, column in zip(names, columns, strict=True)}


def _places(rows: Iterable[tuple]) -> Places:
    return {Passage(*row[:3]): (row[3], row[4]) for row in rows}
