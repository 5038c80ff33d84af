"""What happened in an article, in order: what a page asks for that slept or lost its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotate.articles.models import Article

if TYPE_CHECKING:
    from annotate.accounts.models import User


class EventQuerySet(models.QuerySet["Event"]):
    def told_to(self, user: User, *, sees_all: bool) -> EventQuerySet:
        """Without what others do in a blind round: not even that it happened is told.

        Nor that something was done to a tag that is hidden from the person.
        """
        if sees_all and user.is_moderator:
            return self
        if sees_all:
            return self.filter(~Q(kind=Event.Kind.HIDDEN) | Q(by=user.pk))
        return self.filter(Q(by=user.pk) | Q(kind=Event.Kind.ROUND))

    # The same in SQL, for statements of our own. A test holds the two together.
    TOLD_TO = """
        (by = %(user)s OR CASE WHEN %(everyone)s THEN %(moderator)s OR kind <> 'hidden'
                               ELSE kind = 'round' END)
    """


class Event(models.Model):
    """Something happened to these sentences of an article. Kept for some days.

    Written only while the article is locked, so that within one article the numbers rise in
    the order of the commits: who asks for what came after a number misses nothing.

    A number is the time, in microseconds since 1970. People see those of their own events:
    when they did something they know, while a count would tell them of what others did.
    """

    class Kind(models.TextChoices):
        TAGS = "tags", "tags or readings"
        HIDDEN = "hidden", "tags that other reviewers do not see"
        THREADS = "threads", "discussion"
        ROUND = "round", "the review round"
        PART = "part", "a person's part in it"

    # No foreign keys in the database: each would be looked up for each tag.
    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, db_constraint=False, related_name="events"
    )
    number = models.BigIntegerField(editable=False)
    by = models.BigIntegerField(null=True, help_text="The person's number.")
    kind = models.CharField(max_length=10, choices=Kind)
    first_position = models.PositiveIntegerField(null=True)
    last_position = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["article", "number"]
        indexes = [
            models.Index(name="event_of_person", fields=["article", "by", "number"]),
        ]
        constraints = [
            models.UniqueConstraint(
                name="event_number_once_per_article", fields=["article", "number"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in article {self.article_id}"
