"""What templates of any page may use."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from annotate.accounts.preferences import Preferences

from .models import Label


def common(request: HttpRequest) -> dict[str, object]:
    """All labels, read from the database only where a page shows them; the person's choices."""
    return {
        "all_labels": SimpleLazyObject(lambda: list(Label.objects.all())),
        "preferences": Preferences.of(getattr(request, "user", None)),
    }
