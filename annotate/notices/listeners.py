"""Hears of assignments, reveals, mentions and decisions, inside their transactions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.dispatch import receiver
from django.urls import reverse
from django.utils.dateformat import format as format_date

from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.discussion.models import Comment
from annotate.discussion.signals import mentioned
from annotate.moderation.models import Case, Decision
from annotate.moderation.signals import decided
from annotate.reviews.models import Assignment, Round
from annotate.reviews.signals import assigned, revealed

from .actions import notify
from .models import Notice

Kind = Notice.Kind


@receiver(assigned)
def tell_the_assigned(
    round: Round, assignments: Sequence[Assignment], by: User | None, **kwargs: object
) -> None:
    people = [one.reviewer for one in assignments if one.reviewer_id != (by and by.pk)]
    due = f" It is due on {format_date(round.due, 'j F Y')}." if round.due else ""
    notify(
        people,
        Kind.ASSIGNMENT,
        article=round.article,
        text=f"You are a reviewer of “{round.article}”, round {round.number}.{due}",
        link=round.article.get_absolute_url(),
    )


@receiver(revealed)
def tell_the_reviewers(round: Round, by: User | None, **kwargs: object) -> None:
    seats = round.assignments.active().select_related("reviewer")
    notify(
        [one.reviewer for one in seats],
        Kind.REVEAL,
        article=round.article,
        text=f"Round {round.number} of “{round.article}” is revealed: its reviewers see each "
        "other’s tags and may revise their own.",
        link=round.article.get_absolute_url(),
    )


@receiver(mentioned)
def tell_the_mentioned(comment: Comment, people: Iterable[User], **kwargs: object) -> None:
    """Say neither who wrote nor what: the round may show pseudonyms only."""
    article = comment.thread.article
    notify(
        people,
        Kind.MENTION,
        article=article,
        text=f"You are mentioned in the discussion of “{article}”.",
        link=reverse("article", args=[article.pk]),
    )


ABOUT = {
    Case.Kind.TAG: "a tag of yours",
    Case.Kind.COMMENT: "a comment of yours",
    Case.Kind.PERSON: "your account",
    Case.Kind.ERASURE: "your request to erase your account",
}


@receiver(decided)
def tell_the_author(decision: Decision, **kwargs: object) -> None:
    """Say neither who decided nor what: that, the decision's page tells."""
    if not decision.is_told:
        return
    case = decision.case
    about = ABOUT[Case.Kind(case.kind)]
    where = f" in “{case.article}”" if case.annotation or case.comment else ""
    who = "An admin" if decision.role == Role.ADMIN else "A moderator"
    notify(
        [decision.person],
        Kind.DECISION,
        article=case.article,
        decision=decision,
        text=f"{who} decided about {about}{where}. You can read why, and answer.",
        link=decision.get_absolute_url(),
    )
