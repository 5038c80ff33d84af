"""What the pages read besides the sentences: answers, counts, progress, what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from annotate.accounts.models import User
from annotate.articles.models import Article
from annotate.live.actions import latest_event
from annotate.live.events import news_since
from annotate.reviews.models import RoundQuerySet
from annotate.reviews.parts import Part
from annotate.trips import fetch

from . import remembered, wording
from .actions import Done
from .log import latest_change
from .models import Change
from .story import EVERYTHING, View, tagged_sentences

# --- Answers ------------------------------------------------------------------------------


def answer(done: Done, since: int | None, view: View = EVERYTHING) -> dict[str, Any]:
    """Return what the page has to show after an action.

    `since` is the last event that the page knew of: what happened after it comes along.
    """
    article, part, change = done.article, done.part, done.change
    # First: what happens from here on comes once more with the next answer.
    event = done.event or latest_event(article, part.user, sees_all=part.sees_all)
    latest = change if change and not done.repeated else latest_change(article, part)
    positions, known = set(done.positions), done.sentences
    stale = False
    if since is not None and since != done.before:
        # What other tabs, devices and people did.
        news = news_since(article, part.user, sees_all=part.sees_all, since=since)
        stale = news.stale
        if not news.positions <= positions:
            positions, known = positions | news.positions, ()
    sentences, (rows,) = tagged_sentences(
        article, part, positions, view, known=known, also=[LEGEND]
    )
    counts = legend_of(rows)
    names = {label.slug: label.name for label in counts.labels}
    return {
        "article": article,
        "sentences": sentences,
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


# --- History ------------------------------------------------------------------------------


class Line(NamedTuple):
    """A change in words, with what its passage was right after it."""

    change: Change
    words: str
    passage: str  # empty for a reading
    was: str  # the passage before, where the change made another of it


def history(
    article: Article, changes: Sequence[Change], labels: dict[str, str]
) -> Iterator[Line]:
    """Yield changes as lines of an article's history: one trip for any number of them."""
    passages = remembered.elsewhere(changes)
    places, text = remembered.places_and_text(article, passages)
    for change in changes:
        words = wording.of_change(change, labels, places)
        yield Line(change, words, *_quotes(change, text))


def _quotes(change: Change, text: str) -> tuple[str, str]:
    """Return what a tag's passage was right after a change, and before it if that was other."""
    tag = change.annotation
    if tag is None:
        return "", ""
    states = (state for state in (change.after, change.before) if state is not None)
    passages = dict.fromkeys(remembered.passage_of(tag, state) for state in states)
    now, *was = (
        tag.exact if remembered.is_present(tag, one) else text[one.start : one.end]
        for one in passages
    )
    return wording.shortened(now), wording.shortened(was[0]) if was else ""


# --- Counts and progress ------------------------------------------------------------------

# A sentence is covered by a person's live tag on any part of it or by their reading. In one
# article's round, or in the latest of each where `article` is NULL: that costs the same for
# any number of them.
# Tags and readings are spans of positions. Of these in order, each covers what is beyond all
# before it: the furthest of those is a running maximum. (To list the positions would be
# simpler, but PostgreSQL's planner takes each span for 1,000 of them; a multirange of the
# spans takes ten times as long.)
# Each row's own round is looked up: as EXISTS or a join, all rounds may be read first.
LATEST = """coalesce(
    (SELECT latest FROM reviews_round round WHERE round.id = {0}.round_id), true)"""
COVERED = f"""
    SELECT article_id, sum(greatest(last - greatest(first - 1, before), 0))::int AS sentences
      FROM (SELECT article_id, first, last,
                   coalesce(max(last) OVER (
                       PARTITION BY article_id ORDER BY first
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), -1) AS before
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
                   ) AS span (article_id, first, last)) AS spans
     GROUP BY article_id
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
      LEFT JOIN LATERAL (SELECT * FROM reviews_round one
                          WHERE one.id = tag.round_id OFFSET 0) round ON true
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
    return legend_of(fetch([LEGEND], _values(article, part))[0])


def legend_of(rows: list[tuple]) -> Legend:
    labels = [LegendEntry(*row[:3]) for row in rows]
    done, total = rows[0][3:] if rows else (0, 0)  # without any label nothing can be done
    return Legend(labels, Progress(done, total))


def own_progress(user: User) -> dict[int, Progress]:
    """Return `user`'s progress in each article in which they tagged or read anything."""
    rows = fetch([OWN_PROGRESS], {"article": None, "user": user.pk, "round": None})[0]
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
    for article, *count in fetch([COUNTS], values)[0]:
        counts.setdefault(article, []).append(tuple(count))
    return counts


def _values(article: Article, part: Part) -> dict[str, Any]:
    return {
        "article": article.pk,
        "user": part.user.pk,
        "round": part.round_id,
        "everyone": part.sees_all,
    }
