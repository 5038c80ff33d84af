r"""The native export: everything of one article, one JSON object a line.

First the `article`, then `label`s, `annotation`s and `reading`s; docs/exports.md has every
field. Keys are sorted, the encoding is UTF-8, lines end with `\n`, and nothing of it is a
number that the database gave, so that what `annotate.exchange.importing` stored is exported
as the same bytes. The log of changes is not in it: an imported annotation has no history,
and there is nothing of it to undo.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

from annotate.accounts.models import User
from annotate.annotations.models import Annotation, Label, Reading
from annotate.articles.models import Article

from .records import annotations_of, readings_of, utc

# Lines to Unicode and to many a reader of lines, though not to JSON.
_SEPARATORS = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}


def write(article: Article, user: User | None = None) -> Iterator[str]:
    """Return the lines of `article` with what `user` may see; None sees everything.

    All is read before this returns.
    """
    labels = sorted(Label.objects.all(), key=lambda one: (one.order, one.slug))
    annotations = annotations_of(article, user)
    readings = readings_of(article, user)
    # Each line is made when it is asked for: a large story is never in memory as text.
    return chain(
        [_line("article", **_article(article))],
        (_line("label", **_label(one)) for one in labels),
        (_line("annotation", **_annotation(one)) for one in annotations),
        (_line("reading", **_reading(one)) for one in readings),
    )


def _line(kind: str, **fields: object) -> str:
    text = json.dumps({"type": kind, **fields}, ensure_ascii=False, sort_keys=True)
    return text.translate(_SEPARATORS) + "\n"


def _article(article: Article) -> dict[str, object]:
    spans = article.sentences.order_by("position").values(
        "position", "paragraph", "start", "end"
    )
    return {
        "title": article.title,
        "outlet": article.outlet,
        "byline": article.byline,
        "url": article.url,
        "published": article.published.isoformat() if article.published else None,
        "language": article.language,
        "status": article.status,
        "created": utc(article.created_at),
        "text": article.text,
        "sentences": list(spans),
    }


def _label(label: Label) -> dict[str, object]:
    names = ("slug", "name", "colour", "line", "key", "order", "guideline")
    return {name: getattr(label, name) for name in names}


def _annotation(annotation: Annotation) -> dict[str, object]:
    return {
        "reviewer": annotation.reviewer.public_name,
        "label": annotation.label.slug,
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


def _reading(reading: Reading) -> dict[str, object]:
    return {
        "reviewer": reading.reviewer.public_name,
        "sentence": reading.sentence.position,
        "created": utc(reading.created_at),
        "withdrawn": utc(reading.withdrawn_at),
    }
