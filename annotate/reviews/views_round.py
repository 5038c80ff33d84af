"""The page of a story's review: its round, its reviewers, what moderators do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotate.annotations.views import see_other
from annotate.articles.models import Article
from annotate.http import Request

from . import actions, queries
from .assigning import whoever_has_least
from .forms import HandOnForm, MoreForm, OpenForm, SettingsForm
from .models import Round
from .parts import part_of
from .refusals import ActionRefused
from .views import get_article, moderators_only


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: Request, pk: int) -> HttpResponse:
    """A story's review. Moderators post what to `do`: open, set, assign, hand_on."""
    article = get_article(request, pk)
    if request.method != "POST":
        return _page(request, article)
    moderators_only(request)
    round = article.rounds.filter(latest=True).first()
    name = request.POST.get("do", "")
    do = DO.get(name)
    if do is None or (round is None and name != "open"):
        return _page(request, article, error="Choose what to do.")
    form = _form(name, article, round, request.POST)
    if form.is_valid():
        try:
            said = do(request, article, round, form.cleaned_data)
        except ActionRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, said)
            return see_other(reverse("review", args=[pk]))
    return _page(request, article, posted={name: form})


def _open(request: Request, article: Article, round: Round | None, asked: dict) -> str:
    reviewers = list(asked.pop("reviewers"))
    opened = actions.open_round(article, by=request.user, reviewers=reviewers, **asked)
    return f"Round {opened.number} is open."


def _set(request: Request, article: Article, round: Round, asked: dict) -> str:
    changed = actions.change_round(round, by=request.user, **asked)
    if changed.is_revealed and round.is_blind:
        return "The settings are saved. As many as are needed have submitted: it is revealed."
    return "The settings are saved."


def _assign(request: Request, article: Article, round: Round, asked: dict) -> str:
    made = actions.assign(round, asked["reviewers"], by=request.user)
    return f"{_names([one.reviewer for one in made])} now in the round."


def _hand_on(request: Request, article: Article, round: Round, asked: dict) -> str:
    assignment = asked["assignment"]
    to = asked["to"] or whoever_has_least(assignment)
    if to is None:
        raise ActionRefused(
            "Nobody is left who could take this part over: everybody else has a part in this "
            "round or put the story in."
        )
    actions.hand_on(assignment, to, by=request.user)
    return f"{assignment.reviewer}’s part is handed on to {to}."


DO: dict[str, Callable[..., str]] = {
    "open": _open,
    "set": _set,
    "assign": _assign,
    "hand_on": _hand_on,
}


def _names(people: list) -> str:
    names = [str(one) for one in people]
    if not names:
        return "Nobody new is"
    if len(names) == 1:
        return f"{names[0]} is"
    return f"{', '.join(names[:-1])} and {names[-1]} are"


def _form(name: str, article: Article, round: Round | None, data: Any = None) -> forms.BaseForm:
    if name == "open":
        return OpenForm(data)
    assert round is not None, "settled by the view"
    if name == "set":
        # Not the view's own round: a form writes into its instance what may be refused.
        return SettingsForm(data, instance=Round.objects.get(pk=round.pk))
    return (MoreForm if name == "assign" else HandOnForm)(data, round=round)


def _page(
    request: Request,
    article: Article,
    *,
    posted: dict[str, forms.BaseForm] | None = None,
    error: str = "",
) -> HttpResponse:
    part = part_of(article, request.user)
    rounds = list(article.rounds.select_related("opened_by").order_by("-number"))
    round = rounds[0] if rounds and rounds[0].latest else None
    moderator = request.user.is_moderator
    context: dict[str, Any] = {
        "article": article,
        "part": part,
        "round": round,
        "earlier": rounds[1:] if round else rounds,
        "error": error,
        "here": reverse("review", args=[article.pk]),
        "own": None,
        "work": [],
        "names": [],
    }
    if round:
        seats = queries.parts().filter(round=round).order_by("number")
        if moderator or part.sees_all:
            shown = seats if moderator else seats.active()
            context["work"] = queries.work_of(shown, request.user)
        elif part.is_reviewer:
            # In a blind round nothing of others but that they take part.
            context["names"] = list(seats.active())
        if part.is_reviewer:
            context["own"] = queries.work_of(seats.filter(reviewer=request.user))[0]
    if moderator:
        context["late"] = [one for one in context["work"] if one.state == "late"]
        context["log"] = queries.log_of(rounds)
        context |= _forms(article, round, posted or {})
    return render(
        request, "reviews/review.html", context, status=422 if posted or error else 200
    )


def _forms(
    article: Article, round: Round | None, posted: dict[str, forms.BaseForm]
) -> dict[str, forms.BaseForm | None]:
    """Return the forms that fit the round's state, those posted with their errors."""
    active = round is not None and round.is_active
    fit = ["set", "assign", "hand_on"] if active else ["open"]
    found: dict[str, forms.BaseForm | None] = dict.fromkeys(f"{one}_form" for one in DO)
    for name in fit if article.status != Article.Status.ARCHIVED else []:
        found[f"{name}_form"] = _form(name, article, round)
    return found | {f"{name}_form": form for name, form in posted.items()}
