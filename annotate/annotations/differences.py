"""How the reviewers of a round differ on a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

from annotate.accounts.models import User
from annotate.reviews.people import People

from .models import Annotation

if TYPE_CHECKING:
    from .story import Tag


@dataclass(frozen=True, slots=True)
class Crowd:
    """The reviewers of a round, each with the positions of the sentences that they read."""

    read: dict[int, set[int]]


@dataclass(frozen=True, slots=True)
class Said:
    """How many reviewers put a label on a sentence."""

    slug: str
    name: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class Strip:
    """How many reviewers said what of a sentence; who put two labels on it counts in both."""

    said: tuple[Said, ...]
    nothing: int
    unread: int

    @property
    def entropy(self) -> float:
        """Shannon entropy in bits of what was said, nothing included; 0 where all agree."""
        counts = [one.count for one in self.said] + [self.nothing] * (self.nothing > 0)
        total = sum(counts)
        return -sum(n / total * log2(n / total) for n in counts if n < total)

    @property
    def words(self) -> str:
        parts = [f"{one.count} {one.name}" for one in self.said]
        if self.nothing:
            parts.append(f"{self.nothing} nothing")
        if self.unread:
            parts.append(f"{self.unread} not read")
        return ", ".join(parts)


def strip_of(position: int, tags: Sequence[Tag], crowd: Crowd | None) -> Strip | None:
    """Return what the reviewers said of the sentence at `position`, by its `tags`.

    None for a crowd of less than two: there is nothing to compare. Hidden tags do not count.
    """
    if crowd is None or len(crowd.read) < 2:
        return None
    by_label: dict[tuple[int, str, str, str], set[int]] = {}
    tagged: set[int] = set()
    for tag in tags:
        if not tag.is_hidden:
            label = tag.order, tag.slug, tag.label, tag.key
            by_label.setdefault(label, set()).add(tag.by)
            tagged.add(tag.by)
    silent = [read for reviewer, read in crowd.read.items() if reviewer not in tagged]
    nothing = sum(position in read for read in silent)
    said = tuple(
        Said(slug, name, key, len(people))
        for (_, slug, name, key), people in sorted(by_label.items())
    )
    return Strip(said, nothing, len(silent) - nothing)


@dataclass(frozen=True, slots=True)
class Other:
    """Another tag that covers some of a passage, as its panel tells of it."""

    annotation: Annotation
    who: str
    how: str


def others_on(annotation: Annotation, user: User, people: People) -> list[Other]:
    """Return other reviewers' tags on the passage, of the same round, that `user` sees."""
    found = (
        Annotation.objects.live()
        .visible_to(user)
        .filter(article=annotation.article, round=annotation.round)
        .filter(start__lt=annotation.end, end__gt=annotation.start)
        .exclude(reviewer=annotation.reviewer)
        .select_related("label", "reviewer")
        .in_reading_order()
    )
    return [
        Other(
            one,
            "you" if one.reviewer_id == user.pk else people.name(one.reviewer),
            _how(annotation, one),
        )
        for one in found
    ]


def _how(annotation: Annotation, other: Annotation) -> str:
    """Return how the passage of `other` lies to that of `annotation`."""
    if (other.start, other.end) == (annotation.start, annotation.end):
        return "the same passage"
    if other.label_id != annotation.label_id:
        return "a passage that overlaps"
    ends = []
    if other.start != annotation.start:
        ends.append("starts earlier" if other.start < annotation.start else "starts later")
    if other.end != annotation.end:
        ends.append("ends later" if other.end > annotation.end else "ends earlier")
    return f"differs only at its ends: {' and '.join(ends)}"
