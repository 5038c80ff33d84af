"""Who may write in a discussion, and who may read all of it."""

from __future__ import annotations

from collections.abc import Iterable

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
    return User.objects.working().filter(may).distinct().order_by("pk")
