"""Threads, comments and their log. Nothing of them is changed here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from annotate.admin_pages import ReadOnlyAdmin, short
from annotate.annotations import wording

from .models import Comment, Step, Thread


class StoryAdmin(ReadOnlyAdmin):
    """Rows that belong to a story, read without its text."""

    related: tuple[str, ...] = ()
    story = "article"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related(self.story, *self.related)
        return rows.defer(f"{self.story}__text", f"{self.story}__search")


@admin.register(Thread)
class ThreadAdmin(StoryAdmin):
    list_display = ("passage", "place", "title", "person", "outcome", "created_at")
    list_filter = (
        "outcome",
        ("resolved_at", admin.EmptyFieldListFilter),
        ("created_at", admin.DateFieldListFilter),
    )
    search_repeats = True
    search_fields = ("exact", "article__title", "created_by__public_name", "comments__text")
    ordering = ("-created_at",)
    related = ("round__article", "created_by", "precedent__label")
    fields = (
        *("article", "round", "exact", "place", "start", "end", "created_by", "created_at"),
        *("outcome", "resolved_by", "resolved_at", "precedent"),
    )

    @admin.display(ordering="exact")
    def passage(self, thread: Thread) -> str:
        return short(thread.exact)

    @admin.display(description="sentences")
    def place(self, thread: Thread) -> str:
        return wording.place([thread.first_position, thread.last_position])

    @admin.display(description="story", ordering="article__title")
    def title(self, thread: Thread) -> str:
        return short(thread.article.title)

    @admin.display(description="begun by", ordering="created_by__public_name")
    def person(self, thread: Thread) -> str:
        return short(thread.created_by.public_name)


@admin.register(Comment)
class CommentAdmin(StoryAdmin):
    list_display = ("says", "person", "title", "created_at", "edited_at", "withdrawn_at")
    list_filter = (
        ("withdrawn_at", admin.EmptyFieldListFilter),
        ("created_at", admin.DateFieldListFilter),
    )
    search_fields = ("text", "author__public_name", "thread__article__title")
    ordering = ("-created_at",)
    story = "thread__article"
    related = ("author",)
    fields = (
        *("thread", "author", "text", "mentions", "created_at", "edited_at", "withdrawn_at"),
    )

    @admin.display(description="text", ordering="text")
    def says(self, comment: Comment) -> str:
        return short(comment.text)

    @admin.display(description="author", ordering="author__public_name")
    def person(self, comment: Comment) -> str:
        return short(comment.author.public_name)

    @admin.display(description="story", ordering="thread__article__title")
    def title(self, comment: Comment) -> str:
        return short(comment.thread.article.title)


@admin.register(Step)
class StepAdmin(StoryAdmin):
    """The log. Nobody changes it, here or elsewhere."""

    list_display = ("at", "person", "kind", "outcome", "title")
    list_filter = ("kind", "outcome", ("at", admin.DateFieldListFilter))
    search_fields = ("by__public_name", "thread__article__title")
    ordering = ("-pk",)
    story = "thread__article"
    related = ("by", "comment__author", "precedent__label")
    fields = ("at", "by", "kind", "thread", "comment", "outcome", "precedent", "before")

    @admin.display(description="by", ordering="by__public_name")
    def person(self, step: Step) -> str:
        return short(step.by.public_name)

    @admin.display(description="story", ordering="thread__article__title")
    def title(self, step: Step) -> str:
        return short(step.thread.article.title)
