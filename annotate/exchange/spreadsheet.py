"""Annotations as CSV that a spreadsheet can open and cannot run.

A cell that begins with `=`, `+`, `-` or `@` is a formula to a spreadsheet. Every cell that
could be taken for one, and every cell that begins with an apostrophe, gets one apostrophe
in front: taking one leading apostrophe away, where there is one, always gives the exact text.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from typing import Any

from annotate.accounts.models import User
from annotate.annotations.models import Annotation
from annotate.articles.models import Article

from .records import Names, annotations_of, utc

COLUMNS = (
    *("article", "outlet", "published", "reviewer", "round", "label"),
    *("sentence", "last_sentence"),
    *(
        "start",
        "end",
        "exact",
        "note",
        "confidence",
        "created",
        "changed",
        "withdrawn",
        "hidden",
    ),
)
BYTE_ORDER_MARK = "\ufeff"  # without it, Excel does not read UTF-8


def write(article: Article, user: User | None = None) -> Iterator[str]:
    """Return a row for each annotation of `article` that `user` may see; None sees all.

    In UTF-8 with a byte order mark; rows end with CR LF, a note keeps its own line ends.
    All is read before this returns.
    """
    names = Names(article, user)
    return _rows(article, annotations_of(article, user, names), names)


def _rows(article: Article, annotations: list[Annotation], names: Names) -> Iterator[str]:
    # The writer returns what its file returns: so each row comes back as text.
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    for annotation in annotations:
        row = _row(article, annotation, names)
        yield writer.writerow([escape(row[column]) for column in COLUMNS])


def escape(value: object) -> object:
    """Return `value` as a cell: text gets an apostrophe where it could be a formula."""
    return f"'{value}" if isinstance(value, str) and _needs_apostrophe(value) else value


def unescape(cell: str) -> str:
    """Return the exact text of a cell."""
    return cell.removeprefix("'")


def _needs_apostrophe(text: str) -> bool:
    if text[:1] in ("'", "\t", "\r", "\n"):
        return True
    # Spreadsheets skip white space and characters of no width, and some read the
    # full-width forms as the plain ones.
    first = next((character for character in text if not _is_skipped(character)), "")
    return unicodedata.normalize("NFKC", first)[:1] in ("=", "+", "-", "@")


def _is_skipped(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


def _row(article: Article, annotation: Annotation, names: Names) -> dict[str, object]:
    return {
        "article": article.title,
        "outlet": article.outlet,
        "published": article.published,
        "reviewer": names.of(annotation.reviewer, annotation.round_id),
        "round": names.number(annotation.round_id),
        "label": annotation.label.slug,
        "sentence": annotation.first_position,
        "last_sentence": annotation.last_position,
        "start": annotation.start,
        "end": annotation.end,
        "exact": annotation.exact,
        "note": annotation.note,
        "confidence": annotation.confidence,
        "created": utc(annotation.created_at),
        "changed": utc(annotation.changed_at),
        "withdrawn": utc(annotation.withdrawn_at),
        "hidden": utc(annotation.hidden_at),
    }


class _Echo:
    def write(self, text: str) -> Any:
        return text
