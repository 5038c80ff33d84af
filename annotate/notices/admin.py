"""Who was told what, and when it was mailed; and what the worker that mails it did."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django_tasks_db.admin import DBTaskResultAdmin
from django_tasks_db.models import DBTaskResult

from annotate.admin_pages import KeptAdmin, ReadOnlyAdmin, short

from .models import Notice


class MailedFilter(admin.SimpleListFilter):
    title = parameter_name = "mailed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Mailed"), ("no", "Not mailed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value():
            return queryset.filter(mailed_at__isnull=self.value() == "no")
        return queryset


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "to", "kind", "what", "mailed_at")
    list_filter = ("kind", MailedFilter, ("created_at", admin.DateFieldListFilter))
    search_fields = ("person__public_name", "person__username", "article__title")
    ordering = ("-pk",)
    fields = (
        "person",
        "kind",
        "article",
        "decision",
        "text",
        "link",
        "created_at",
        "mailed_at",
    )
    list_select_related = ("person",)

    @admin.display(description="person", ordering="person__public_name")
    def to(self, notice: Notice) -> str:
        return short(notice.person.public_name)

    @admin.display(description="text")
    def what(self, notice: Notice) -> str:
        return short(notice.text)


admin.site.unregister(DBTaskResult)


@admin.register(DBTaskResult)
class TaskResultAdmin(KeptAdmin, DBTaskResultAdmin):
    """The package's own page, looking as ours do."""
