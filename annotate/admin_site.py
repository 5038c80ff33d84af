"""The admin as a whole: django-unfold's, under a policy for scripts and styles of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import unfold.fields
from django.conf import settings
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.csp import csp_override
from unfold.sites import UnfoldAdminSite

from annotate.accounts.models import User
from annotate.accounts.preferences import Preferences
from annotate.replica import from_replica


def readable_json(value: object, encoder: type[json.JSONEncoder] | None) -> str | None:
    """Return what a JSON field holds, a line for each part; None for nothing."""
    if value is None:
        return None
    text = json.dumps(value, indent=2, ensure_ascii=False, cls=encoder)
    return format_html('<pre dir="auto">{}</pre>', text)


# unfold's own looks different where Pygments happens to be installed, and colours by style
# attributes, which the policy refuses.
unfold.fields.prettify_json = readable_json


class AdminSite(UnfoldAdminSite):
    index_title = "Overview"

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Every page of the admin passes here, ours too: `annotate.admin_pages.admin_page`."""
        return csp_override(settings.ADMIN_CSP)(super().admin_view(view, cacheable))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        # Without unfold's search for names of models: the menu has them all.
        return [one for one in super().get_urls() if getattr(one, "name", "") != "search"]

    @method_decorator(from_replica)
    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        from annotate.moderation.overview import overview

        return super().index(
            request, {**overview(cast(User, request.user)), **(extra_context or {})}
        )

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        theme = Preferences.of(request.user).theme
        return {
            **super().each_context(request),
            # They would be written into the page, against the policy: static/css/admin.css.
            "colors": None,
            # Who follows the system can choose in the admin's menu, for this browser.
            "theme": None if theme == "system" else theme,
        }
