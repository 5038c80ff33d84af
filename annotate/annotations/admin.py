"""Labels, tags, readings and the log. Hiding tags: annotate/moderation/admin.py."""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Max, Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.views import ChangeList
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from annotate.accounts.models import User
from annotate.admin_pages import KeptAdmin, ReadOnlyAdmin, short
from annotate.articles.models import Article
from annotate.wordsearch import beginnings, few

from . import wording
from .guideline import set_guideline
from .models import NOTE_WORDS, Annotation, Change, Guideline, Label, Precedent, Reading


class LabelForm(forms.ModelForm):
    why = forms.CharField(
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        label="Why it changed",
        help_text="What led to another text of the guideline: shown with its version.",
    )

    class Meta:
        widgets = {
            "colour": UnfoldAdminColorInputWidget,
            "guideline": UnfoldAdminTextareaWidget(attrs={"rows": 16}),
        }

    def clean_guideline(self) -> str:
        """With the line ends that are stored: a browser's alone make no new version."""
        return self.cleaned_data["guideline"].replace("\r\n", "\n")


@admin.register(Label)
class LabelAdmin(KeptAdmin):
    """Admins add and change labels. The slug stays: exports and links name a label by it.

    Another text of the guideline is another version of it.
    """

    form = LabelForm
    list_display = ("name", "slug", "key", "look", "order", "version")
    search_fields = ("name", "slug")
    fields = ("name", "slug", "colour", "line", "key", "order", "guideline", "why")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        changes = obj is not None and self.has_change_permission(request, obj)
        return self.fields if changes else [one for one in self.fields if one != "why"]

    def save_model(self, request: HttpRequest, obj: Label, form: Any, change: bool) -> None:
        by = cast(User, request.user)
        if not change:
            obj.save(by=by)
            return
        obj.save(update_fields=["name", "colour", "line", "key", "order"])
        set_guideline(obj, obj.guideline, by=by, why=form.cleaned_data.get("why", ""))

    @admin.display(description="colour and underline")
    def look(self, label: Label) -> str:
        return format_html(
            '<svg class="colour" width="16" height="16" aria-hidden="true">'
            '<rect width="16" height="16" rx="3" fill="{}"/></svg>{}, {}',
            label.colour,
            label.colour,
            label.get_line_display().lower(),
        )

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("annotations.add_label")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new label comes after those there are."""
        last = Label.objects.aggregate(last=Max("order", default=0))["last"]
        return {"order": last + 1, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("slug",)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {"slug": ("name",)} if obj is None else {}


@admin.register(Guideline)
class GuidelineAdmin(ReadOnlyAdmin):
    """Earlier texts. A new one is written as the label's guideline."""

    list_display = ("label", "version", "why", "by", "at")
    list_filter = ("label",)
    list_select_related = ("label", "by")
    search_fields = ("text", "why")
    fields = ("label", "version", "text", "why", "by", "at")


@admin.register(Precedent)
class PrecedentAdmin(ReadOnlyAdmin):
    """Cases that were decided. They come of discussions resolved as a guideline gap."""

    list_display = ("label", "number", "says", "story", "by", "at")
    list_filter = ("label",)
    search_fields = ("text", "exact", "article__title")
    ordering = ("-pk",)
    fields = (
        *("label", "number", "version", "text", "article", "start", "end", "exact"),
        *("by", "at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Precedent]:
        rows = super().get_queryset(request).select_related("label", "article", "by")
        return rows.defer("article__text", "article__search", "label__guideline")

    @admin.display(description="text", ordering="text")
    def says(self, precedent: Precedent) -> str:
        return short(precedent.text)

    @admin.display(ordering="article__title")
    def story(self, precedent: Precedent) -> str:
        return _link("articles_article", precedent.article, precedent.article.title)


class StateFilter(admin.SimpleListFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("shown", "Shown"), ("hidden", "Hidden"), ("withdrawn", "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "shown":
                return queryset.filter(withdrawn_at=None, hidden_at=None)
            case "hidden":
                return queryset.exclude(hidden_at=None)
            case "withdrawn":
                return queryset.exclude(withdrawn_at=None)
        return queryset


class WithdrawnFilter(admin.SimpleListFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("standing", "Standing"), ("withdrawn", "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value():
            return queryset.filter(withdrawn_at__isnull=self.value() == "standing")
        return queryset


@admin.register(Annotation)
class AnnotationAdmin(ReadOnlyAdmin):
    list_display = ("passage", "person", "label", "story", "state", "created_at")
    list_filter = (StateFilter, "label", ("created_at", admin.DateFieldListFilter))
    search_fields = (
        *("exact", "note", "article__title"),
        *("reviewer__public_name", "reviewer__username"),
    )
    search_help_text = (
        "Words or their beginnings, names, titles; quotation marks keep them together."
    )
    ordering = ("-created_at",)
    fields = (
        *("article", "reviewer", "label", "state", "in_context", "sentences", "start", "end"),
        *("note", "confidence", "created_at", "changed_at", "withdrawn_at", "hidden_at", "log"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Annotation]:
        rows = super().get_queryset(request).select_related("article", "reviewer", "label")
        return rows.defer("article__text", "article__search", "label__guideline")

    def search_in(self, name: str, word: str) -> Q:
        """Find passages in the stories that have the word, and notes, by their indexes.

        Of words that very many have, the newest rows are found soon without.
        """
        match = beginnings(word)
        here = Q(**{f"{name}__icontains": word})
        if match and name == "exact":
            english = beginnings(word, "english")
            stories = few(Article.objects.filter(Q(search=english) | Q(search=match)))
            return here if stories is None else here & Q(article__in=stories)
        if match and name == "note":
            notes = Annotation.objects.exclude(note="").alias(words=NOTE_WORDS)
            tags = few(notes.filter(here, words=match))
            return here if tags is None else Q(pk__in=tags)
        return super().search_in(name, word)

    @admin.display(ordering="exact")
    def passage(self, annotation: Annotation) -> str:
        return short(annotation.exact)

    @admin.display(description="reviewer", ordering="reviewer__public_name")
    def person(self, annotation: Annotation) -> str:
        return short(annotation.reviewer.public_name)

    @admin.display(ordering="article__title")
    def story(self, annotation: Annotation) -> str:
        return _link("articles_article", annotation.article, annotation.article.title)

    @admin.display
    def state(self, annotation: Annotation) -> str:
        states = [
            *(["withdrawn"] if annotation.withdrawn_at else []),
            *(["hidden"] if annotation.hidden_at else []),
        ]
        return ", ".join(states) or "shown"

    @admin.display(description="passage")
    def in_context(self, annotation: Annotation) -> str:
        return format_html(
            '<bdi class="passage">{}<mark>{}</mark>{}</bdi>',
            annotation.prefix,
            annotation.exact,
            annotation.suffix,
        )

    @admin.display
    def sentences(self, annotation: Annotation) -> str:
        return wording.place([annotation.first_position, annotation.last_position])

    @admin.display
    def log(self, annotation: Annotation) -> str:
        return _changes(annotation__id__exact=annotation.pk)


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    list_display = ("place", "person", "story", "created_at", "withdrawn_at")
    list_filter = (WithdrawnFilter,)
    search_fields = ("sentence__article__title", "reviewer__public_name", "reviewer__username")
    ordering = ("-pk",)
    fields = ("sentence", "reviewer", "created_at", "withdrawn_at", "log")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reading]:
        rows = super().get_queryset(request).select_related("sentence__article", "reviewer")
        return rows.defer("sentence__article__text", "sentence__article__search")

    @admin.display(description="sentence", ordering="sentence__position")
    def place(self, reading: Reading) -> str:
        return wording.place([reading.sentence.position])

    @admin.display(description="reviewer", ordering="reviewer__public_name")
    def person(self, reading: Reading) -> str:
        return short(reading.reviewer.public_name)

    @admin.display(ordering="sentence__article__title")
    def story(self, reading: Reading) -> str:
        article = reading.sentence.article
        return _link("articles_article", article, article.title)

    @admin.display
    def log(self, reading: Reading) -> str:
        return _changes(reading__id__exact=reading.pk)


class Log(ChangeList):
    """The list of changes, each row with its words: they are found for all at once."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        told = wording.of_changes(self.result_list, _label_names())
        for change, words in zip(self.result_list, told, strict=True):
            change.words = words


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """The log. Nobody changes it, here or elsewhere."""

    list_display = ("at", "person", "what", "story")
    list_filter = ("kind", ("at", admin.DateFieldListFilter))
    search_fields = ("by__public_name", "by__username", "article__title")
    ordering = ("-pk",)
    fields = (
        *("at", "by", "kind", "what", "article", "annotation", "reading"),
        *("states", "target", "request"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Log

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        """With all that the words for a change need, and no story's text."""
        rows = super().get_queryset(request)
        return rows.select_related(
            *("by", "article", "annotation__label", "reading__sentence"),
            *("target__annotation__label", "target__reading__sentence"),
        ).defer("article__text", "article__search")

    @admin.display(description="by", ordering="by__public_name")
    def person(self, change: Change) -> str:
        return short(change.by.public_name)

    @admin.display
    def what(self, change: Change) -> str:
        listed = getattr(change, "words", "")
        return short(listed or wording.of_change(change, _label_names()))

    @admin.display(ordering="article__title")
    def story(self, change: Change) -> str:
        return _link("articles_article", change.article, change.article.title)

    @admin.display(description="before and after")
    def states(self, change: Change) -> str:
        before, after = change.before or {}, change.after or {}
        rows = [
            (name, _shown(before.get(name)), _shown(after.get(name)))
            for name in dict.fromkeys([*before, *after])
        ]
        return format_html(
            '<table class="states"><thead><tr><td></td><th scope="col">Before</th>'
            '<th scope="col">After</th></tr></thead><tbody>{}</tbody></table>',
            format_html_join(
                "\n",
                '<tr><th scope="row">{}</th><td dir="auto">{}</td><td dir="auto">{}</td></tr>',
                rows,
            ),
        )


def _label_names() -> dict[str, str]:
    return dict(Label.objects.values_list("slug", "name"))


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _link(model: str, thing: Model, text: str) -> str:
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:{model}_change", args=[thing.pk]), short(text)
    )


def _changes(**filters: int) -> str:
    address = f"{reverse('admin:annotations_change_changelist')}?{urlencode(filters)}"
    return format_html('<a href="{}">What was done to it</a>', address)
