"""Stories and their sentences. A story's details can be changed, its text never."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least, Substr
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html

from annotate.accounts.models import User
from annotate.admin_pages import EVERYWHERE, LONGEST, KeptAdmin, ReadOnlyAdmin, short
from annotate.annotations.models import Annotation
from annotate.wordsearch import among, sought

from .actions import set_status
from .models import Article, Sentence
from .text import TextRefused, canonical_title

SENTENCES_SHOWN = 300
ERRORS_SHOWN = 10


class ArticleForm(forms.ModelForm):
    """A story's details, held to the rules of putting one in."""

    def clean_outlet(self) -> str:
        return self._line("outlet")

    def clean_byline(self) -> str:
        return self._line("byline")

    def _line(self, name: str) -> str:
        try:
            return canonical_title(self.cleaned_data[name])
        except TextRefused as error:
            raise ValidationError(str(error)) from error


@admin.register(Article)
class ArticleAdmin(KeptAdmin):
    form = ArticleForm
    list_display = (
        *("name", "status", "outlet", "published", "sentence_count", "annotation_count"),
        "created_at",
    )
    list_filter = ("status", "language", ("published", admin.DateFieldListFilter))
    search_fields = ("title", "outlet", "text")
    search_help_text = "Words of the title, outlet or text; quotation marks keep them together."
    actions = ("open", "lock", "archive")
    readonly_fields = (
        *("title", "status", "submitted_by", "created_at", "sentence_count"),
        *("annotation_count", "story"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": ("title", "outlet", "byline", "url", "published", "language"),
                "description": (
                    "The title is the headline of the text, which does not change: tags "
                    "stand on it."
                ),
            },
        ),
        (
            "State",
            {
                "fields": (
                    *("status", "submitted_by", "created_at"),
                    *("sentence_count", "annotation_count"),
                )
            },
        ),
        (
            "Text",
            {
                "fields": ("story",),
                "description": "The text does not change: tags stand on it.",
            },
        ),
    )

    @admin.display(description="title", ordering="title")
    def name(self, article: Article) -> str:
        return short(article.title)

    @admin.display(description="sentences", ordering="sentence_count")
    def sentence_count(self, article: Any) -> str:
        return f"{article.sentence_count:,}"

    @admin.display(description="tags", ordering="annotation_count")
    def annotation_count(self, article: Any) -> str:
        return f"{article.annotation_count:,}"

    @admin.display(description="sentences")
    def story(self, article: Article) -> str:
        """The first sentences with their numbers: two queries, however long the story."""
        rows = article.sentences.order_by("position")[:SENTENCES_SHOWN]
        text = article.text
        sentences = [(row.position, text[row.start : row.end]) for row in rows]
        more = reverse("admin:articles_sentence_changelist")
        context = {
            "article": article,
            "sentences": sentences,
            "left": article.sentence_count + 1 - len(sentences),  # type: ignore[attr-defined]
            "more": f"{more}?{urlencode({'article__id__exact': article.pk})}",
        }
        return render_to_string("admin/articles/sentences.html", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        """Each with its number of sentences in the body and of tags that count."""
        # The last position is their number, and an index has it.
        last = Sentence.objects.filter(article=OuterRef("pk")).order_by("-position")
        tags = (
            Annotation.objects.live()
            .filter(article=OuterRef("pk"))
            .order_by()
            .values("article")
            .annotate(number=Count("pk"))
        )
        articles = super().get_queryset(request).defer("text", "search")
        return articles.annotate(
            sentence_count=Coalesce(Subquery(last.values("position")[:1]), 0),
            annotation_count=Coalesce(Subquery(tags.values("number")), 0),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search as the list of stories does, and by any part of title and outlet."""
        if not search_term:
            return queryset, False
        found = among(Article.objects.named(search_term, "title", "outlet"))
        for config in ("english", "simple"):
            found |= Q(search=sought(search_term, config))
        return queryset.filter(found), False

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        # Only what was changed here: the status may have changed meanwhile.
        obj.save(update_fields=form.changed_data)

    @admin.action(
        description="Open",
        description_plural="Open the selected stories",
        permissions=["change"],
        location=EVERYWHERE,
    )
    def open(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        self._set_status(request, queryset, Article.Status.OPEN)

    @admin.action(
        description="Lock",
        description_plural="Lock the selected stories",
        permissions=["change"],
        location=EVERYWHERE,
    )
    def lock(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        self._set_status(request, queryset, Article.Status.LOCKED)

    @admin.action(
        description="Archive",
        description_plural="Archive the selected stories",
        permissions=["change"],
        location=EVERYWHERE,
    )
    def archive(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        self._set_status(request, queryset, Article.Status.ARCHIVED)

    def _set_status(self, request: HttpRequest, queryset: QuerySet, status: str) -> None:
        done, errors = 0, []
        for article in queryset:
            before = article.status
            try:
                set_status(article, status, by=cast(User, request.user))
            except ValidationError as error:
                errors.append(f"“{article}”: {' '.join(error.messages)}")
                continue
            done += 1
            if before != status:
                self.log_change(request, article, f"From {before} to {status}.")
        label = Article.Status(status).label.lower()
        if done:
            stories = "story is" if done == 1 else "stories are"
            self.message_user(request, f"{done} {stories} {label}.", messages.SUCCESS)
        for message in errors[:ERRORS_SHOWN]:
            self.message_user(request, message, messages.ERROR)
        if (left := len(errors) - ERRORS_SHOWN) > 0:
            self.message_user(request, f"And {left} more.", messages.ERROR)


class SentenceList(ChangeList):
    """Cuts out the text of the rows on the page only: asked with the rows, the database does
    it for every sentence of a story before it takes the page.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        shown = Least(F("end") - F("start"), LONGEST + 1)
        texts = dict(
            Sentence.objects.filter(pk__in=[row.pk for row in rows])
            .order_by()
            .values_list("pk", Substr("article__text", F("start") + 1, shown))
        )
        for row in rows:
            row.beginning = texts[row.pk]
        self.result_list = rows


@admin.register(Sentence)
class SentenceAdmin(ReadOnlyAdmin):
    list_display = ("beginning", "position", "paragraph", "start", "end", "story")
    list_select_related = ("article",)
    search_fields = ("article__title",)
    ordering = ("-article_id", "position")
    fields = ("article", "position", "paragraph", "start", "end", "whole")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sentence]:
        rows = super().get_queryset(request).select_related("article")
        return rows.defer("article__text", "article__search")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SentenceList

    @admin.display(description="text")
    def beginning(self, sentence: Any) -> str:
        return short(sentence.beginning)

    @admin.display(ordering="article__title")
    def story(self, sentence: Sentence) -> str:
        address = reverse("admin:articles_article_change", args=[sentence.article_id])
        return format_html('<a href="{}">{}</a>', address, short(sentence.article.title))

    @admin.display(description="text")
    def whole(self, sentence: Sentence) -> str:
        return sentence.article.text[sentence.start : sentence.end]
