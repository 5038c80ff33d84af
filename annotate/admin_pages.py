"""What the pages of the admin have in common. Nothing here is ever deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.options import ActionLocation
from django.core.exceptions import PermissionDenied
from django.db.models import DateField, Field, Model
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.widgets import INPUT_CLASSES

from annotate.http import Request

# An action is offered for the selected rows of a list and as a button on a page.
EVERYWHERE = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]
LONGEST = 90  # characters of a text in a list


def admin_page(view: Callable) -> Callable:
    """Make a view a page of the admin: for moderators and admins, never cached.

    Somebody who has not signed in is sent to the sign-in, anybody else is answered 403. What
    more a page asks for, its view checks itself.
    """
    inside = admin.site.admin_view(view)

    @wraps(view)
    def page(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (request.user.is_moderator and admin.site.has_permission(request)):
            raise PermissionDenied("Only moderators may do this.")
        return inside(request, *args, **kwargs)

    return page


def admin_context(request: HttpRequest, *, title: str, **context: Any) -> dict[str, Any]:
    """Return what a template that extends `admin/page.html` needs, beside its own context.

    `title` is the page's heading and its name in the menu's path; `parents`, if given, are the
    pages above it as (title, address).
    """
    return {**admin.site.each_context(request), "title": title, **context}


class KeptAdmin(ModelAdmin):
    """Things that are made on the site's own pages, and never deleted."""

    list_per_page = 50
    list_max_show_all = 50
    # Counting a whole table, only to say how many rows the search left out.
    show_full_result_count = False
    # unfold's has another name for screen readers than the words beside it.
    action_form = ActionForm
    # The browser's own calendar: it speaks the person's language, and needs no script.
    formfield_overrides: ClassVar[Mapping[type[Field], Mapping[str, Any]]] = {
        DateField: {
            "widget": forms.DateInput(
                format="%Y-%m-%d", attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}
            )
        }
    }

    def get_action_choices(
        self,
        request: HttpRequest,
        default_choices: list[tuple[str, str]] | None = None,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> list[tuple[str, str]]:
        """As Django does: unfold does not know of actions on the page of one thing yet."""
        first = default_choices or [("", "Choose what to do")]
        return admin.ModelAdmin.get_action_choices(self, request, first, action_location)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin):
    """Things to look at."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def short(text: str) -> str:
    """Return the beginning of a text, apart from what its direction could do to the page."""
    beginning = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return format_html("<bdi>{}</bdi>", beginning)
