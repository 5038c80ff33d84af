"""What an action asks of the database about a passage, in SQL of its own.

Every tag asks this. QuerySets that are built anew each time would take most of a tag's time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Field, JSONField

from annotate.accounts.models import User
from annotate.articles.models import Article, ArticleQuerySet
from annotate.live import actions as live
from annotate.live.models import Event
from annotate.reviews.actions import join
from annotate.reviews.parts import PART, Part, part_from
from annotate.trips import fetch

from .labels import LABEL, label_from
from .models import CONTEXT, Annotation, Change, Label
from .refusals import ArticleClosed, UnknownLabel, WrongPassage


class Touched(NamedTuple):
    """A sentence that a passage touches; whether the person who acts has read it."""

    pk: int
    position: int
    paragraph: int
    start: int
    end: int
    read: bool
    text: str


@dataclass
class Passage:
    """A passage of a locked article: what an annotation stores of it."""

    sentences: Sequence[Touched]
    exact: str
    prefix: str
    suffix: str
    latest: int  # the last event that the person may know of
    undo_top: int | None  # the change that their undo would take back now

    def place(self, annotation: Annotation, start: int, end: int) -> None:
        annotation.start, annotation.end = start, end
        annotation.exact, annotation.prefix, annotation.suffix = (
            self.exact,
            self.prefix,
            self.suffix,
        )
        annotation.first_position = self.sentences[0].position
        annotation.last_position = self.sentences[-1].position


def refuse_closed(article: Article) -> None:
    if not article.is_open:
        state = article.get_status_display().lower()
        raise ArticleClosed(f"“{article}” is {state}: it takes no more changes.")


LOCKED = ["id", "title", "status", "premoderated"]
LOCK = f"""
    SELECT id, title, status, premoderated FROM articles_article
     WHERE id = %(article)s AND {ArticleQuerySet.VISIBLE_TO}
       FOR NO KEY UPDATE
"""  # noqa: S608 - composed of constants


def lock(pk: int, person: User) -> tuple[Article, Part]:
    """Lock an article to work in it; return it with the person's part in its round.

    Raises Article.DoesNotExist also where `person` may not know of the article, ArticleClosed
    and NotAReviewer where they may not work in it now.
    """
    return _locked(person, *fetch([LOCK, PART], _who(pk, person)))


def lock_passage(
    pk: int, person: User, label: str, start: int, end: int
) -> tuple[Article, Part, Label, Passage]:
    """Lock an article, read a passage of it, and the label with a slug.

    Raises UnknownLabel, and what `lock` and `read_passage` raise.
    """
    values = {**_who(pk, person), **_where(start, end), "label": label}
    locked, part, labels, found = fetch([LOCK, PART, LABEL, PASSAGE], values)
    article, own_part = _locked(person, locked, part)
    if not labels:
        raise UnknownLabel(f"There is no label “{label}”.")
    return article, own_part, label_from(labels[0]), _passage(found[0], own_part, values)


def _who(pk: int, person: User) -> dict[str, object]:
    return {"article": pk, "user": person.pk, "moderator": person.is_moderator}


def _where(start: int, end: int) -> dict[str, int]:
    left, right = max(start - CONTEXT, 0), end + CONTEXT
    return {"start": start, "end": end, "left": left, "right": right}


def _locked(person: User, locked: list[tuple], part: list[tuple]) -> tuple[Article, Part]:
    """Return what was locked, and the part in its round as of after the lock.

    A statement of its own reads the part: one with the lock would see the round as it was
    before it waited, and a tag could slip in as blind after the reveal.
    """
    if not locked:
        raise Article.DoesNotExist
    article = Article.from_db(connection.alias, LOCKED, locked[0])
    refuse_closed(article)
    own_part = part_from(part[0] if part else None, person)
    if refused := own_part.refusal():
        raise refused
    if own_part.may_join:
        assert own_part.round is not None
        own_part = Part(person, own_part.round, join(own_part.round, person))
    return article, own_part


# All that a tag has to know, in one row. As a QuerySet, building it anew would take more
# time than everything else that a tag does. The text is cut out once: each cut reads the
# whole text from its beginning.
ROUND = "(SELECT id FROM reviews_round WHERE article_id = %(article)s AND latest)"
PASSAGE = f"""
    SELECT span.sentences, span.base,
           substr(article.text, span.base + 1, span.upto - span.base),
           (SELECT max(number) FROM live_event WHERE article_id = article.id),
           (SELECT max(number) FROM live_event
             WHERE article_id = article.id AND (by = %(user)s OR kind = 'round')),
           last.id, last.kind, last.target_id, target.below_id
      FROM articles_article article
     CROSS JOIN (
           SELECT array_agg(
                      ARRAY[sentence.id, position, paragraph, start, "end",
                            (reading.id IS NOT NULL)::int]
                      ORDER BY position
                  ) AS sentences,
                  least(min(start), %(left)s) AS base,
                  greatest(max("end"), %(right)s) AS upto
             FROM articles_sentence sentence
             LEFT JOIN annotations_reading reading
                  ON reading.sentence_id = sentence.id AND reading.reviewer_id = %(user)s
                     AND reading.round_id IS NOT DISTINCT FROM {ROUND}
                     AND reading.withdrawn_at IS NULL
            WHERE sentence.article_id = %(article)s AND start < %(end)s AND "end" > %(start)s
           ) span
      LEFT JOIN LATERAL (
           SELECT * FROM annotations_change
            WHERE article_id = %(article)s AND by_id = %(user)s
                  AND round_id IS NOT DISTINCT FROM {ROUND}
                  AND kind NOT IN {Change.MODERATION}
            ORDER BY id DESC LIMIT 1
           ) last ON true
      LEFT JOIN annotations_change target ON target.id = last.target_id
     WHERE article.id = %(article)s
"""  # noqa: S608 - composed of constants


def read_passage(article: Article, part: Part, start: int, end: int) -> Passage:
    """Read the text and the sentences of a passage of a locked article.

    Raises WrongPassage.
    """
    values = {**_who(article.pk, part.user), **_where(start, end)}
    return _passage(fetch([PASSAGE], values)[0][0], part, values)


def _passage(row: tuple, part: Part, values: Mapping[str, Any]) -> Passage:
    sentences, base, text, latest, own_latest, *last = row
    start, end, left = values["start"], values["end"], values["left"]
    if not sentences:
        raise WrongPassage(
            f"Nothing can be tagged from character {start} to {end}: "
            "no sentence of the article is there."
        )
    exact = text[start - base : end - base]
    if len(exact) != end - start:
        raise WrongPassage(f"The passage ends at {end}, after the end of the article's text.")
    return Passage(
        sentences=[
            Touched(
                pk, at, paragraph, first, last, bool(read), text[first - base : last - base]
            )
            for pk, at, paragraph, first, last, read in sentences
        ],
        exact=exact,
        prefix=text[left - base : start - base],
        suffix=text[end - base : end - base + CONTEXT],
        latest=(latest if part.sees_all else own_latest) or 0,
        undo_top=_undo_top(*last),
    )


def _undo_top(pk: int | None, kind: str, target: int | None, below: int | None) -> int | None:
    """Return what undo would take back after the change `pk`, whose target covers `below`.

    As `Change.undo_top_id`, of a bare row.
    """
    if kind == Change.Kind.UNDONE:
        return below
    return target if kind == Change.Kind.REDONE else pk


def insert(annotation: Annotation, change: Change) -> int:
    """Store a new annotation, its line of the log and its event in one statement.

    As save() and publish() would. Returns the number of the event.
    """
    sql, fields, change_fields = _insert_statement()
    rows = [(annotation, fields), (change, change_fields)]
    values = [
        # psycopg takes all but JSON as Python has it.
        field.get_db_prep_save(getattr(row, field.attname), connection)
        if isinstance(field, JSONField)
        else getattr(row, field.attname)
        for row, columns in rows
        for field in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        annotation.pk, change.pk, event, _ = cursor.fetchone()
    change.annotation = annotation
    for row in (annotation, change):
        row._state.adding, row._state.db = False, connection.alias
    return event


@cache
def _insert_statement() -> tuple[str, list[Field], list[Field]]:
    """Return the statement of `insert`, made of the models, and the fields in its order."""
    fields = [one for one in Annotation._meta.concrete_fields if not one.primary_key]
    change_fields = [
        one
        for one in Change._meta.concrete_fields
        if not one.primary_key and one.name != "annotation"
    ]

    def insert(table: str, columns: Sequence[Field], more: str = "", value: str = "") -> str:
        names = ", ".join(f'"{one.column}"' for one in columns)
        places = ", ".join("%s" for _ in columns)
        return f"INSERT INTO {table} ({names}{more}) VALUES ({places}{value})"  # noqa: S608

    tag = insert(Annotation._meta.db_table, fields)
    line = insert(
        Change._meta.db_table, change_fields, ", annotation_id", ", (SELECT id FROM tag)"
    )
    number = live.NUMBER.format(article="tag.article_id")
    sql = f"""
        WITH tag AS ({tag}
             RETURNING id, article_id, reviewer_id, first_position, last_position, hidden_at),
        line AS ({line} RETURNING id),
        event AS (INSERT INTO live_event ({live.COLUMNS})
             SELECT article_id, reviewer_id,
                    CASE WHEN hidden_at IS NULL THEN '{Event.Kind.TAGS}'
                         ELSE '{Event.Kind.HIDDEN}' END, first_position, last_position,
                    clock_timestamp(), {number} FROM tag
             {live.RETURNING})
        SELECT tag.id, line.id, event.number, {live.NOTIFY} FROM tag, line, event
    """  # noqa: S608 - composed of constants and names of columns
    return sql, fields, change_fields
