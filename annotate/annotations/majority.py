"""Whether a change after the reveal moved towards or away from what most others said.

For each sentence and label, a round's other reviewers have a majority where more than half
of those who tagged or read the sentence put the label on it, or more than half did not. The
distance of a reviewer is in how many sentences and labels they differ from it; a tie has no
majority and counts for nothing. A change that makes the distance smaller moved towards it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from django.db import connection

from annotate.reviews.parts import Part

from .models import Change

Movement = Change.Movement


class Said(NamedTuple):
    """A label on the sentences at some positions."""

    label: str  # the slug
    positions: range


# What the reviewers of a round said of the sentences from `first` to `last`; a reading has no
# label. Without the annotation that is being changed.
SAID = """
    SELECT tag.reviewer_id, label.slug, tag.first_position, tag.last_position
      FROM annotations_annotation tag JOIN annotations_label label ON label.id = tag.label_id
     WHERE tag.round_id = %(round)s AND tag.withdrawn_at IS NULL AND tag.hidden_at IS NULL
           AND tag.first_position <= %(last)s AND tag.last_position >= %(first)s
           AND tag.id IS DISTINCT FROM %(without)s
           AND tag.reviewer_id IN (SELECT reviewer_id FROM reviews_assignment
                                    WHERE round_id = %(round)s AND handed_on_at IS NULL)
     UNION ALL
    SELECT reading.reviewer_id, NULL, sentence.position, sentence.position
      FROM annotations_reading reading
      JOIN articles_sentence sentence ON sentence.id = reading.sentence_id
     WHERE reading.round_id = %(round)s AND reading.withdrawn_at IS NULL
           AND sentence.position BETWEEN %(first)s AND %(last)s
           AND reading.reviewer_id IN (SELECT reviewer_id FROM reviews_assignment
                                        WHERE round_id = %(round)s AND handed_on_at IS NULL)
"""


def movement(
    part: Part, *, without: int | None, before: Said | None, after: Said | None
) -> str:
    """Return how a change moved, as `Change.movement`; empty unless the round is revealed.

    `without` is the number of the annotation that changes from `before` to `after`.
    """
    if part.round is None or not part.round.is_revealed:
        return ""
    touched = {at for said in (before, after) if said for at in said.positions}
    if not touched:
        return Movement.NEITHER
    values = {
        "round": part.round.pk,
        "without": without,
        "first": min(touched),
        "last": max(touched),
    }
    with connection.cursor() as cursor:
        cursor.execute(SAID, values)
        rows = cursor.fetchall()
    said: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for reviewer, label, first, last in rows:
        for at in touched & set(range(first, last + 1)):
            said[at][reviewer] |= {label} if label else set()
    was = now = 0
    for at in touched:
        own = said[at].pop(part.user.pk, set())
        others = list(said[at].values())
        was += _distance(own | _label_at(before, at), others)
        now += _distance(own | _label_at(after, at), others)
    if now == was:
        return Movement.NEITHER
    return Movement.TOWARDS if now < was else Movement.AWAY


def _label_at(said: Said | None, position: int) -> set[str]:
    return {said.label} if said and position in said.positions else set()


def _distance(own: set[str], others: list[set[str]]) -> int:
    """Return on how many labels `own` differs from what more than half of `others` have."""
    if not others:
        return 0
    differs = 0
    for label in own.union(*others):
        votes = 2 * sum(label in one for one in others)
        if votes != len(others):
            differs += (label in own) != (votes > len(others))
    return differs
