"""What the pages read: sentences with their tags, counts, progress, history."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Substr
from django.utils.safestring import SafeString

from annotate.accounts.models import User
from annotate.articles.models import Article, Sentence
from annotate.live.actions import latest_event
from annotate.live.models import Event
from annotate.reviews.models import RoundQuerySet
from annotate.reviews.parts import Part

from . import markup, wording
from .actions import Done
from .log import latest_change
from .models import Reading
from .passages import Touched

LINE_BREAK = SafeString("<br>")
LANES = 4  # underlines drawn below each other; deeper tags still have their badge


@dataclass(slots=True)
class Tag:
    """A reviewer's label on a passage, as the page shows it."""

    pk: int
    start: int
    end: int
    first_position: int
    last_position: int
    is_hidden: bool
    is_mine: bool
    reviewer: str  # the public name, or the pseudonym
    slug: str
    label: str
    key: str


@dataclass(slots=True)
class Run:
    """A stretch of a sentence under the same tags."""

    text: str
    tags: list[Tag] = field(default_factory=list)
    lanes: str = ""  # CSS classes: which label's line is drawn in which lane
    ends: list[Tag] = field(default_factory=list)  # tags whose passage ends here


@dataclass(slots=True)
class TaggedSentence:
    """A sentence as the page shows it. Offsets are code points of the article's text."""

    pk: int
    position: int
    paragraph: int
    start: int
    end: int
    read: bool
    runs: list[Run]
    gap: str = ""  # the white space that follows it inside its paragraph

    @property
    def html(self) -> SafeString:
        return markup.sentence(self)

    @property
    def html_out_of_band(self) -> SafeString:
        """For an answer: htmx puts it in the place of the one that the page has."""
        return markup.sentence(self, ' hx-swap-oob="true"')

    @property
    def space(self) -> str:
        """What stands between it and the next one of its paragraph."""
        return LINE_BREAK if "\n" in self.gap else self.gap


def article_paragraphs(article: Article, part: Part) -> list[list[TaggedSentence]]:
    """Return the whole article, the sentences of each paragraph; the headline comes first.

    Three queries, whatever the number of sentences and tags.
    """
    text = article.text
    rows = article.sentences.order_by("position").values_list(
        "pk", "position", "paragraph", "start", "end"
    )
    read = set(
        Reading.objects.live()
        .filter(reviewer=part.user, round=part.round, sentence__article=article)
        .values_list("sentence", flat=True)
    )
    starting: dict[int, list[Tag]] = {}
    for tag in _visible(article, part):
        starting.setdefault(tag.first_position, []).append(tag)

    paragraphs: list[list[TaggedSentence]] = []
    open_now: list[Tag] = []  # sorted: those from earlier sentences come first
    previous: TaggedSentence | None = None
    for pk, position, paragraph, start, end in rows.iterator():
        here = [*open_now, *starting.get(position, ())]
        runs = _runs(text[start:end], start, position, here) if here else [Run(text[start:end])]
        sentence = TaggedSentence(
            pk=pk,
            position=position,
            paragraph=paragraph,
            start=start,
            end=end,
            read=pk in read,
            runs=runs,
        )
        if previous is not None and previous.paragraph == paragraph:
            previous.gap = text[previous.end : start]
            paragraphs[-1].append(sentence)
        else:
            paragraphs.append([sentence])
        open_now = [one for one in here if one.last_position > position] if here else []
        previous = sentence
    return paragraphs


def tagged_sentences(
    article: Article,
    part: Part,
    positions: Iterable[int],
    sentences: Sequence[Touched] = (),
) -> list[TaggedSentence]:
    """Return the sentences at `positions`, each as the whole page would show it.

    `sentences` saves a query where an action has read them already, with their `text`.
    """
    wanted = set(positions)
    if not wanted:
        return []
    rows: Sequence[Any] = sentences or with_text(article.sentences.filter(position__in=wanted))
    visible = _visible(article, part, min(wanted), max(wanted))
    read = getattr(rows[0], "read", None) if rows else None
    reads = (
        set()
        if read is not None
        else set(
            Reading.objects.live()
            .filter(reviewer=part.user, round=part.round, sentence__in=[row.pk for row in rows])
            .values_list("sentence", flat=True)
        )
    )
    tagged = []
    for row in rows:
        here = [
            one for one in visible if one.first_position <= row.position <= one.last_position
        ]
        tagged.append(
            TaggedSentence(
                pk=row.pk,
                position=row.position,
                paragraph=row.paragraph,
                start=row.start,
                end=row.end,
                read=getattr(row, "read", row.pk in reads),
                runs=_runs(row.text, row.start, row.position, here),
            )
        )
    return tagged


def with_text(sentences):
    """Sentences with their own `text`, cut out by the database."""
    text = Substr("article__text", F("start") + 1, F("end") - F("start"))
    return sentences.annotate(text=text).order_by("position")


# Read as bare rows: of 2,000 tags, three model instances each take longer than all the rest.
# What moderators have hidden, only its reviewer and moderators see.
VISIBLE = """
    SELECT tag.id, tag.start, tag."end", tag.first_position, tag.last_position,
           tag.hidden_at IS NOT NULL, tag.reviewer_id = %(user)s,
           CASE WHEN %(pseudonyms)s THEN 'Reviewer ' || seat.number
                ELSE reviewer.public_name END,
           label.slug, label.name, label.key
      FROM annotations_annotation tag
      JOIN annotations_label label ON label.id = tag.label_id
      JOIN accounts_user reviewer ON reviewer.id = tag.reviewer_id
      LEFT JOIN reviews_assignment seat
           ON seat.round_id = tag.round_id AND seat.reviewer_id = tag.reviewer_id
     WHERE tag.article_id = %(article)s AND tag.withdrawn_at IS NULL
           AND tag.round_id IS NOT DISTINCT FROM %(round)s
           AND (tag.reviewer_id = %(user)s
                OR %(everyone)s AND (tag.hidden_at IS NULL OR %(moderator)s))
           AND tag.first_position <= %(last)s AND tag.last_position >= %(first)s
     ORDER BY tag.start, tag."end" DESC, tag.id
"""
LAST_POSITION = 2**31 - 1


def _visible(
    article: Article, part: Part, first: int = 0, last: int = LAST_POSITION
) -> list[Tag]:
    """Return the live tags of the latest round that the person sees, in reading order.

    Those on the sentences from position `first` to `last`. Whether they may see the article
    is settled before.
    """
    values = {**_values(article, part), "first": first, "last": last}
    return [Tag(*row) for row in _fetch(VISIBLE, values)]


def _runs(text: str, start: int, position: int, tags: list[Tag]) -> list[Run]:
    """Cut a sentence's text wherever a tag begins or ends, and give each tag a lane.

    A tag takes the first lane that is free where it starts, so that nested and overlapping
    tags are drawn below each other.
    """
    end = start + len(text)
    if not tags:
        return [Run(text)]
    lanes: dict[int, int] = {}
    free_from = [0] * LANES
    cuts = {start, end}
    for tag in tags:
        first, last = max(tag.start, start), min(tag.end, end)
        cuts.update((first, last))
        for lane, free in enumerate(free_from):
            if free <= first:
                lanes[tag.pk] = lane
                free_from[lane] = last
                break
    edges = sorted(cuts)
    runs = []
    for left, right in pairwise(edges):
        under = [one for one in tags if one.start < right and one.end > left]
        classes = " ".join(f"l{lanes[one.pk]}-{one.slug}" for one in under if one.pk in lanes)
        ends = [
            one
            for one in reversed(under)
            if one.last_position == position and min(one.end, end) == right
        ]
        runs.append(Run(text[left - start : right - start], under, classes, ends))
    return runs


def words(text: str, start: int) -> list[tuple[int, int, str]]:
    """Return `[start, end)` and text of each word, with the punctuation that it touches."""
    return [(start + m.start(), start + m.end(), m[0]) for m in re.finditer(r"\S+", text)]


def words_around(sentences, start: int, end: int) -> list[tuple[Sentence, list]]:
    """Return each sentence with its words; a passage that ends inside a word cuts it there."""
    found = []
    for row in with_text(sentences):
        cuts = sorted(
            {row.start, row.end} | {at for at in (start, end) if row.start < at < row.end}
        )
        pieces = [
            piece
            for left, right in pairwise(cuts)
            for piece in words(row.text[left - row.start : right - row.start], left)
        ]
        found.append((row, pieces))
    return found


# --- Answers ------------------------------------------------------------------------------


def answer(done: Done, since: int | None) -> dict[str, Any]:
    """Return what the page has to show after an action.

    `since` is the last event that the page knew of: what happened after it comes along.
    """
    article, part, change = done.article, done.part, done.change
    latest = change if change and not done.repeated else latest_change(article, part)
    counts = legend(article, part)
    positions, sentences = done.positions, done.sentences
    event = done.event or latest_event(article, part.user, sees_all=part.sees_all)
    stale = False
    if since is not None and since != done.before:
        others, stale = positions_changed_since(article, part, since)
        if not others <= set(positions):
            positions, sentences = sorted({*positions, *others}), ()
    names = {label.slug: label.name for label in counts.labels}
    return {
        "article": article,
        "sentences": tagged_sentences(article, part, positions, sentences),
        "legend": counts,
        "event": event,
        "stale": stale,
        "can_undo": bool(latest and latest.undo_top_id),
        "can_redo": bool(latest and latest.redo_top_id),
        "said": wording.of_change(change, names) if change else "Nothing changed",
        "annotation": done.annotation,
    }


def anchor(done: Done) -> str:
    """Return the address of the first sentence that an action changed."""
    page = done.article.get_absolute_url()
    sentence = done.article.sentences.filter(position__in=done.positions[:1]).first()
    return f"{page}#sentence-{sentence.pk}" if sentence else page


# --- Counts and progress ------------------------------------------------------------------

# A sentence is covered by a person's live tag on any part of it or by their reading. In one
# article's round, or in the latest of each where `article` is NULL: that costs the same for
# any number of them.
# Tags and readings are spans of positions; what they cover together is a multirange. To list
# the positions would be simpler, but PostgreSQL's planner takes each span for 1,000 of them.
LATEST = """({0}.round_id IS NULL OR EXISTS (
    SELECT 1 FROM reviews_round round WHERE round.id = {0}.round_id AND round.latest))"""
COVERED = f"""
    SELECT article_id, (SELECT sum(upper(part) - lower(part))::int FROM unnest(parts) part)
               AS sentences
      FROM (SELECT article_id, range_agg(int4range(first, last, '[]')) AS parts
              FROM (SELECT article_id, first_position, last_position
                      FROM annotations_annotation tag
                     WHERE withdrawn_at IS NULL AND reviewer_id = %(user)s
                           AND CASE WHEN %(article)s IS NULL THEN {LATEST.format("tag")}
                                    ELSE article_id = %(article)s
                                         AND round_id IS NOT DISTINCT FROM %(round)s END
                     UNION ALL
                    SELECT sentence.article_id, sentence.position, sentence.position
                      FROM annotations_reading reading
                      JOIN articles_sentence sentence ON sentence.id = reading.sentence_id
                     WHERE reading.withdrawn_at IS NULL AND reading.reviewer_id = %(user)s
                           AND CASE WHEN %(article)s IS NULL THEN {LATEST.format("reading")}
                                    ELSE sentence.article_id = %(article)s
                                         AND reading.round_id IS NOT DISTINCT FROM %(round)s
                               END
                   ) AS span (article_id, first, last)
             GROUP BY article_id) AS covered
"""  # noqa: S608 - composed of constants

LEGEND = f"""
    SELECT label.slug, label.name, coalesce(counted.tags, 0),
           coalesce((SELECT sentences FROM ({COVERED}) covered), 0),
           (SELECT max(position) + 1 FROM articles_sentence WHERE article_id = %(article)s)
      FROM annotations_label label
      LEFT JOIN (
           SELECT label_id, count(*) AS tags FROM annotations_annotation
            WHERE article_id = %(article)s AND withdrawn_at IS NULL AND hidden_at IS NULL
                  AND round_id IS NOT DISTINCT FROM %(round)s
                  AND (%(everyone)s OR reviewer_id = %(user)s)
            GROUP BY label_id
           ) counted ON counted.label_id = label.id
     ORDER BY label."order", label.id
"""  # noqa: S608 - composed of constants

OWN_PROGRESS = f"""
    SELECT article_id, sentences,
           (SELECT max(position) + 1 FROM articles_sentence sentence
             WHERE sentence.article_id = covered.article_id)
      FROM ({COVERED}) covered
"""  # noqa: S608 - composed of constants

COUNTS = f"""
    SELECT tag.article_id, label.slug, label.name, count(*)
      FROM annotations_annotation tag JOIN annotations_label label ON label.id = tag.label_id
      LEFT JOIN reviews_round round ON round.id = tag.round_id
     WHERE tag.article_id = ANY(%(articles)s) AND tag.withdrawn_at IS NULL
           AND tag.hidden_at IS NULL AND coalesce(round.latest, true)
           AND (tag.reviewer_id = %(user)s OR %(moderator)s
                OR round.id IS NOT NULL AND {RoundQuerySet.SHARED_WITH})
     GROUP BY tag.article_id, label.id ORDER BY label."order", label.id
"""  # noqa: S608 - composed of constants


@dataclass(slots=True)
class LegendEntry:
    slug: str
    name: str
    count: int


@dataclass(slots=True)
class Progress:
    """Sentences that a person has tagged or read, of all sentences of an article."""

    done: int
    total: int

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


@dataclass(slots=True)
class Legend:
    """Each label with the number of tags that the page shows, and the person's progress."""

    labels: list[LegendEntry]
    progress: Progress


def legend(article: Article, part: Part) -> Legend:
    rows = _fetch(LEGEND, _values(article, part))
    labels = [LegendEntry(*row[:3]) for row in rows]
    done, total = rows[0][3:] if rows else (0, article.sentences.count())
    return Legend(labels, Progress(done, total or 0))


def own_progress(user: User) -> dict[int, Progress]:
    """Return `user`'s progress in each article in which they tagged or read anything."""
    rows = _fetch(OWN_PROGRESS, {"article": None, "user": user.pk, "round": None})
    return {article: Progress(done, total) for article, done, total in rows}


def counts_by_article(
    articles: Sequence[Article], user: User
) -> dict[int, list[tuple[str, str, int]]]:
    """Return `(label slug, name, tags)` for each article, of the tags that `user` sees."""
    counts: dict[int, list[tuple[str, str, int]]] = {}
    values = {
        "articles": [one.pk for one in articles],
        "user": user.pk,
        "moderator": user.is_moderator,
    }
    for article, *count in _fetch(COUNTS, values):
        counts.setdefault(article, []).append(tuple(count))
    return counts


def _values(article: Article, part: Part) -> dict[str, Any]:
    return {
        "article": article.pk,
        "user": part.user.pk,
        "round": part.round_id,
        "everyone": part.sees_all,
        "moderator": part.user.is_moderator,
        "pseudonyms": part.pseudonyms,
    }


def _fetch(sql: str, values: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


# --- What happened ------------------------------------------------------------------------


def positions_changed_since(article: Article, part: Part, since: int) -> tuple[set[int], bool]:
    """Return where the article looks different after the event `since`, to this person.

    And whether all of it may look different, because its round is in another state. So a
    tab learns what other tabs, devices and people did.
    """
    positions: set[int] = set()
    events = Event.objects.filter(article=article, pk__gt=since)
    for event in events.told_to(part.user, sees_all=part.sees_all):
        if event.kind in (Event.Kind.ROUND, Event.Kind.PART):
            return set(), True
        if event.first_position is not None:
            positions.update(range(event.first_position, (event.last_position or 0) + 1))
    return positions, False
