"""Rounds, parts and their log, to look at: what is done to a round is done on its page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from annotate.admin_pages import ReadOnlyAdmin, short

from .models import Assignment, Move, Round
from .queries import in_words


class OfRound(ReadOnlyAdmin):
    """Pages about what belongs to a round: no story's text is read for them."""

    related: tuple[str, ...] = ("round__article",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related(*self.related)
        return rows.defer("round__article__text", "round__article__search")

    @admin.display(description="round", ordering="round__number")
    def of_round(self, thing: Assignment | Move) -> str:
        address = reverse("admin:reviews_round_change", args=[thing.round_id])
        name = short(f"{thing.round.number} of {thing.round.article}")
        return format_html('<a href="{}">{}</a>', address, name)


@admin.register(Round)
class RoundAdmin(ReadOnlyAdmin):
    list_display = ("story", "number", "mode", "state", "needed", "due", "opened_at")
    list_filter = (
        *("state", "mode", "latest", "pseudonyms"),
        ("opened_at", admin.DateFieldListFilter),
    )
    search_fields = ("article__title", "article__outlet")
    ordering = ("-pk",)
    fields = (
        *("article", "page", "number", "latest", "mode", "state", "needed", "due"),
        *("pseudonyms", "opened_by", "opened_at", "revealed_at", "closed_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Round]:
        rows = super().get_queryset(request).select_related("article", "opened_by")
        return rows.defer("article__text", "article__search")

    @admin.display(ordering="article__title")
    def story(self, round: Round) -> str:
        return short(round.article.title)

    @admin.display(description="its page")
    def page(self, round: Round) -> str:
        address = reverse("review", args=[round.article_id])
        return format_html('<a href="{}">Review of this story</a>', address)


@admin.register(Assignment)
class AssignmentAdmin(OfRound):
    list_display = ("person", "of_round", "assigned_at", "submitted_at", "handed_on_at")
    list_filter = ("round__state", ("assigned_at", admin.DateFieldListFilter))
    search_fields = ("reviewer__public_name", "reviewer__username", "round__article__title")
    ordering = ("-pk",)
    related = ("round__article", "reviewer")
    fields = (
        *("round", "reviewer", "number", "due", "assigned_by", "assigned_at"),
        *("submitted_at", "handed_on_at"),
    )

    @admin.display(description="reviewer", ordering="reviewer__public_name")
    def person(self, assignment: Assignment) -> str:
        return short(assignment.reviewer.public_name)


@admin.register(Move)
class MoveAdmin(OfRound):
    """The log. Nobody changes it, here or elsewhere."""

    list_display = ("at", "what", "of_round")
    list_filter = ("kind", ("at", admin.DateFieldListFilter))
    search_fields = ("by__public_name", "person__public_name", "round__article__title")
    ordering = ("-pk",)
    related = ("round__article", "by", "person")
    fields = ("at", "what", "round", "kind", "by", "person", "before", "after", "note")

    @admin.display
    def what(self, move: Move) -> str:
        return short(in_words(move))
