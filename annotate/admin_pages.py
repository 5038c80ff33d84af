"""What the pages of Django's admin have in common. Nothing here is ever deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ActionLocation
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html

# An action is offered for the selected rows of a list and as a button on a page.
EVERYWHERE = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]
LONGEST = 90  # characters of a text in a list


class KeptAdmin(admin.ModelAdmin):
    """Things that are made on the site's own pages, and never deleted."""

    list_per_page = 50
    list_max_show_all = 50
    # Counting a whole table, only to say how many rows the search left out.
    show_full_result_count = False

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
