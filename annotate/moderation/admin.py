"""Cases, flags and decisions to look at; tags are hidden and shown again, by a decision."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from annotate.accounts.models import User
from annotate.admin_pages import EVERYWHERE, ReadOnlyAdmin, short
from annotate.annotations.admin import AnnotationAdmin
from annotate.annotations.models import Annotation

from .decisions import decide_tags
from .effects import Verdict
from .models import Case, Decision, Flag


class SeenAdmin(ReadOnlyAdmin):
    """Only what a moderator may see: nothing about themselves."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).visible_to(cast(User, request.user))


@admin.register(Case)
class CaseAdmin(SeenAdmin):
    """Decided in the queue, not here."""

    list_display = ("number", "kind", "about", "story", "state", "risk", "opened_at")
    list_filter = ("state", "kind")
    search_fields = ("person__public_name", "article__title")
    ordering = ("-pk",)
    fields = (
        *("page", "kind", "state", "person", "story", "opened_at", "reasons", "seen_for"),
        *("flags_standing", "risk", "risk_because", "claimed_by", "claimed_until"),
        *("decided_by", "decided_at", "appeal", "appealed_at", "version"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        rows = super().get_queryset(request).select_related("person", "article")
        return rows.defer("article__text", "article__search")

    @admin.display(description="case", ordering="pk")
    def number(self, case: Case) -> str:
        return f"Case {case.pk}"

    @admin.display(description="about", ordering="person__public_name")
    def about(self, case: Case) -> str:
        return short(case.person.public_name)

    @admin.display(ordering="article__title")
    def story(self, case: Case) -> str:
        return short(case.article.title) if case.article else "-"

    @admin.display(description="in the queue")
    def page(self, case: Case) -> str:
        return format_html('<a href="{}">Open the case</a>', case.get_absolute_url())


@admin.register(Flag)
class FlagAdmin(SeenAdmin):
    list_display = ("created_at", "reason", "who", "says", "withdrawn_at")
    list_filter = ("reason",)
    search_fields = ("text", "by__public_name")
    list_select_related = ("by", "case__person")
    ordering = ("-created_at",)
    fields = ("case", "by", "reason", "text", "created_at", "withdrawn_at")

    @admin.display(description="by", ordering="by__public_name")
    def who(self, flag: Flag) -> str:
        return short(flag.by.public_name)

    @admin.display(description="text", ordering="text")
    def says(self, flag: Flag) -> str:
        return short(flag.text)


@admin.register(Decision)
class DecisionAdmin(SeenAdmin):
    list_display = ("at", "kind", "reason", "about", "who", "taken_back_at")
    list_filter = ("kind", "reason")
    search_fields = ("note", "person__public_name", "by__public_name")
    list_select_related = ("person", "by", "case__person")
    ordering = ("-at",)
    fields = (
        *("case", "person", "kind", "reason", "note", "by", "role", "at", "before", "after"),
        *("on_appeal", "waited", "taken_back_at", "seen_at"),
    )

    @admin.display(description="about", ordering="person__public_name")
    def about(self, decision: Decision) -> str:
        return short(decision.person.public_name)

    @admin.display(description="by", ordering="by__public_name")
    def who(self, decision: Decision) -> str:
        return short(decision.by.public_name)


class ModeratedAdmin(AnnotationAdmin):
    """Tags, with what moderators do to many of them at once."""

    actions = ("hide", "show")

    def has_hide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("annotations.change_annotation")

    @admin.action(
        description="Hide",
        description_plural="Hide the selected tags",
        permissions=["hide"],
        location=EVERYWHERE,
    )
    def hide(self, request: HttpRequest, queryset: QuerySet[Annotation]) -> None:
        self._decide(request, queryset.filter(hidden_at=None), Decision.Kind.HIDE)

    @admin.action(
        description="Show again",
        description_plural="Show the selected tags again",
        permissions=["hide"],
        location=EVERYWHERE,
    )
    def show(self, request: HttpRequest, queryset: QuerySet[Annotation]) -> None:
        self._decide(request, queryset.exclude(hidden_at=None), Decision.Kind.RESTORE)

    def _decide(
        self, request: HttpRequest, tags: QuerySet[Annotation], kind: Decision.Kind
    ) -> None:
        """Decide about each as in the queue, so that the one log has it."""
        outcome = decide_tags(list(tags), Verdict(kind), by=cast(User, request.user))
        state = "hidden" if kind == Decision.Kind.HIDE else "shown again"
        for decision in outcome.decided:
            self.log_change(request, decision.case.annotation, f"{state.capitalize()}.")
        for case, error in outcome.refused:
            messages.warning(request, f"{case.annotation}: {error}")
        number = len(outcome.decided)
        if number:
            what = "1 tag is" if number == 1 else f"{number:,} tags are"
            self.message_user(request, f"{what} {state}.", messages.SUCCESS)
        elif not outcome.refused:
            self.message_user(request, "Nothing changed.", messages.INFO)


admin.site.unregister(Annotation)
admin.site.register(Annotation, ModeratedAdmin)
