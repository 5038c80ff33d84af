"""The review rounds of an article, who is assigned, and the log of every move."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotate.articles.models import Article

if TYPE_CHECKING:
    from annotate.accounts.models import User


class RoundQuerySet(models.QuerySet["Round"]):
    def active(self) -> RoundQuerySet:
        return self.exclude(state=Round.State.CLOSED)

    def shared_with(self, user: User) -> RoundQuerySet:
        """Those in which `user` sees everybody's tags and comments.

        A blind round is shared with moderators only; once revealed, with its reviewers; an
        open one with everybody who may know of the article.
        """
        if user.is_moderator:
            return self
        seats = Assignment.objects.active().filter(reviewer=user).values("round")
        return self.exclude(state=Round.State.BLIND).filter(
            Q(mode=Round.Mode.OPEN) | Q(pk__in=seats)
        )

    # The same in SQL of its own, about a row called `round`; a test holds the two together.
    SHARED_WITH = """(
        %(moderator)s OR round.state <> 'blind' AND (round.mode = 'open' OR EXISTS (
            SELECT 1 FROM reviews_assignment seat
             WHERE seat.round_id = round.id AND seat.reviewer_id = %(user)s
                   AND seat.handed_on_at IS NULL))
    )"""


class Round(models.Model):
    """One review of an article by several people. Each tag made meanwhile belongs to it."""

    class Mode(models.TextChoices):
        BLIND = "blind", "Blind: each sees only their own tags until the reveal"
        OPEN = "open", "Open: everyone sees everyone's tags as they come"

    class State(models.TextChoices):
        BLIND = "blind", "Blind"
        OPEN = "open", "Open"
        REVEALED = "revealed", "Revealed"
        CLOSED = "closed", "Closed"

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField(help_text="1 for the article's first round.")
    latest = models.BooleanField(default=True, help_text="No later round was opened.")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.BLIND)
    state = models.CharField(max_length=10, choices=State)
    needed = models.PositiveSmallIntegerField(
        "reviewers needed",
        default=2,
        validators=[MinValueValidator(1)],
        help_text="A blind round is revealed when so many have submitted.",
    )
    due = models.DateField(null=True, blank=True)
    pseudonyms = models.BooleanField(
        default=False, help_text="Reviewers see each other as “Reviewer 2”."
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    revealed_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["article", "number"]
        indexes = [models.Index(name="round_by_state_and_due", fields=["state", "due"])]
        constraints = [
            models.UniqueConstraint(
                name="round_number_once_per_article", fields=["article", "number"]
            ),
            models.UniqueConstraint(
                name="round_one_latest_per_article",
                fields=["article"],
                condition=Q(latest=True),
            ),
            models.CheckConstraint(
                name="round_earlier_ones_are_closed",
                condition=Q(latest=True) | Q(state="closed"),
            ),
            models.CheckConstraint(
                name="round_state_fits_mode",
                condition=(
                    Q(mode="blind", state__in=["blind", "revealed", "closed"])
                    | Q(mode="open", state__in=["open", "closed"])
                ),
            ),
            models.CheckConstraint(name="round_needs_someone", condition=Q(needed__gte=1)),
        ]

    def __str__(self) -> str:
        return f"Round {self.number} of “{self.article}”"

    @property
    def is_blind(self) -> bool:
        return self.state == self.State.BLIND

    @property
    def is_revealed(self) -> bool:
        """Blind until now: what is changed from here on is changed after the reveal."""
        return self.state == self.State.REVEALED

    @property
    def is_active(self) -> bool:
        return self.state != self.State.CLOSED

    @property
    def takes_submits(self) -> bool:
        """Whether reviewers are at their first reading, which they end by submitting."""
        return self.state in (self.State.BLIND, self.State.OPEN)


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def active(self) -> AssignmentQuerySet:
        """Without those that were handed on to somebody else."""
        return self.filter(handed_on_at=None)

    def unfinished(self) -> AssignmentQuerySet:
        return self.active().filter(
            submitted_at=None, round__state__in=[Round.State.BLIND, Round.State.OPEN]
        )


class Assignment(models.Model):
    """One reviewer's part in a round. Whoever has a tag in a round has one."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="assignments")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments"
    )
    number = models.PositiveSmallIntegerField(help_text="What “Reviewer 2” is called after.")
    due = models.DateField(null=True, blank=True, help_text="If other than the round's.")
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    assigned_at = models.DateTimeField(default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True)
    handed_on_at = models.DateTimeField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["round", "number"]
        indexes = [
            models.Index(
                name="assignment_unfinished",
                fields=["reviewer", "round"],
                condition=Q(submitted_at=None, handed_on_at=None),
            ),
            models.Index(
                name="assignment_submitted",
                fields=["round"],
                condition=Q(submitted_at__isnull=False, handed_on_at=None),
            ),
            models.Index(
                name="assignment_own_due",
                fields=["due"],
                condition=Q(submitted_at=None, handed_on_at=None, due__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="assignment_one_per_round_and_reviewer", fields=["round", "reviewer"]
            ),
            models.UniqueConstraint(
                name="assignment_number_once_per_round", fields=["round", "number"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} in {self.round}"

    @property
    def pseudonym(self) -> str:
        return f"Reviewer {self.number}"

    @property
    def due_on(self) -> datetime.date | None:
        return self.due or self.round.due

    @property
    def is_late(self) -> bool:
        return bool(
            self.due_on
            and self.submitted_at is None
            and self.handed_on_at is None
            and self.round.takes_submits
            and self.due_on < timezone.localdate()
        )


class Move(models.Model):
    """One line of the log of a round: what was done, to whom, by whom. Append only."""

    class Kind(models.TextChoices):
        OPENED = "opened", "opened the round"
        SET = "set", "changed the round's settings"
        ASSIGNED = "assigned", "assigned"
        JOINED = "joined", "joined"
        HANDED_ON = "handed_on", "handed on the part of"
        SUBMITTED = "submitted", "submitted"
        REOPENED = "reopened", "reopened"
        REVEALED = "revealed", "revealed the round"
        CLOSED = "closed", "closed the round"

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    before = models.CharField(max_length=10, blank=True)
    after = models.CharField(max_length=10, blank=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        person = f" {self.person}" if self.person else ""
        return f"{self.by or 'Annotate'} {self.get_kind_display()}{person}"
