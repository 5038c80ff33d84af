"""Threads about passages, their comments, and the log of what was done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from annotate.annotations.models import CONTEXT, Precedent
from annotate.articles.models import Article
from annotate.keys import RandomKey
from annotate.reviews.models import Round

if TYPE_CHECKING:
    from annotate.accounts.models import User

COMMENT_LENGTH = 10_000  # code points


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, user: User) -> ThreadQuerySet:
        """Moderators see all; others their own, and those of rounds shared with them."""
        if user.is_moderator:
            return self
        return self.filter(
            Q(created_by=user) | Q(round__in=Round.objects.shared_with(user)),
            article__in=Article.objects.visible_to(user),
        )

    def current(self) -> ThreadQuerySet:
        """Those of each article's latest round, and those of articles without a review."""
        return self.filter(Q(round=None) | Q(round__latest=True))

    def unresolved(self) -> ThreadQuerySet:
        return self.filter(resolved_at=None)


class Thread(models.Model):
    """A discussion of one passage. Resolved with an outcome, never deleted."""

    class Outcome(models.TextChoices):
        RELABEL = "relabel", "Relabel"
        BOTH = "both", "Both are right"
        GAP = "gap", "Guideline gap"
        NO_CHANGE = "no_change", "No change"

    id = RandomKey(primary_key=True)
    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="threads")
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="threads"
    )
    start = models.PositiveIntegerField(help_text="First code point of the passage.")
    end = models.PositiveIntegerField(help_text="The code point after its last.")
    exact = models.TextField()
    prefix = models.CharField(max_length=CONTEXT, blank=True)
    suffix = models.CharField(max_length=CONTEXT, blank=True)
    first_position = models.PositiveIntegerField(editable=False)
    last_position = models.PositiveIntegerField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="threads"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    precedent = models.ForeignKey(
        Precedent, on_delete=models.PROTECT, null=True, blank=True, related_name="threads"
    )

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["article", "start", "created_at", "pk"]
        indexes = [
            models.Index(name="thread_in_article", fields=["article", "first_position"]),
            models.Index(
                name="thread_unresolved", fields=["article"], condition=Q(resolved_at=None)
            ),
            models.Index(name="thread_by_time", fields=["created_at"]),  # for the admin
        ]
        constraints = [
            models.CheckConstraint(
                name="thread_passage_is_not_empty",
                condition=Q(start__gte=0, end__gt=F("start")),
            ),
            models.CheckConstraint(
                name="thread_exact_is_as_long_as_passage",
                condition=Q(exact__length=F("end") - F("start")),
            ),
            models.CheckConstraint(
                name="thread_positions_in_order",
                condition=Q(last_position__gte=F("first_position")),
            ),
            models.CheckConstraint(
                name="thread_has_outcome_iff_resolved",
                condition=(
                    Q(outcome="", resolved_at=None, resolved_by=None)
                    | Q(
                        outcome__in=["relabel", "both", "gap", "no_change"],
                        resolved_at__isnull=False,
                        resolved_by__isnull=False,
                    )
                ),
            ),
            models.CheckConstraint(
                name="thread_precedent_comes_of_a_guideline_gap",
                condition=Q(precedent=None) | Q(outcome="gap"),
            ),
        ]

    def __str__(self) -> str:
        return f"Thread on “{self.exact[:60]}”"

    def get_absolute_url(self) -> str:
        return reverse("thread", args=[self.pk])

    @property
    def is_resolved(self) -> bool:
        return self.resolved_at is not None


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User) -> CommentQuerySet:
        """Moderators see all; others their own, and those of rounds shared with them.

        What a moderator has hidden, only its author and moderators see.
        """
        if user.is_moderator:
            return self
        shared = Q(thread__round__in=Round.objects.shared_with(user), hidden_at=None)
        return self.filter(
            Q(author=user) | shared,
            thread__in=Thread.objects.visible_to(user),
        )


class Comment(models.Model):
    """Plain text by one person in a thread. Withdrawn, never deleted."""

    id = RandomKey(primary_key=True)
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments"
    )
    text = models.TextField(max_length=COMMENT_LENGTH)
    mentions = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="mentioned_in"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True, help_text="By a moderator.")
    # Named by the page that sent it: the same request sent again is not done again.
    request = models.UUIDField(null=True, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(name="comment_by_time", fields=["created_at"])  # for the admin
        ]
        constraints = [
            models.UniqueConstraint(
                name="comment_one_per_request", fields=["author", "request"]
            ),
            models.CheckConstraint(name="comment_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="comment_is_not_too_long", condition=Q(text__length__lte=COMMENT_LENGTH)
            ),
        ]

    def __str__(self) -> str:
        return f"Comment by {self.author} in {self.thread}"

    def get_absolute_url(self) -> str:
        return f"{reverse('thread', args=[self.thread_id])}#comment-{self.pk}"


class Step(models.Model):
    """One line of the log of a thread: what was done, by whom. Append only."""

    class Kind(models.TextChoices):
        BEGUN = "begun", "began the thread"
        COMMENTED = "commented", "commented"
        EDITED = "edited", "edited a comment"
        WITHDRAWN = "withdrawn", "withdrew a comment"
        RESOLVED = "resolved", "resolved it"
        REOPENED = "reopened", "reopened it"
        HIDDEN = "hidden", "hid a comment"
        SHOWN = "shown", "showed a comment again"
        REVERTED = "reverted", "reverted a comment"

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="steps")
    comment = models.ForeignKey(
        Comment, on_delete=models.PROTECT, null=True, related_name="steps"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    outcome = models.CharField(max_length=10, choices=Thread.Outcome, blank=True)
    precedent = models.ForeignKey(
        Precedent, on_delete=models.PROTECT, null=True, related_name="+"
    )
    before = models.TextField(blank=True, help_text="The text that an edit replaced.")
    after = models.JSONField(
        null=True,
        help_text="Of a comment that a moderator changed: withdrawn, hidden. "
        "Of a thread that went back to an outcome: by whom and when it was resolved.",
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.by} {self.get_kind_display()}"
