r"""The native export: everything of one article, one JSON object a line.

First the `article`, then `label`s, `annotation`s, `reading`s, `round`s, `thread`s and
`comment`s; docs/exports.md has every field. Keys are sorted, the encoding is UTF-8, lines end
with `\n`, and nothing of it is a number that the database gave, so that what
`annotate.exchange.importing` stored is exported as the same bytes. Logs are not in it: what
was imported has no history, and there is nothing of it to undo.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain

from annotate.accounts.models import User
from annotate.annotations.models import Annotation, Label, Reading
from annotate.articles.models import Article
from annotate.discussion.models import Comment, Thread
from annotate.reviews.models import Assignment, Round

from .records import Names, annotations_of, readings_of, seats_of, threads_of, utc

# Lines to Unicode and to many a reader of lines, though not to JSON.
_SEPARATORS = {ord(character): f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}


def write(article: Article, user: User | None = None) -> Iterator[str]:
    """Return the lines of `article` with what `user` may see; None sees everything.

    All is read before this returns.
    """
    labels = sorted(Label.objects.all(), key=lambda one: (one.order, one.slug))
    names = Names(article, user)
    annotations = annotations_of(article, user, names)
    readings = readings_of(article, user, names)
    seats = seats_of(user, names)
    threads = threads_of(article, user, names)
    # Each line is made when it is asked for: a large story is never in memory as text.
    return chain(
        [_line("article", **_article(article))],
        (_line("label", **_label(one)) for one in labels),
        (_line("annotation", **_annotation(one, names)) for one in annotations),
        (_line("reading", **_reading(one, names)) for one in readings),
        (_line("round", **_round(one, seats.get(one.pk, []), names)) for one in names.rounds),
        (
            _line("thread", number=number, **_thread(one, names))
            for number, (one, _) in enumerate(threads, start=1)
        ),
        (
            _line("comment", thread=number, number=place, **_comment(comment, one, names))
            for number, (one, comments) in enumerate(threads, start=1)
            for place, comment in enumerate(comments, start=1)
        ),
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
    names = ("slug", "name", "colour", "line", "key", "order", "guideline", "version")
    return {name: getattr(label, name) for name in names}


def _annotation(annotation: Annotation, names: Names) -> dict[str, object]:
    return {
        "reviewer": names.of(annotation.reviewer, annotation.round_id),
        "round": names.number(annotation.round_id),
        "label": annotation.label.slug,
        "start": annotation.start,
        "end": annotation.end,
        "exact": annotation.exact,
        "note": annotation.note,
        "confidence": annotation.confidence,
        "guideline": annotation.guideline,
        "created": utc(annotation.created_at),
        "changed": utc(annotation.changed_at),
        "withdrawn": utc(annotation.withdrawn_at),
        "hidden": utc(annotation.hidden_at),
    }


def _reading(reading: Reading, names: Names) -> dict[str, object]:
    return {
        "reviewer": names.of(reading.reviewer, reading.round_id),
        "round": names.number(reading.round_id),
        "sentence": reading.sentence.position,
        "created": utc(reading.created_at),
        "withdrawn": utc(reading.withdrawn_at),
    }


def _round(round: Round, seats: Sequence[Assignment], names: Names) -> dict[str, object]:
    return {
        "number": round.number,
        "mode": round.mode,
        "state": round.state,
        "needed": round.needed,
        "due": round.due.isoformat() if round.due else None,
        "pseudonyms": round.pseudonyms,
        "opened": utc(round.opened_at),
        "revealed": utc(round.revealed_at),
        "closed": utc(round.closed_at),
        "reviewers": [
            {
                "reviewer": names.of(one.reviewer, round.pk),
                "number": one.number,
                "due": one.due.isoformat() if one.due else None,
                "assigned": utc(one.assigned_at),
                "submitted": utc(one.submitted_at),
                "handed_on": utc(one.handed_on_at),
            }
            for one in seats
        ],
    }


def _thread(thread: Thread, names: Names) -> dict[str, object]:
    resolved_by = thread.resolved_by
    return {
        "round": names.number(thread.round_id),
        "start": thread.start,
        "end": thread.end,
        "exact": thread.exact,
        "by": names.of(thread.created_by, thread.round_id),
        "created": utc(thread.created_at),
        "outcome": thread.outcome,
        "resolved": utc(thread.resolved_at),
        "resolved_by": names.of(resolved_by, thread.round_id) if resolved_by else "",
    }


def _comment(comment: Comment, thread: Thread, names: Names) -> dict[str, object]:
    round = thread.round_id
    return {
        "author": names.of(comment.author, round),
        "text": comment.text,
        "mentions": sorted(names.of(one, round) for one in comment.mentions.all()),
        "created": utc(comment.created_at),
        "edited": utc(comment.edited_at),
        "withdrawn": utc(comment.withdrawn_at),
        "hidden": utc(comment.hidden_at),
    }
