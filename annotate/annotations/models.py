"""Labels, reviewers' annotations and readings, and the log of what was done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Case, F, Q, Subquery, When
from django.db.models.functions import Length
from django.urls import reverse
from django.utils import timezone

from annotate.accounts.preferences import KEYS
from annotate.articles.models import Article, Sentence
from annotate.keys import RandomKey
from annotate.reviews.models import Round
from annotate.wordsearch import words_of

if TYPE_CHECKING:
    from annotate.accounts.models import User

CONTEXT = 32  # code points kept on each side of a passage
NOTE_LENGTH = 10_000  # code points

NOTE_WORDS = words_of("note")  # as the index has them

models.TextField.register_lookup(Length, "length")  # for the constraints below


class Label(models.Model):
    """What a passage can be tagged as. Admins edit the guideline and may add labels."""

    class Line(models.TextChoices):
        SOLID = "solid"
        DOUBLE = "double"
        DASHED = "dashed"
        DOTTED = "dotted"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=50)
    colour = models.CharField(
        max_length=7,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Write a colour as #rrggbb.")],
    )
    line = models.CharField(
        "underline",
        max_length=10,
        choices=Line,
        default=Line.SOLID,
        help_text="Tells the label apart without colour.",
    )
    key = models.CharField(
        max_length=1,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9]\Z", "One lower-case letter or digit.")],
        help_text="Pressed to tag the sentence in focus.",
    )
    order = models.PositiveSmallIntegerField(default=0)
    guideline = models.TextField(blank=True, help_text="The text of the present version.")
    version = models.PositiveIntegerField(
        default=1, editable=False, help_text="Of the guideline, counted from 1."
    )

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, by: User | None = None, **kwargs: Any) -> None:
        """Store it; a new label begins with the first version of its guideline."""
        is_new = self._state.adding
        super().save(*args, **kwargs)
        if is_new:
            Guideline.objects.create(
                label=self, version=self.version, text=self.guideline, by=by
            )

    def clean(self) -> None:
        """Refuse what the keys of the reading page mean already."""
        if self.slug in KEYS:
            raise ValidationError({"slug": "This word names a key of the reading page."})
        if what := dict(KEYS.values()).get(self.key):
            message = f"“{self.key}” has a use already: {what}. Choose another key."
            raise ValidationError({"key": message})


class Guideline(models.Model):
    """One version of a label's guideline. Append only: the latest is the label's own text."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    why = models.CharField(max_length=300, blank=True, help_text="What led to it.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["label", "-version"]
        constraints = [
            models.UniqueConstraint(
                name="guideline_version_once_per_label", fields=["label", "version"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}, version {self.version}"


class Precedent(models.Model):
    """A case that a label's guideline had left open, and how it was decided. Append only."""

    label = models.ForeignKey(Label, on_delete=models.PROTECT, related_name="precedents")
    number = models.PositiveIntegerField(help_text="1 for the label's first.")
    version = models.PositiveIntegerField(help_text="The guideline's first that holds it.")
    text = models.TextField(max_length=1_000)
    # The passage that the question arose from.
    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="precedents")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    exact = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["label", "number"]
        constraints = [
            models.UniqueConstraint(
                name="precedent_number_once_per_label", fields=["label", "number"]
            ),
            models.CheckConstraint(name="precedent_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="precedent_exact_is_as_long_as_passage",
                condition=Q(exact__length=F("end") - F("start")),
            ),
        ]

    def __str__(self) -> str:
        return f"Precedent {self.number} of {self.label}"


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def live(self) -> AnnotationQuerySet:
        """Annotations their reviewer has not taken back."""
        return self.filter(withdrawn_at=None)

    def visible_to(self, user: User) -> AnnotationQuerySet:
        """Moderators see all; others their own, and what stands in rounds shared with them."""
        if user.is_moderator:
            return self
        shared = Q(round__in=Round.objects.shared_with(user), withdrawn_at=None, hidden_at=None)
        return self.filter(
            Q(reviewer=user) | shared, article__in=Article.objects.visible_to(user)
        )

    def current(self) -> AnnotationQuerySet:
        """Those of each article's latest round, and those of articles without a review."""
        return self.filter(Q(round=None) | Q(round__latest=True))

    def touching(self, first: int, last: int) -> AnnotationQuerySet:
        """Those on any of the sentences from position `first` to `last`."""
        return self.filter(first_position__lte=last, last_position__gte=first)

    def in_reading_order(self) -> AnnotationQuerySet:
        """By start; of those that start together the longest first: it holds the others."""
        return self.order_by("start", "-end", "created_at", "pk")


class Annotation(models.Model):
    """One reviewer's label on one passage of an article. Withdrawn or hidden, never deleted."""

    id = RandomKey(primary_key=True)
    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="annotations")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="annotations"
    )
    # Without an index of its own: nothing asks for all tags with a label.
    label = models.ForeignKey(
        Label, on_delete=models.PROTECT, related_name="annotations", db_index=False
    )
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="annotations"
    )
    start = models.PositiveIntegerField(help_text="First code point of the passage.")
    end = models.PositiveIntegerField(help_text="The code point after its last.")
    # The W3C TextQuoteSelector: finds the passage again in a changed text.
    exact = models.TextField()
    prefix = models.CharField(max_length=CONTEXT, blank=True)
    suffix = models.CharField(max_length=CONTEXT, blank=True)
    # The sentences it touches, so that a sentence's tags are found without comparing offsets.
    first_position = models.PositiveIntegerField(editable=False)
    last_position = models.PositiveIntegerField(editable=False)
    note = models.TextField(blank=True, max_length=NOTE_LENGTH)
    confidence = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    guideline = models.PositiveIntegerField(
        default=1,
        editable=False,
        help_text="The version of its label's guideline that it was made under.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True, help_text="From other reviewers.")
    pending = models.BooleanField(
        default=False, editable=False, help_text="Hidden until a moderator has seen it."
    )
    corrected_at = models.DateTimeField(
        null=True, editable=False, help_text="When a moderator changed its label or passage."
    )

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["article", "start", "created_at", "pk"]
        indexes = [
            models.Index(
                name="annotation_live_in_article",
                fields=["article", "reviewer", "first_position"],
                condition=Q(withdrawn_at=None),
            ),
            models.Index(
                name="annotation_waiting",
                fields=["id"],
                include=["reviewer"],
                condition=Q(pending=True, withdrawn_at=None),
            ),
            # For the admin: the newest, the newest hidden ones, those with a word in a note.
            models.Index(name="annotation_by_time", fields=["created_at"]),
            models.Index(
                name="annotation_hidden",
                fields=["created_at"],
                condition=Q(hidden_at__isnull=False),
            ),
            GinIndex(NOTE_WORDS, name="annotation_words_of_note", condition=~Q(note="")),
        ]
        constraints = [
            models.CheckConstraint(
                name="annotation_passage_is_not_empty",
                condition=Q(start__gte=0, end__gt=F("start")),
            ),
            models.CheckConstraint(
                name="annotation_exact_is_as_long_as_passage",
                condition=Q(exact__length=F("end") - F("start")),
            ),
            models.CheckConstraint(
                name="annotation_positions_in_order",
                condition=Q(last_position__gte=F("first_position")),
            ),
            models.CheckConstraint(
                name="annotation_note_is_not_too_long",
                condition=Q(note__length__lte=NOTE_LENGTH),
            ),
            models.CheckConstraint(
                name="annotation_confidence_is_1_to_5",
                condition=Q(confidence=None) | Q(confidence__range=(1, 5)),
            ),
            models.CheckConstraint(
                name="annotation_pending_is_hidden",
                condition=Q(pending=False) | Q(hidden_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="annotation_one_live_per_reviewer_label_and_passage",
                fields=["reviewer", "article", "label", "start", "end", "round"],
                condition=Q(withdrawn_at=None),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: “{self.exact[:60]}”"

    def get_absolute_url(self) -> str:
        return reverse("annotation", args=[self.pk])

    @property
    def is_live(self) -> bool:
        return self.withdrawn_at is None


class ReadingQuerySet(models.QuerySet["Reading"]):
    def live(self) -> ReadingQuerySet:
        return self.filter(withdrawn_at=None)

    def visible_to(self, user: User) -> ReadingQuerySet:
        """Moderators see all; others their own, and what stands in rounds shared with them."""
        if user.is_moderator:
            return self
        shared = Q(round__in=Round.objects.shared_with(user), withdrawn_at=None)
        return self.filter(
            Q(reviewer=user) | shared, sentence__article__in=Article.objects.visible_to(user)
        )


class Reading(models.Model):
    """A reviewer read this sentence and found nothing to tag: empty is not unread."""

    sentence = models.ForeignKey(Sentence, on_delete=models.PROTECT, related_name="readings")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="readings"
    )
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="readings"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["sentence", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="reading_one_per_reviewer_sentence_and_round",
                fields=["reviewer", "sentence", "round"],
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} read sentence {self.sentence_id}"

    @property
    def is_live(self) -> bool:
        return self.withdrawn_at is None


class ChangeQuerySet(models.QuerySet["Change"]):
    def of(self, article: Article | int, person: User, round: int | None) -> ChangeQuerySet:
        """What `person` did in an article's round; None where there is no review."""
        return self.filter(article=article, by=person, round=round)

    def undo_top(self, article: Article | int, person: User, round: int | None) -> Subquery:
        """The change that `person`'s undo would take back now, as SQL for an INSERT."""
        top = Case(
            When(kind=Change.Kind.UNDONE, then="target__below"),
            When(kind=Change.Kind.REDONE, then="target"),
            default="pk",
        )
        latest = self.of(article, person, round).own().order_by("-pk")
        return Subquery(latest.annotate(top=top).values("top")[:1])

    def own(self) -> ChangeQuerySet:
        """Without what was done as a moderator: undo does not reach that."""
        return self.exclude(kind__in=Change.BY_MODERATORS)


class Change(models.Model):
    """One line of the log: what a person did to an annotation or a reading. Append only.

    Undo and redo are read from the log, and are lines of it themselves. The changes that
    can be undone form a stack linked by `below`; so do those that can be redone:

    - an ordinary change lies on top of the undo stack; `below` is the top it covered.
      There is nothing to redo after it.
    - UNDONE took `target` off the undo stack and lies on the redo stack; `below` is what
      it covered there.
    - REDONE put `target` back on the undo stack; `below` is the redo stack's top after it.

    So a person's latest line alone tells both tops, in any session and after any reload.
    """

    class Kind(models.TextChoices):
        CREATED = "created", "tagged"
        EDITED = "edited", "changed"
        WITHDRAWN = "withdrawn", "took back"
        READ = "read", "read, nothing to tag"
        UNREAD = "unread", "marked as unread"
        UNDONE = "undone", "undid"
        REDONE = "redone", "redid"
        HIDDEN = "hidden", "hid"
        SHOWN = "shown", "showed again"
        CORRECTED = "corrected", "corrected"
        REVERTED = "reverted", "reverted"

    BY_MODERATORS = (Kind.HIDDEN, Kind.SHOWN, Kind.CORRECTED, Kind.REVERTED)
    # The same for SQL of its own.
    MODERATION = f"({', '.join(repr(kind.value) for kind in BY_MODERATORS)})"

    class Movement(models.TextChoices):
        TOWARDS = "towards", "towards the majority"
        AWAY = "away", "away from the majority"
        NEITHER = "neither", "neither towards nor away"

    # An index of several columns begins with it.
    article = models.ForeignKey(
        Article, on_delete=models.PROTECT, related_name="changes", db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="changes"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    annotation = models.ForeignKey(
        Annotation, on_delete=models.PROTECT, null=True, related_name="changes"
    )
    reading = models.ForeignKey(
        Reading, on_delete=models.PROTECT, null=True, related_name="changes"
    )
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, related_name="changes"
    )
    # Set for every change after the reveal, and for no other.
    movement = models.CharField(max_length=10, choices=Movement, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    # Nothing asks for what lies above: without indexes, which each tag would write.
    target = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    below = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Named by the browser that sent it: the same request sent again is not done again.
    request = models.UUIDField(null=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(name="change_of_person_in_article", fields=["article", "by", "-id"]),
            BrinIndex(name="change_by_time", fields=["at"]),  # for the admin
        ]
        constraints = [
            models.UniqueConstraint(name="change_one_per_request", fields=["by", "request"]),
            models.CheckConstraint(
                name="change_is_of_one_thing",
                condition=Q(annotation=None) ^ Q(reading=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.get_kind_display()} {self.annotation or self.reading}"

    @property
    def undo_top_id(self) -> int | None:
        """What undo would take back after this line."""
        if self.kind == self.Kind.UNDONE:
            return self.target.below_id if self.target else None
        return self.target_id if self.kind == self.Kind.REDONE else self.pk

    @property
    def redo_top_id(self) -> int | None:
        """The UNDONE line that redo would reverse after this line."""
        if self.kind == self.Kind.UNDONE:
            return self.pk
        return self.below_id if self.kind == self.Kind.REDONE else None
