"""Pages about articles: the list, reading and tagging one."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from annotate.accounts.models import User
from annotate.accounts.preferences import KEYS, Preferences
from annotate.annotations import queries
from annotate.annotations.log import latest_change
from annotate.annotations.models import Label
from annotate.annotations.views import see_other
from annotate.http import Request
from annotate.live.actions import latest_event
from annotate.reviews.parts import part_of

from . import actions
from .forms_list import ListForm
from .models import Article
from .queries import list_articles


@require_safe
@vary_on_headers("HX-Request")
def articles(request: Request) -> HttpResponse:
    """The articles that this person may work on: their own progress first, or a search."""
    form = ListForm(request.GET)
    asked = form.asked()
    address = reverse("articles") + (f"?{urlencode(asked)}" if asked else "")
    partial = bool(request.htmx) and not request.htmx.history_restore_request
    page, rows = list_articles(request.user, page=request.GET.get("page"), **asked)
    response = render(
        request,
        "articles/list.html" + ("#results" if partial else ""),
        {
            "form": form,
            "asked": asked,
            "page": page,
            "rows": rows,
            "partial": partial,
            "keep": urlencode(asked),
        },
        status=422 if form.errors else 200,
    )
    if partial:
        # Back leads to the list as it was before this search, not to each word typed.
        typing_on = request.htmx.trigger == "q" and "?q=" in (request.htmx.current_url or "")
        response["HX-Replace-Url" if typing_on else "HX-Push-Url"] = address
    return response


@require_POST
def status(request: Request, pk: int) -> HttpResponse:
    """Open, lock or archive an article: moderators any, others their own drafts."""
    visible = Article.objects.visible_to(request.user).defer("text", "search")
    article = get_object_or_404(visible, pk=pk)
    wanted = request.POST.get("status", "")
    try:
        with transaction.atomic():
            # Locked: what one may do depends on the status, which another may be changing.
            editable = Article.objects.editable_by(request.user).defer("text", "search")
            if not editable.select_for_update(no_key=True).filter(pk=pk).first():
                raise PermissionDenied(
                    "Only a moderator may change the status of this story, "
                    "or who put it in while it is a draft."
                )
            if wanted not in Article.Status.values:
                raise ValidationError("Choose a status: open, locked or archived.")
            refused = actions.MOVES[article.status] - actions.moves_of(request.user, article)
            if wanted in refused:
                raise PermissionDenied(f"Only a moderator may make this story {wanted}.")
            actions.set_status(article, wanted)
    except ValidationError as error:
        message = {"message": " ".join(error.messages), "article_pk": pk}
        template = "annotations/refused.html" + ("#message" if request.htmx else "")
        response = render(request, template, message, status=422)
        patch_vary_headers(response, ["HX-Request"])
        return response
    return see_other(article.get_absolute_url())


def article(request: Request, pk: int) -> HttpResponse:
    """Read and tag one story."""
    visible = Article.objects.visible_to(request.user).defer("search")
    article = get_object_or_404(visible, pk=pk)
    template = "articles/detail.html" + ("#story" if request.htmx else "")
    response = render(request, template, reading_page(article, request.user))
    patch_vary_headers(response, ["HX-Request"])
    return response


def reading_page(article: Article, user: User) -> dict[str, object]:
    """Return what the page of one story shows."""
    part = part_of(article, user)
    # Before the tags are read: what comes after it, the page asks for.
    event = latest_event(article, user, sees_all=part.sees_all)
    paragraphs = queries.article_paragraphs(article, part)
    latest = latest_change(article, part)
    preferences = Preferences.of(user)
    editable = Article.objects.editable_by(user).filter(pk=article.pk)
    moves = actions.moves_of(user, article) if editable.exists() else ()
    return {
        "article": article,
        "headline": paragraphs[0],
        "paragraphs": paragraphs[1:],
        "part": part,
        "legend": queries.legend(article, part),
        "event": event,
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
