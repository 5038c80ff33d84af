"""The event stream of an article, what changed in it, and where somebody is in it."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from annotate.annotations import markup
from annotate.annotations.story import View
from annotate.articles.models import Article
from annotate.http import Request

from . import presence
from .access import Access, access_of
from .queries import changed_page, seen_article
from .wire import QUIET_REFRESH, encode, retry


class EventStream(HttpResponse):
    """The first part of an event stream, finite: retry, and the last event's number.

    Under ASGI, annotate/asgi.py keeps it open from there. Under WSGI it ends here, and the
    browser comes back after the time that `retry` names: a quiet refresh, by the standard.
    Shorter than what GZipMiddleware would compress.
    """

    def __init__(self, access: Access) -> None:
        first = retry(QUIET_REFRESH) + encode("seen", access.latest)
        super().__init__(first, content_type="text/event-stream")
        self.access = access
        self["Cache-Control"] = "no-store, no-transform, private"
        self["X-Accel-Buffering"] = "no"  # nginx


@require_GET
def live(request: Request, pk: int) -> HttpResponse:
    """Tell of what happens in an article, in numbers: the page then asks what changed."""
    return EventStream(access_of(request.session, request.user, _article(request, pk)))


class SinceForm(forms.Form):
    since = forms.IntegerField(min_value=0, max_value=2**63 - 1)


@require_GET
def changes(request: Request, pk: int) -> HttpResponse:
    """The person's own view of what changed after the event `since`, to put in place."""
    try:
        article, part = seen_article(pk, request.user)
    except Article.DoesNotExist:
        raise Http404("There is no such article.") from None
    if not request.htmx:
        return redirect(article)
    form = SinceForm(request.GET)
    if not form.is_valid():
        return HttpResponse("since: which event is the last that you know of?", status=422)
    view = View(request.GET.get("view", ""))
    changed = changed_page(article, part, form.cleaned_data["since"], view)
    said = markup.said_of_others(changed["said"], changed["by_others"])
    return HttpResponse(markup.answer(changed, said))


class PlaceForm(forms.Form):
    sentence = forms.IntegerField(min_value=1, max_value=2**63 - 1)


@require_POST
def at_sentence(request: Request, pk: int) -> HttpResponse:
    """Say at which sentence one is: told to those who see everybody's work, not stored."""
    form = PlaceForm(request.POST)
    if not form.is_valid():
        _article(request, pk)
        return HttpResponse("sentence: which one?", status=422)
    if not presence.move(pk, request.user, form.cleaned_data["sentence"]):
        raise Http404("There is no such sentence.")
    return HttpResponse(status=204)


def _article(request: Request, pk: int) -> Article:
    visible = Article.objects.visible_to(request.user).defer("text", "search")
    return get_object_or_404(visible, pk=pk)
