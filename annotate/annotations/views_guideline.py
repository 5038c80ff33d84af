"""What each label means: the guideline as it stands, its precedents, its earlier versions."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from annotate.accounts.models import User
from annotate.articles.models import Article
from annotate.http import Request
from annotate.replica import from_replica

from .models import Guideline, Label, Precedent
from .views import page_or_partial


@require_GET
@from_replica
def guideline(request: Request) -> HttpResponse:
    """What each label means, with the precedents of each."""
    labels = list(Label.objects.all())
    found: dict[int, list[Example]] = {}
    for one in examples(Precedent.objects.all(), request.user):
        found.setdefault(one.precedent.label_id, []).append(one)
    versions = Guideline.objects.filter(version=F("label__version"))
    since = dict(versions.values_list("label", "at"))
    for label in labels:
        # The story's page shows the labels without these.
        label.since, label.examples = since.get(label.pk), found.get(label.pk, [])  # type: ignore[attr-defined]
    context = {"labels": labels}
    return page_or_partial(request, "annotations/guideline.html", "labels", context)


@require_GET
@from_replica
def versions(request: Request, slug: str) -> HttpResponse:
    """All versions of one label's guideline, the latest first."""
    label = get_object_or_404(Label, slug=slug)
    context = {
        "label": label,
        "versions": label.versions.order_by("-version"),
        "examples": examples(label.precedents.all(), request.user),
    }
    return page_or_partial(request, "annotations/guideline_versions.html", "versions", context)


@dataclass
class Example:
    """A precedent; `exact` is empty where the person may not see the story it is from."""

    precedent: Precedent
    exact: str


def examples(precedents: QuerySet[Precedent], user: User) -> list[Example]:
    """Return precedents with their passages, where `user` may know of the story."""
    rows = list(precedents.select_related("by").order_by("number"))
    visible = set(
        Article.objects.visible_to(user)
        .filter(pk__in=[one.article_id for one in rows])
        .values_list("pk", flat=True)
    )
    return [Example(one, one.exact if one.article_id in visible else "") for one in rows]
