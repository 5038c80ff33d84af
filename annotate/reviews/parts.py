"""A person's part in the latest round of an article: what they see and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from annotate.accounts.models import User
from annotate.articles.models import Article

from .models import Assignment, Round
from .refusals import ActionRefused, ArticleClosed, NotAReviewer

ROUND_FIELDS = ["id", "article_id", "number", "mode", "state", "needed", "due", "pseudonyms"]
SEAT_FIELDS = ["id", "number", "due", "submitted_at", "handed_on_at"]

# Asked with every tag and every page: as a QuerySet, building it takes longer than running it.
PART = f"""
    SELECT {", ".join(f"round.{name}" for name in ROUND_FIELDS)},
           {", ".join(f"seat.{name}" for name in SEAT_FIELDS)}
      FROM reviews_round round
      LEFT JOIN reviews_assignment seat
           ON seat.round_id = round.id AND seat.reviewer_id = %(user)s
     WHERE round.article_id = %(article)s AND round.latest
"""  # noqa: S608 - composed of constants


@dataclass(frozen=True, slots=True)
class Part:
    """`round` is None for an article without a review: there everybody works for themselves."""

    user: User
    round: Round | None = None
    assignment: Assignment | None = None

    @property
    def round_id(self) -> int | None:
        return self.round.pk if self.round else None

    @property
    def is_reviewer(self) -> bool:
        return self.assignment is not None and self.assignment.handed_on_at is None

    @property
    def sees_all(self) -> bool:
        """Whether the person sees everybody's tags; as `RoundQuerySet.shared_with`."""
        if self.user.is_moderator:
            return True
        if self.round is None or self.round.is_blind:
            return False
        return self.round.mode == Round.Mode.OPEN or self.is_reviewer

    @property
    def pseudonyms(self) -> bool:
        """Whether the others are shown as “Reviewer 2”: to all but moderators."""
        return self.round is not None and self.round.pseudonyms and not self.user.is_moderator

    @property
    def may_join(self) -> bool:
        """Whether the person becomes a reviewer by beginning to work."""
        return (
            self.round is not None
            and self.round.state == Round.State.OPEN
            and self.assignment is None
        )

    def refusal(self) -> ActionRefused | None:
        """Return why the person may not tag in this round now, if they may not."""
        round = self.round
        if round is None or self.may_join:
            return None
        if not round.is_active:
            return ArticleClosed(
                f"Round {round.number} is closed: it takes no more changes. "
                "A moderator can open another round."
            )
        if self.assignment is None:
            return NotAReviewer(
                f"Round {round.number} of this story is reviewed by others. "
                "A moderator can assign you."
            )
        if not self.is_reviewer:
            return NotAReviewer(
                "Your part in this round was handed on to somebody else. What you did stays."
            )
        if self.assignment.submitted_at and round.takes_submits:
            return ArticleClosed(
                "You have submitted your review. Reopen it to change something."
            )
        return None


def reviewers_of(part: Part) -> list[tuple[int, str]]:
    """Return number and name, or pseudonym, of each reviewer of the round, to be shown."""
    if part.round is None:
        return []
    seats = part.round.assignments.order_by("number")
    if part.pseudonyms:
        return [(seat.number, seat.pseudonym) for seat in seats]
    return list(seats.values_list("number", "reviewer__public_name"))


def part_of(article: Article | int, user: User) -> Part:
    """Return `user`'s part in the latest round of an article, in one query."""
    values = {"article": article if isinstance(article, int) else article.pk, "user": user.pk}
    with connection.cursor() as cursor:
        cursor.execute(PART, values)
        return part_from(cursor.fetchone(), user)


def part_from(row: tuple | None, user: User) -> Part:
    """Return the part that a row of `PART` tells of."""
    if row is None:
        return Part(user)
    of_round, of_seat = row[: len(ROUND_FIELDS)], row[len(ROUND_FIELDS) :]
    round = Round.from_db(connection.alias, ROUND_FIELDS, of_round)
    if of_seat[0] is None:
        return Part(user, round)
    # In the order of the model's fields, as from_db asks for.
    names = ["id", "round_id", "reviewer_id", *SEAT_FIELDS[1:]]
    values = [of_seat[0], round.pk, user.pk, *of_seat[1:]]
    assignment = Assignment.from_db(connection.alias, names, values)
    assignment.round = round
    return Part(user, round, assignment)
