"""Stories of a given size, and tags on them: the same at every run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count, islice
from typing import NamedTuple

from annotate.accounts.models import User
from annotate.annotations import actions
from annotate.annotations.models import Label
from annotate.articles import segmentation
from annotate.articles.actions import create_article
from annotate.articles.models import Article
from annotate.operations.generating import words

LABELS = ("claim", "evidence", "speculation")


class Wanted(NamedTuple):
    """A tag to be made. Offsets are code points of the article's text."""

    start: int
    end: int
    label: str


def make_story(sentences: int, number: int = 0) -> Article:
    """Store an open story with exactly so many sentences, its headline not counted."""
    dice = random.Random(f"{sentences} {number}")
    paragraphs = map(" ".join, words.paragraphs(dice, sentences))
    article = create_article(
        title=f"A story of {sentences} sentences, number {number}",
        body="\n\n".join(paragraphs),
        submitted_by=None,
    )
    found = article.sentences.exclude(position=0).count()
    assert found == sentences, f"asked for {sentences} sentences, got {found}"
    return article


def long_text(size: int) -> str:
    """Return paragraphs of the seeds in random order, at most `size` bytes of UTF-8.

    Those with sentences as long as a newspaper's: 2 MB are fewer than 20,000 then.
    """
    dice = random.Random(size)
    paragraphs = [
        one
        for one in words.seed_text().split("\n\n")
        if len(one) > 110 * len(segmentation.split_sentences(one))
    ]
    chosen, left = [], size
    while (paragraph := dice.choice(paragraphs)) and left > len(paragraph.encode()) + 2:
        chosen.append(paragraph)
        left -= len(paragraph.encode()) + 2
    return "\n\n".join(chosen)


def wanted_tags(article: Article, skip: int = 0) -> Iterator[Wanted]:
    """Yield different tags, spread over the story: sentences, passages, some across two.

    `skip` leaves out the first ones, which the story has already.
    """
    return islice(_wanted_tags(article), skip, None)


def _wanted_tags(article: Article) -> Iterator[Wanted]:
    dice = random.Random(article.title)
    spans = list(article.sentences.exclude(position=0).values_list("start", "end"))
    seen = set()
    for number in count():
        if number % len(spans) == 0:
            order = dice.sample(range(len(spans)), len(spans))
        at = order[number % len(spans)]
        start, end = spans[at]
        kind = dice.random()
        if kind > 0.9 and at + 1 < len(spans):
            start, end = (start + end) // 2, (spans[at + 1][0] + spans[at + 1][1]) // 2
        elif kind > 0.5:
            first = dice.randrange((end - start) // 2)
            start, end = start + first, start + first + dice.randint(5, (end - start) // 2)
        tag = Wanted(start, end, dice.choice(LABELS))
        if tag not in seen:
            seen.add(tag)
            yield tag


def tag_story(article: Article, reviewer: User, number: int) -> None:
    """Make `number` tags, as the site makes them."""
    labels = Label.objects.in_bulk(field_name="slug")
    for tag in islice(wanted_tags(article), number):
        actions.annotate(
            article=article,
            reviewer=reviewer,
            label=labels[tag.label],
            start=tag.start,
            end=tag.end,
        )
