"""How the reviewers of a round differ on a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

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
