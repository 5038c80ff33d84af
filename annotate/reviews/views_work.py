"""A person's own work; everybody's, for moderators; and assigning it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from annotate.annotations.views import page_or_partial, see_other
from annotate.articles.models import Article
from annotate.http import Request
from annotate.moderation.queries import unread_decisions

from . import queries
from .assigning import Plan, PlanChanged, carry_out, make_plan
from .forms import AssignForm, ReviewsForm
from .refusals import ActionRefused
from .views import moderators_only


@require_safe
def work(request: Request) -> HttpResponse:
    """What a person has to review, what waits, what can be revised."""
    context = {
        "work": queries.own_work(request.user),
        "unread": unread_decisions(request.user),
    }
    return page_or_partial(request, "reviews/work.html", "parts", context)


@require_safe
def reviews(request: Request) -> HttpResponse:
    """All stories with their reviewers and how far each is; who has no work."""
    moderators_only(request)
    form = ReviewsForm(request.GET)
    asked = form.asked()
    page, rows = queries.list_reviews(page=request.GET.get("page"), **asked)
    people, number = queries.people_at_work()
    keep = {name: getattr(value, "pk", value) for name, value in asked.items()}
    context = {
        "form": form,
        "asked": asked,
        "page": page,
        "rows": rows,
        "keep": urlencode(keep),
        "people": people,
        "number_of_people": number,
        "break_minutes": queries.BREAK // 60,
    }
    return page_or_partial(request, "reviews/reviews.html", "results", context)


@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: Request) -> HttpResponse:
    """Assign several stories to several people: ask how, show who gets what, do it."""
    moderators_only(request)
    articles = Article.objects.standing().defer("text", "search")
    if request.method != "POST":
        wanted = [one for one in request.GET.getlist("article") if one.isdecimal()]
        chosen = articles.filter(pk__in=[int(one) for one in wanted if len(one) < 10])
        form = AssignForm(articles=chosen, initial={"articles": [one.pk for one in chosen]})
        return _ask(request, form, nothing_chosen=not chosen)
    shown = [one for one in request.POST.getlist("shown") if one.isdecimal() and len(one) < 10]
    wanted = [one for one in request.POST.getlist("articles") if one.isdecimal()]
    listed = articles.filter(pk__in=[int(one) for one in {*shown, *wanted} if len(one) < 10])
    form = AssignForm(request.POST, articles=listed)
    if not form.is_valid() or request.POST.get("step") == "back":
        return _ask(request, form)
    wish = form.wish()
    if request.POST.get("step") != "assign":
        return _preview(request, form, make_plan(wish))
    try:
        plan = carry_out(wish, token=request.POST.get("plan", ""), by=request.user)
    except PlanChanged as changed:
        note = "Something changed meanwhile: this is what would be assigned now."
        return _preview(request, form, changed.plan, note)
    except ActionRefused as error:
        form.add_error(None, f"{error} Nothing was assigned.")
        return _ask(request, form)
    count = f"{plan.parts} part{'' if plan.parts == 1 else 's'}"
    messages.success(request, f"Assigned: {count}.")
    for problem in plan.problems:
        messages.warning(request, problem)
    return see_other(reverse("reviews"))


def _ask(request: Request, form: AssignForm, *, nothing_chosen: bool = False) -> HttpResponse:
    context = {"form": form, "nothing_chosen": nothing_chosen}
    status = 422 if form.errors else 200
    return render(request, "reviews/assign.html", context, status=status)


def _preview(request: Request, form: AssignForm, plan: Plan, note: str = "") -> HttpResponse:
    context: dict[str, Any] = {"form": form, "plan": plan, "note": note}
    return render(request, "reviews/preview.html", context, status=409 if note else 200)
