"""A story's review round: submit, reopen, reveal, close."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from annotate.annotations import actions as tagging
from annotate.annotations.views import see_other
from annotate.articles.models import Article
from annotate.http import Request

from . import actions
from .models import Round
from .parts import part_of
from .refusals import ActionRefused, NotAReviewer

SUBMITTED = "You have submitted your review."


@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: Request, pk: int) -> HttpResponse:
    """Submit one's review; while sentences are unread, ask first what to do with them.

    `unread` is "read" to mark them as read with nothing to tag, "leave" to leave them.
    """
    article = get_article(request, pk)
    part = part_of(article, request.user)
    unread = tagging.unread_sentences(article, part) if part.is_reviewer else []
    how = request.POST.get("unread", "")
    if request.method != "POST":
        return render(
            request,
            "reviews/submit.html",
            {"article": article, "part": part, "unread": unread, "refusal": part.refusal()},
        )
    if unread and not part.refusal() and how not in ("read", "leave"):
        return go_to(request, reverse("submit_review", args=[pk]))

    @transaction.atomic
    def read_and_submit() -> str:
        if how == "read" and not part.refusal():
            tagging.read_the_rest(article, by=request.user)
        round = actions.submit(article, by=request.user).round
        if round.is_revealed:
            return f"{SUBMITTED} All who were needed have: the round is revealed."
        return SUBMITTED

    return carry_out(request, article, read_and_submit)


@require_POST
def reopen(request: Request, pk: int) -> HttpResponse:
    """Take one's submit back."""
    article = get_article(request, pk)

    def take_back() -> str:
        actions.reopen(article, by=request.user)
        return "Your review is open again. Submit it when you are done."

    return carry_out(request, article, take_back)


@require_POST
def read_the_rest(request: Request, pk: int) -> HttpResponse:
    """Say of every sentence that is still unread: nothing to tag here."""
    article = get_article(request, pk)

    def read() -> str:
        count = len(tagging.read_the_rest(article, by=request.user).positions)
        if not count:
            return "No sentence was unread."
        sentences = "1 sentence is" if count == 1 else f"{count:,} sentences are"
        return f"{sentences} marked as read with nothing to tag. Undo takes them back."

    return carry_out(request, article, read)


@require_POST
def reveal(request: Request, pk: int) -> HttpResponse:
    """Let a round's reviewers see each other's tags."""
    round = get_round(request, pk)

    def show() -> str:
        actions.reveal(round, by=request.user)
        return f"Round {round.number} is revealed: its reviewers see each other’s tags."

    return carry_out(request, round.article, show)


@require_POST
def close(request: Request, pk: int) -> HttpResponse:
    """End a round and lock its story."""
    round = get_round(request, pk)

    def end() -> str:
        actions.close(round, by=request.user)
        return f"Round {round.number} is closed, and the story is locked."

    return carry_out(request, round.article, end)


# --- What these views have in common -------------------------------------------------------


def get_article(request: Request, pk: int) -> Article:
    visible = Article.objects.visible_to(request.user).defer("text", "search")
    return get_object_or_404(visible, pk=pk)


def get_round(request: Request, pk: int) -> Round:
    """Return a round that the person, a moderator, may change."""
    visible = Round.objects.filter(article__in=Article.objects.visible_to(request.user))
    rounds = visible.select_related("article").defer("article__text", "article__search")
    round = get_object_or_404(rounds, pk=pk)
    moderators_only(request)
    return round


def moderators_only(request: Request) -> None:
    if not request.user.is_moderator:
        raise PermissionDenied("Only moderators may do this.")


def carry_out(request: Request, article: Article, action: Callable[[], str]) -> HttpResponse:
    """Run an action; go back and say what it returned, or answer why it was refused."""
    try:
        said = action()
    except ActionRefused as error:
        return refused(request, article, error)
    messages.success(request, said)
    back = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return go_to(request, back if ours else article.get_absolute_url())


def refused(request: Request, article: Article, error: ActionRefused) -> HttpResponse:
    """Say why nothing was changed: to htmx as the page's message, else as a page."""
    template = "annotations/refused.html" + ("#message" if request.htmx else "")
    context = {"message": str(error), "article_pk": article.pk}
    status = 403 if isinstance(error, NotAReviewer) else 409
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def go_to(request: Request, url: str) -> HttpResponse:
    """Answer a POST with the page to look at next, which htmx loads as a whole."""
    if not request.htmx:
        return see_other(url)
    here = request.htmx.current_url_abs_path
    # The address that it is on already, htmx would only scroll to.
    return HttpResponse(headers={"HX-Refresh": "true"} if here == url else {"HX-Redirect": url})
