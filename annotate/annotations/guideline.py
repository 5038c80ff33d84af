"""What changes a label's guideline: a new text, or a precedent. Each makes a new version."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from annotate.accounts.models import User
from annotate.articles.models import Article

from .models import Guideline, Label, Precedent


@transaction.atomic
def set_guideline(label: Label, text: str, *, by: User, why: str = "") -> Guideline | None:
    """Give a label another guideline text; None where it is the present one."""
    label = _lock(label)
    if label.guideline == text:
        return None
    label.guideline = text
    return _new_version(label, by=by, why=why)


@transaction.atomic
def add_precedent(
    label: Label, *, text: str, article: Article, start: int, end: int, exact: str, by: User
) -> Precedent:
    """Add a decided case, with the passage `[start, end)` as its example, to a guideline."""
    label = _lock(label)
    number = (label.precedents.aggregate(Max("number"))["number__max"] or 0) + 1
    version = _new_version(label, by=by, why=f"Precedent {number}")
    return Precedent.objects.create(
        label=label,
        number=number,
        version=version.version,
        text=text,
        article=article,
        start=start,
        end=end,
        exact=exact,
        by=by,
    )


def _lock(label: Label) -> Label:
    return Label.objects.select_for_update(no_key=True).get(pk=label.pk)


def _new_version(label: Label, *, by: User, why: str) -> Guideline:
    label.version += 1
    label.save(update_fields=["guideline", "version"])
    return Guideline.objects.create(
        label=label, version=label.version, text=label.guideline, why=why, by=by
    )
