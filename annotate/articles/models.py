"""News stories and the sentences they are split into."""

from __future__ import annotations

import hashlib
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from annotate.wordsearch import beginnings, words_of

from .languages import canonical_language

if TYPE_CHECKING:
    from annotate.accounts.models import User

NAME_WORDS = words_of("title", "outlet")  # as an index has them
NOT_A_WEB_ADDRESS = "Write a web address that begins with http:// or https://."


class ArticleQuerySet(models.QuerySet["Article"]):
    def visible_to(self, user: User) -> ArticleQuerySet:
        """What `user` may know of: moderators all; others all but other people's drafts."""
        if user.is_moderator:
            return self
        return self.filter(~Q(status=Article.Status.DRAFT) | Q(submitted_by=user))

    # The same in SQL, for the one statement that every tag begins with: building it as a
    # QuerySet takes ten times as long as running it. A test holds the two together.
    VISIBLE_TO = "(%(moderator)s OR status <> 'draft' OR submitted_by_id = %(user)s)"

    def editable_by(self, user: User) -> ArticleQuerySet:
        """Whose status `user` may change: moderators all, others their own drafts."""
        if user.is_moderator:
            return self
        return self.filter(status=Article.Status.DRAFT, submitted_by=user)

    def standing(self) -> ArticleQuerySet:
        """All but archived ones: a text stands among these at most once."""
        return self.exclude(status=Article.Status.ARCHIVED)

    def named(self, words: str, *fields: str) -> ArticleQuerySet:
        """Those with `words` in one of the fields, title or outlet.

        An index has the words by their beginnings. Only where nothing is found so, each title
        is looked through.
        """
        found = self.filter(reduce(or_, (Q(**{f"{one}__icontains": words}) for one in fields)))
        if match := beginnings(words):
            begun = found.alias(name_words=NAME_WORDS).filter(name_words=match)
            if begun.exists():
                return begun
        return found


class Article(models.Model):
    """One news story. `text` is the headline, a blank line, the body; it never changes."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        LOCKED = "locked", "Locked"
        ARCHIVED = "archived", "Archived"

    title = models.CharField(max_length=500)
    outlet = models.CharField(max_length=200, blank=True)
    byline = models.CharField(max_length=300, blank=True)
    url = models.URLField("address", max_length=1000, blank=True)
    published = models.DateField("date", null=True, blank=True)
    language = models.CharField(
        max_length=35, default="en", help_text="A language tag: en, de, ar, zh-Hant …"
    )
    text = models.TextField()
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the text.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    premoderated = models.BooleanField(
        default=False,
        editable=False,
        help_text="Tags are seen by a moderator before other reviewers see them.",
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="articles",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Title before outlet before text. The database fills it, whoever writes the others.
    search = SearchVectorField(null=True, editable=False)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            GinIndex(fields=["search"], name="article_search"),
            models.Index(fields=["status", "-id"], name="article_newest_of_status"),
            GinIndex(NAME_WORDS, name="article_words_of_names"),
        ]
        constraints = [
            models.CheckConstraint(
                name="article_status_is_known",
                condition=Q(status__in=["draft", "open", "locked", "archived"]),
            ),
            models.CheckConstraint(
                name="article_has_title_and_text", condition=~Q(title="") & ~Q(text="")
            ),
            models.UniqueConstraint(
                name="article_text_stands_once",
                fields=["digest"],
                condition=~Q(status="archived"),
                violation_error_message="This text already stands as another article.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.pk])

    def clean(self) -> None:
        """Hold the address to the web, the language to the shape of a tag."""
        errors = {}
        if self.url.lower().startswith(("ftp:", "ftps:")):  # URLField takes these, too
            errors["url"] = NOT_A_WEB_ADDRESS
        try:
            self.language = canonical_language(self.language)
        except ValidationError as error:
            errors["language"] = str(error.message)
        if errors:
            raise ValidationError(errors)

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @staticmethod
    def digest_of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()


class Sentence(models.Model):
    """A slice `[start, end)` of an article's text in code points. 0 is the headline."""

    # Its position's constraint has an index that begins with it.
    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, related_name="sentences", db_index=False
    )
    position = models.PositiveIntegerField()
    paragraph = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    class Meta:
        ordering = ["article", "position"]
        constraints = [
            models.UniqueConstraint(
                name="sentence_position_once_per_article", fields=["article", "position"]
            ),
            models.CheckConstraint(
                name="sentence_is_not_empty", condition=Q(end__gt=F("start"))
            ),
            models.CheckConstraint(
                name="sentence_zero_is_the_headline",
                condition=(
                    Q(position=0, paragraph=0, start=0) | Q(position__gt=0, paragraph__gt=0)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"Sentence {self.position} of article {self.article_id}"

    def get_absolute_url(self) -> str:
        return f"{reverse('article', args=[self.article_id])}#sentence-{self.pk}"
