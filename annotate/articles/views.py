"""Pages about articles: the list, reading and tagging one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from annotate.accounts.models import User
from annotate.accounts.preferences import KEYS, Preferences
from annotate.annotations import queries
from annotate.annotations.models import Label

from . import actions
from .models import Article


def articles(request: HttpRequest) -> HttpResponse:
    found = Article.objects.visible_to(request.user).defer("text", "search")
    return render(request, "articles/list.html", {"articles": found})


def status(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("article", pk)


def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Read and tag one story."""
    visible = Article.objects.visible_to(request.user).defer("search")
    article = get_object_or_404(visible, pk=pk)
    template = "articles/detail.html" + ("#story" if request.htmx else "")
    response = render(request, template, reading_page(article, request.user))
    patch_vary_headers(response, ["HX-Request"])
    return response


def reading_page(article: Article, user: User) -> dict[str, object]:
    """Return what the page of one story shows."""
    paragraphs = queries.article_paragraphs(article, user)
    latest = queries.latest_change(article, user)
    preferences = Preferences.of(user)
    editable = Article.objects.editable_by(user).filter(pk=article.pk)
    moves = actions.MOVES[article.status] if editable.exists() else ()
    return {
        "article": article,
        "headline": paragraphs[0],
        "paragraphs": paragraphs[1:],
        "legend": queries.legend(article, user),
        "latest": latest,
        "can_undo": bool(latest and latest.undo_top_id),
        "can_redo": bool(latest and latest.redo_top_id),
        "moves": [(move, VERBS[move]) for move in VERBS if move in moves],
        "key_help": [(action, what) for action, (_, what) in KEYS.items()],
        "guideline_key": preferences.key("guideline"),
        "page_settings": {
            "keysOn": preferences.keys_on,
            "keys": preferences.key_map(Label.objects.all()),
            "moveOn": preferences.move_on,
            "signIn": reverse("sign_in"),
        },
    }


# What a person does to give an article a status, on a button.
VERBS = {
    Article.Status.OPEN: "Open for tagging",
    Article.Status.LOCKED: "Lock",
    Article.Status.ARCHIVED: "Archive",
}
