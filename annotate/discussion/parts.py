"""Who may write in a discussion, and what its people are called there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.reviews.models import Assignment, Round
from annotate.reviews.parts import Part
from annotate.reviews.refusals import ActionRefused, ArticleClosed, NotAReviewer


def refusal(part: Part, round: int | None) -> ActionRefused | None:
    """Return why the person may not write now in a thread of a round, if they may not.

    Unlike tagging: moderators may without being reviewers, and who has submitted may again
    once the round is no longer blind.
    """
    if round != part.round_id:
        return ArticleClosed("This discussion belongs to an earlier round, which is closed.")
    if part.round is None or part.may_join:
        return None
    if not part.round.is_active:
        return ArticleClosed(
            f"Round {part.round.number} is closed: its discussions take no more comments."
        )
    if part.user.is_moderator:
        return None
    if not part.is_reviewer:
        return NotAReviewer(
            f"Round {part.round.number} of this story is discussed by its reviewers and "
            "moderators. A moderator can assign you."
        )
    submitted = part.assignment is not None and part.assignment.submitted_at is not None
    if submitted and part.round.is_blind:
        return ArticleClosed("You have submitted your review. Reopen it to write a comment.")
    return None


@dataclass
class People:
    """What the people of a round are called to one who looks. Pseudonyms hide reviewers only.

    Moderators see the names: beside the pseudonyms where the round has them, since in the
    comments people are called by these.
    """

    sees_names: bool = True
    seats: dict[str, str] = field(default_factory=dict)  # pseudonym by public name

    @classmethod
    def of(cls, round: Round | None, viewer: User) -> People:
        people = cls(viewer.is_moderator)
        if round is not None and round.pseudonyms:
            seats = Assignment.objects.filter(round=round).select_related("reviewer")
            people.seats = {one.reviewer.public_name: one.pseudonym for one in seats}
        return people

    def called(self, person: User) -> str:
        """What comments call a person: the same to everybody who reads them."""
        return self.seats.get(person.public_name, person.public_name)

    def name(self, person: User) -> str:
        """What the page calls a person."""
        called = self.called(person)
        if self.sees_names and called != person.public_name:
            return f"{person.public_name} ({called})"
        return called


def readers(round: Round | None) -> Iterable[User]:
    """Return everybody who may read every comment of a round's threads.

    As `visible_to` of comments: while it is blind, and without a review, moderators only.
    """
    may = Q(is_superuser=True) | Q(groups__name__in=[Role.MODERATOR, Role.ADMIN])
    if round is not None and not round.is_blind:
        if round.mode == Round.Mode.OPEN:
            may = Q()
        else:
            seats = Assignment.objects.active().filter(round=round)
            may |= Q(pk__in=seats.values("reviewer"))
    return User.objects.filter(may, is_active=True).distinct().order_by("pk")
