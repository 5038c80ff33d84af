"""What the pages of the admin have in common. Nothing here is ever deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.options import ActionLocation
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import DateField, Field, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.text import smart_split, unescape_string_literal
from unfold.admin import ModelAdmin
from unfold.widgets import INPUT_CLASSES

from annotate.articles.models import Article
from annotate.http import Request
from annotate.wordsearch import among

# An action is offered for the selected rows of a list and as a button on a page.
EVERYWHERE = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]
LONGEST = 90  # characters of a text in a list
MOST_LISTED = 10_000  # rows that a list counts and pages through; beyond, it says so


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


class FirstRows(Paginator):
    """Pages of the first rows of what may be millions: counting those would read them all."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: MOST_LISTED + 1].count()

    @property
    def more(self) -> bool:
        """Whether there are rows that are not listed."""
        return self._counted > MOST_LISTED

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_LISTED)

    @property
    def template_name(self) -> str:
        """What django-unfold shows instead of its own line, if anything."""
        return "admin/first_rows.html" if self.more else ""


class KeptAdmin(ModelAdmin):
    """Things that are made on the site's own pages, and never deleted."""

    paginator: Any = FirstRows
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

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find the rows that have each word in one of `search_fields`, as Django does."""
        for word in smart_split(search_term):
            if word[0] in "\"'" and word[0] == word[-1] and len(word) > 1:
                word = unescape_string_literal(word)
            found = Q()
            for name in self.get_search_fields(request):
                found |= self.search_in(name, word)
            queryset = queryset.filter(found)
        return queryset, self.search_repeats

    # Whether a row may be found twice: where a field of `search_fields` has many for a row.
    search_repeats = False

    def search_in(self, name: str, word: str) -> Q:
        """Look people and stories up first: joined, they are read for every row."""
        path, _, last = name.rpartition("__")
        model: Any = self.model
        for part in path.split("__") if path else ():
            field = model._meta.get_field(part)
            model = field.related_model
            if not field.concrete:
                return Q(**{f"{name}__icontains": word})
        if not path:
            return Q(**{f"{name}__icontains": word})
        if model is Article:
            return among(Article.objects.named(word, last), path)
        return among(model.objects.filter(**{f"{last}__icontains": word}), path)

    def response_action(
        self, request: HttpRequest, queryset: Any, *args: Any, **options: Any
    ) -> Any:
        """Refuse to do something to more rows than the list has."""
        everything = request.POST.get("select_across") == "1"
        if everything and queryset.order_by()[: MOST_LISTED + 1].count() > MOST_LISTED:
            words = f"More than {MOST_LISTED:,} are chosen. Search or filter for fewer."
            self.message_user(request, words, messages.ERROR)
            return None
        return super().response_action(request, queryset, *args, **options)

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
