"""Pages about articles: the list, putting one in, reading and tagging one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from annotate.accounts.preferences import Preferences
from annotate.annotations import queries

from .models import Article


def articles(request: HttpRequest) -> HttpResponse:
    found = Article.objects.visible_to(request.user).defer("text", "search")
    return render(request, "articles/list.html", {"articles": found})


def new(request: HttpRequest) -> HttpResponse:
    return render(request, "articles/new.html")


def status(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("article", pk)


def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Read and tag one story."""
    visible = Article.objects.visible_to(request.user).defer("search")
    article = get_object_or_404(visible, pk=pk)
    paragraphs = queries.article_paragraphs(article, request.user)
    latest = queries.latest_change(article, request.user)
    return render(
        request,
        "articles/detail.html",
        {
            "article": article,
            "headline": paragraphs[0],
            "paragraphs": paragraphs[1:],
            "legend": queries.legend(article, request.user),
            "latest": latest,
            "can_undo": bool(latest and latest.undo_top_id),
            "can_redo": bool(latest and latest.redo_top_id),
            "preferences": Preferences.of(request.user),
        },
    )
