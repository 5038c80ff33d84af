"""Pages about articles: the list, reading and tagging one."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from annotate.accounts.limits import refusal
from annotate.accounts.models import User
from annotate.accounts.preferences import KEYS, Preferences
from annotate.annotations import markup, queries, story
from annotate.annotations.log import latest_change
from annotate.annotations.models import Label
from annotate.annotations.story import TaggedSentence
from annotate.annotations.views import see_other
from annotate.http import Request
from annotate.live.actions import latest_event
from annotate.moderation.queries import unread_decisions
from annotate.replica import from_replica
from annotate.reviews.parts import Part, part_of, reviewers_of

from . import actions
from .forms_list import ListForm
from .models import Article
from .queries import list_articles


@require_safe
@vary_on_headers("HX-Request")
@from_replica
def articles(request: Request) -> HttpResponse:
    """The articles that this person may work on: their own progress first, or a search."""
    form = ListForm(request.GET)
    asked = form.asked()
    if "q" in asked and (refused := refusal(request, "searches")):
        return refused
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
            "unread": 0 if partial else unread_decisions(request.user),
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
            actions.set_status(article, wanted, by=request.user)
    except ValidationError as error:
        message = {"message": " ".join(error.messages), "article_pk": pk}
        template = "annotations/refused.html" + ("#message" if request.htmx else "")
        response = render(request, template, message, status=422)
        patch_vary_headers(response, ["HX-Request"])
        return response
    return see_other(article.get_absolute_url())


@require_safe
def article(request: Request, pk: int) -> HttpResponse:
    """Read and tag one story."""
    visible = Article.objects.visible_to(request.user).defer("search")
    article = get_object_or_404(visible, pk=pk)
    template = "articles/detail.html" + ("#story" if request.htmx else "")
    page = reading_page(article, request.user, request.GET)
    response = render(request, template, page)
    patch_vary_headers(response, ["HX-Request"])
    return response


def reading_page(article: Article, user: User, asked: QueryDict) -> dict[str, object]:
    """Return what the page of one story shows, in the view that was `asked` for."""
    # First of all, for what the person may turn out to see: whatever happens from here on, a
    # reveal too, comes after it, and the page asks for it.
    events = {all_: latest_event(article, user, sees_all=all_) for all_ in (True, False)}
    part = part_of(article, user)
    view, only = asked_view(asked, part)
    paragraphs = story.article_paragraphs(article, part, story.View(only))
    sentences = [one for paragraph in paragraphs for one in paragraph]
    latest = latest_change(article, part)
    history = {
        "article": article,
        "event": events[part.sees_all],
        "can_undo": bool(latest and latest.undo_top_id),
        "can_redo": bool(latest and latest.redo_top_id),
    }
    return {
        "article": article,
        "part": part,
        "view": view,
        "only": only,
        "reviewers": reviewers_of(part) if part.sees_all else [],
        "contested": contested(sentences),
        "compares": any(one.strip for one in sentences[:1]),
        "headline": paragraphs[0],
        "paragraphs": paragraphs[1:],
        "counts": markup.counts(queries.legend(article, part)),
        "controls": markup.controls(history),
        "moves": _moves(article, user),
        "review": review_box(article, part),
        "key_help": [(action, what) for action, (_, what) in KEYS.items()],
        "page_settings": page_settings(part),
    }


VIEWS = ("all", "mine", "contested", "unread")


def asked_view(asked: QueryDict, part: Part) -> tuple[str, str]:
    """Return the view, and whose tags alone it draws: see `story.View`.

    Who sees only their own tags has nothing to choose; what makes no sense is all.
    """
    if not part.sees_all:
        return "all", ""
    if (reviewer := asked.get("reviewer", "")).isdecimal():
        return "reviewer", reviewer
    view = asked.get("view", "")
    return (view if view in VIEWS else "all"), "mine" if view == "mine" else ""


def contested(sentences: Iterable[TaggedSentence]) -> list[TaggedSentence]:
    """Return where the reviewers differ, the most first; of equals in reading order."""
    differ = [(-one.entropy, one.position, one) for one in sentences if one.entropy]
    return [one for _, _, one in sorted(differ, key=itemgetter(0, 1))]


def review_box(article: Article, part: Part) -> dict[str, object]:
    """Return what stands beside the story about its review; how far it is, for moderators."""
    if part.round is None or not part.user.is_moderator:
        return {}
    seats = part.round.assignments.active()
    counts = seats.aggregate(assigned=Count("pk"), submitted=Count("submitted_at"))
    return {"moderator": True, **counts}


def page_settings(part: Part) -> dict[str, object]:
    """Return what the page's script has to know."""
    preferences = Preferences.of(part.user)
    refusal = part.refusal()
    return {
        "keysOn": preferences.keys_on,
        "keys": preferences.key_map(Label.objects.all()),
        "moveOn": preferences.move_on,
        "signIn": reverse("sign_in"),
        "refusal": str(refusal) if refusal else "",
    }


def _moves(article: Article, user: User) -> list[tuple[str, str]]:
    """Return the statuses that the person may give the article, each with its button."""
    if not Article.objects.editable_by(user).filter(pk=article.pk).exists():
        return []
    moves = actions.moves_of(user, article)
    return [(move, VERBS[move]) for move in VERBS if move in moves]


# What a person does to give an article a status, on a button.
VERBS = {
    Article.Status.OPEN: "Open for tagging",
    Article.Status.LOCKED: "Lock",
    Article.Status.ARCHIVED: "Archive",
}
