"""What people are told by mail."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotate.articles.models import Article
from annotate.moderation.models import Decision
from annotate.reviews.models import Assignment

# What is older is not mailed any more: not after a week without a mail server, nor to
# somebody who gives an address only then.
STALE = datetime.timedelta(days=7)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self) -> NoticeQuerySet:
        """Not mailed yet, still true, to people who have an address."""
        fresh = self.filter(mailed_at=None, created_at__gt=timezone.now() - STALE)
        part = Assignment.objects.active().filter(
            reviewer=OuterRef("person"), round__article=OuterRef("article")
        )
        true = fresh.filter(~Q(kind=Notice.Kind.ASSIGNMENT) | Exists(part))
        # A decision that was taken back, or read meanwhile, is no news.
        true = true.filter(decision__taken_back_at=None, decision__seen_at=None)
        return true.filter(person__is_active=True).exclude(person__email="")


class Notice(models.Model):
    """Something that a person is told once. It says nothing of what others do."""

    class Kind(models.TextChoices):
        ASSIGNMENT = "assignment", "Assignment"
        REVEAL = "reveal", "Reveal"
        MENTION = "mention", "Mention"
        DECISION = "decision", "Decision"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    article = models.ForeignKey(
        Article, on_delete=models.PROTECT, null=True, related_name="notices"
    )
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, null=True, related_name="notices"
    )
    text = models.TextField()
    link = models.CharField(max_length=200, help_text="A path of this site.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    mailed_at = models.DateTimeField(null=True, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                name="notice_not_mailed",
                fields=["person", "created_at"],
                condition=Q(mailed_at=None),
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="notice_of_a_decision_names_it",
                condition=Q(kind="decision", decision__isnull=False)
                | (~Q(kind="decision") & Q(decision=None, article__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.text
