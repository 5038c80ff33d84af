"""Let moderators see the tags of a story before other reviewers do."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from annotate.annotations.views import see_other
from annotate.http import Request
from annotate.reviews.views import get_article, moderators_only

from . import people


@require_POST
def premoderation(request: Request, pk: int) -> HttpResponse:
    """Switch it `on` ("1") or off; tags that wait go on waiting."""
    article = get_article(request, pk)
    moderators_only(request)
    on = request.POST.get("on") == "1"
    people.premoderate_article(article, on, by=request.user)
    messages.success(
        request,
        "From now on, others see the tags of this story after a moderator has."
        if on
        else "From now on, others see the tags of this story at once. What waits still does.",
    )
    return see_other(reverse("review", args=[pk]))
