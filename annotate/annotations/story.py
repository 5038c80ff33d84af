"""The sentences of an article with their tags, as a person sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import regex
from django.db.models import F
from django.db.models.functions import Substr
from django.utils.safestring import SafeString

from annotate.articles.models import Article, Sentence
from annotate.articles.text import direction
from annotate.reviews.parts import Part
from annotate.trips import fetch

from . import markup
from .differences import Crowd, Strip, strip_of
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
    is_pending: bool
    is_mine: bool
    by: int  # the reviewer's number in the database
    seat: int | None  # and in the round
    reviewer: str  # the public name, or the pseudonym
    slug: str
    label: str
    key: str
    order: int
    same: list[Tag] = field(default_factory=list)  # of others: drawn as one with this


@dataclass(frozen=True, slots=True)
class View:
    """Which of the tags that a person may see the page draws."""

    only: str = ""  # "mine", or the number of a reviewer in the round

    def shows(self, tag: Tag) -> bool:
        if self.only == "mine":
            return tag.is_mine
        return not self.only or self.only == str(tag.seat)


EVERYTHING = View()


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

    article: int
    pk: int
    position: int
    paragraph: int
    start: int
    end: int
    read: bool
    runs: list[Run]
    threads: int = 0  # unresolved ones that begin in it
    strip: Strip | None = None  # what the reviewers said of it, where the person sees all
    gap: str = ""  # the white space that follows it inside its paragraph

    @property
    def entropy(self) -> float:
        """How much the reviewers differ on it, in bits: see `Strip`."""
        return self.strip.entropy if self.strip else 0.0

    @property
    def direction(self) -> str:
        """In which direction its paragraph reads, if it is the first there."""
        return direction("".join(run.text for run in self.runs))

    @property
    def html(self) -> SafeString:
        return markup.sentence(self)

    @property
    def html_out_of_band(self) -> SafeString:
        """For an answer: htmx puts it in the place of the one that the page has."""
        return markup.sentence(self, markup.OUT_OF_BAND)

    @property
    def space(self) -> str:
        """What stands between it and the next one of its paragraph."""
        return LINE_BREAK if "\n" in self.gap else self.gap


def article_paragraphs(
    article: Article, part: Part, view: View = EVERYTHING
) -> list[list[TaggedSentence]]:
    """Return the whole article, the sentences of each paragraph; the headline comes first.

    Three queries, whatever the number of sentences, tags and reviewers.
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
    shown, _ = read_shown(article, part)
    for tag in shown.tags:
        starting.setdefault(tag.first_position, []).append(tag)

    paragraphs: list[list[TaggedSentence]] = []
    open_now: list[Tag] = []  # sorted: those from earlier sentences come first
    previous: TaggedSentence | None = None
    for pk, position, paragraph, start, end in rows:
        here = [*open_now, *starting.get(position, ())]
        drawn = _drawn(here, view) if here else ()
        runs = (
            _runs(text[start:end], start, position, drawn) if drawn else [Run(text[start:end])]
        )
        sentence = TaggedSentence(
            article=article.pk,
            pk=pk,
            position=position,
            paragraph=paragraph,
            start=start,
            end=end,
            read=pk in read,
            runs=runs,
            threads=shown.threads.get(position, 0),
            strip=strip_of(position, here, shown.crowd),
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
    view: View = EVERYTHING,
    *,
    known: Sequence[Touched] = (),
    also: Sequence[str] = (),
) -> tuple[list[TaggedSentence], list[list[tuple]]]:
    """Return the sentences at `positions`, each as the whole page would show it, in one trip.

    With the rows of other statements that the same trip is to bring along. Sentences that are
    `known` are not read again.
    """
    touched = [] if known else [TOUCHED]
    shown, rest = read_shown(article, part, positions, [*also, *touched])
    rows = known or [Touched(*row) for row in rest.pop()]
    tagged = []
    for row in rows:
        here = [
            one for one in shown.tags if one.first_position <= row.position <= one.last_position
        ]
        tagged.append(
            TaggedSentence(
                article=article.pk,
                pk=row.pk,
                position=row.position,
                paragraph=row.paragraph,
                start=row.start,
                end=row.end,
                read=row.read,
                runs=_runs(row.text, row.start, row.position, _drawn(here, view)),
                threads=shown.threads.get(row.position, 0),
                strip=strip_of(row.position, here, shown.crowd),
            )
        )
    return tagged, rest


# Sentences with their text, and whether the person has read them.
TOUCHED = """
    SELECT sentence.id, position, paragraph, sentence.start, sentence."end",
           EXISTS (SELECT 1 FROM annotations_reading reading
                    WHERE reading.sentence_id = sentence.id AND reviewer_id = %(user)s
                          AND round_id IS NOT DISTINCT FROM %(round)s AND withdrawn_at IS NULL),
           substr(article.text, sentence.start + 1, sentence."end" - sentence.start)
      FROM articles_sentence sentence
      JOIN articles_article article ON article.id = sentence.article_id
     WHERE sentence.article_id = %(article)s AND position <@ %(positions)s::int4multirange
     ORDER BY position
"""


def with_text(sentences):
    """Sentences with their own `text`, cut out by the database."""
    text = Substr("article__text", F("start") + 1, F("end") - F("start"))
    return sentences.annotate(text=text).order_by("position")


# Read as bare rows: of 2,000 tags, three model instances each take longer than all the rest.
# What moderators have hidden, only its reviewer and moderators see.
VISIBLE = """
    SELECT tag.id, tag.start, tag."end", tag.first_position, tag.last_position,
           tag.hidden_at IS NOT NULL, tag.pending, tag.reviewer_id = %(user)s,
           tag.reviewer_id, seat.number,
           CASE WHEN %(pseudonyms)s THEN 'Reviewer ' || seat.number
                ELSE reviewer.public_name END,
           label.slug, label.name, label.key, label."order"
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
           AND int4range(tag.first_position, tag.last_position, '[]')
               && %(positions)s::int4multirange
     ORDER BY tag.start, tag."end" DESC, tag.created_at, tag.id
"""

# Each reviewer of the round with the positions of the sentences that they read. Without a
# round, for moderators: who has tagged or read anything.
CROWD = """
    SELECT crowd.reviewer_id, array_remove(array_agg(reading.position), NULL)
      FROM (SELECT reviewer_id FROM reviews_assignment
             WHERE round_id = %(round)s AND handed_on_at IS NULL
             UNION
            SELECT reviewer_id FROM annotations_annotation
             WHERE %(round)s IS NULL AND article_id = %(article)s AND withdrawn_at IS NULL
             UNION
            SELECT reviewer_id
              FROM annotations_reading reading
              JOIN articles_sentence sentence ON sentence.id = reading.sentence_id
             WHERE %(round)s IS NULL AND article_id = %(article)s AND withdrawn_at IS NULL
           ) crowd
      LEFT JOIN (
           SELECT reading.reviewer_id, sentence.position
             FROM annotations_reading reading
             JOIN articles_sentence sentence ON sentence.id = reading.sentence_id
            WHERE sentence.article_id = %(article)s AND withdrawn_at IS NULL
                  AND reading.round_id IS NOT DISTINCT FROM %(round)s
                  AND sentence.position <@ %(positions)s::int4multirange
           ) reading ON reading.reviewer_id = crowd.reviewer_id
     GROUP BY crowd.reviewer_id
"""


# Unresolved threads, by the first sentence of their passage.
THREADS = """
    SELECT first_position, count(*) FROM discussion_thread
     WHERE article_id = %(article)s AND round_id IS NOT DISTINCT FROM %(round)s
           AND resolved_at IS NULL AND (%(everyone)s OR created_by_id = %(user)s)
           AND first_position <@ %(positions)s::int4multirange
     GROUP BY first_position
"""


@dataclass(slots=True)
class Shown:
    """What a person sees on the sentences of an article's latest round."""

    tags: list[Tag]  # the live ones, in reading order
    threads: dict[int, int]  # unresolved ones that begin in each sentence, by its position
    crowd: Crowd | None  # the round's reviewers, if the person sees all


def read_shown(
    article: Article,
    part: Part,
    positions: Iterable[int] | None = None,
    also: Sequence[str] = (),
) -> tuple[Shown, list[list[tuple]]]:
    """Return what is on the sentences at `positions`, by default on all, in one trip.

    With the rows of other statements that the same trip is to bring along. Whether the
    person may see the article is settled before.
    """
    values = {
        "article": article.pk,
        "user": part.user.pk,
        "round": part.round_id,
        "everyone": part.sees_all,
        "moderator": part.user.is_moderator,
        "pseudonyms": part.pseudonyms,
        **_where(positions),
    }
    crowd = [CROWD] if part.sees_all else []
    tags, threads, *rest = fetch([VISIBLE, THREADS, *crowd, *also], values)
    shown = Shown([Tag(*row) for row in tags], dict(threads), None)
    if crowd:
        shown.crowd = Crowd({pk: set(read) for pk, read in rest.pop(0)})
    return shown, rest


def _where(positions: Iterable[int] | None) -> dict[str, object]:
    """Return positions as statements take them: few, and perhaps far apart; None for all.

    The first and the last of them leave out most, at less cost than the multirange.
    """
    if positions is None:
        return {"positions": "{(,)}", "first": 0, "last": 2**31 - 1}
    few = sorted(positions)
    return {
        "positions": f"{{{','.join(f'[{one},{one}]' for one in few)}}}",
        "first": few[0] if few else 0,
        "last": few[-1] if few else -1,
    }


def _drawn(tags: Sequence[Tag], view: View) -> list[Tag]:
    """Return the tags to draw: those with the same label and passage as one.

    One's own stands for the others, so that it can be taken off.
    """
    groups: dict[tuple, list[Tag]] = {}
    for tag in tags:
        if view.shows(tag):
            key = tag.start, tag.end, tag.slug, tag.is_hidden
            groups.setdefault(key, []).append(tag)
    drawn = []
    for group in groups.values():
        first = next((one for one in group if one.is_mine), group[0])
        first.same = [one for one in group if one is not first]
        drawn.append(first)
    return drawn


def _runs(text: str, start: int, position: int, tags: Sequence[Tag]) -> list[Run]:
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


# A sign of a script that puts no space between words, Japanese punctuation among them. Line
# break class SA: the scripts of Thailand, Laos, Cambodia and Burma, which Unicode leaves to
# dictionaries.
SIGN = (
    r"(?!\p{M})[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Yi}\p{Tibetan}"
    r"\p{Line_Break=SA}\u3001-\u303f\u30fb\u30fc]"
)
# Such a sign with the marks on it, and with the zero-width space that may follow it; or all
# characters up to the next, as people see them: \X is an extended grapheme cluster (UAX 29).
PIECE = regex.compile(rf"(?={SIGN})\X[\p{{M}}\u200b]*|(?:(?!{SIGN})\X)+")


def words(text: str, start: int) -> list[tuple[int, int, str]]:
    """Return `[start, end)` and text of each word, with the punctuation that it touches.

    Of scripts without spaces between words: of each sign.
    """
    return [
        (start + piece.start(), start + piece.end(), piece[0])
        for word in re.finditer(r"\S+", text)
        for piece in PIECE.finditer(text, *word.span())
    ]


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
