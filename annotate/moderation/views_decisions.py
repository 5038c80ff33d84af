"""What a person is told of decisions about them: what, why and in which role, not by whom."""

from __future__ import annotations

import datetime
import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models.functions import Substr
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.dateformat import format as format_date
from django.views.decorators.http import require_POST, require_safe

from annotate.accounts.models import User
from annotate.accounts.suspension import open_to_suspended
from annotate.annotations import wording
from annotate.annotations.models import Label
from annotate.annotations.views import page_or_partial, see_other
from annotate.articles.models import Article
from annotate.http import Request

from . import cases
from .forms_flags import AnswerForm
from .models import WORDS, Case, Decision, DecisionQuerySet
from .refusals import ActionRefused

PAGE = 50
Kind = Decision.Kind

# What was decided, and what that means, for the person whom it concerns.
TITLES = {
    Kind.KEEP: "It stays as it was",
    Kind.HIDE: "Hidden",
    Kind.RELABEL: "Given another label",
    Kind.TRIM: "Given another passage",
    Kind.RESTORE: "Put back as it was",
    Kind.LOCK: "The story is locked",
    Kind.WARN: "A warning",
    Kind.SUSPEND: "Suspended",
    Kind.BAN: "Banned",
    Kind.LIFT: "The suspension is lifted",
    Kind.ERASE: "The account is erased",
}
CORRECTED = (
    "Others see it as corrected. Your original is kept in the history. You can change its note "
    "and take it back, but not its label and passage."
)
MEANINGS = {
    Kind.KEEP: "Nothing is changed.",
    Kind.HIDE: "Only you and moderators see it, and it counts nowhere. Nothing is deleted.",
    Kind.RELABEL: CORRECTED,
    Kind.TRIM: CORRECTED,
    Kind.RESTORE: "What was hidden, changed or suspended before is as it was.",
    Kind.LOCK: "It takes no more tags and comments.",
    Kind.WARN: "Nothing is changed. It counts if something like it happens again.",
    Kind.BAN: "You can sign in, read your decisions and answer them, and do nothing else.",
    Kind.LIFT: "You can work again.",
    Kind.ERASE: "Your name, mail address and sessions are removed.",
}


@require_safe
@open_to_suspended
def decisions(request: Request) -> HttpResponse:
    """The decisions about a person's work, the latest first."""
    told = _told_to(request.user).order_by("-pk")
    page = Paginator(told, PAGE).get_page(request.GET.get("page"))
    rows = [(one, TITLES[Kind(one.kind)], about(one)) for one in page.object_list]
    context = {"page": page, "rows": rows}
    return page_or_partial(request, "moderation/decisions.html", "decisions", context)


@require_safe
@open_to_suspended
def decision(request: Request, number: uuid.UUID) -> HttpResponse:
    """One decision; it is read from then on."""
    found = get_object_or_404(_told_to(request.user), number=number)
    if found.seen_at is None:
        Decision.objects.filter(pk=found.pk, seen_at=None).update(seen_at=timezone.now())
    return _page(request, found, AnswerForm())


@require_POST
@open_to_suspended
def appeal(request: Request, number: uuid.UUID) -> HttpResponse:
    """Answer a decision: another moderator looks at it."""
    found = get_object_or_404(_told_to(request.user), number=number)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        cases.appeal(found, by=request.user, text=form.cleaned_data["text"])
    except ActionRefused as error:
        return _page(request, found, form, error=str(error), status=409)
    messages.success(request, "Your answer went to another moderator.")
    return see_other(found.get_absolute_url())


def suspended(request: Request) -> HttpResponse:
    """Tell a suspended person so, whatever they asked for.

    A script gets the message that it shows with what it could not send; a stream a sentence.
    """
    until = request.user.suspended_until
    message = (
        "Your account is banned."
        if request.user.is_banned
        else f"Your account is suspended until {_day(until)}."
    )
    if "text/event-stream" in request.headers.get("Accept", ""):
        return HttpResponse(message, status=403)
    if request.htmx:
        context: dict[str, object] = {"message": f"{message} Your decisions tell why."}
        response = render(request, "annotations/refused.html#message", context, status=403)
    else:
        latest = (
            _told_to(request.user)
            .standing()
            .filter(kind__in=[Kind.SUSPEND, Kind.BAN])
            .order_by("-pk")
            .first()
        )
        context = {"message": message, "decision": latest}
        response = render(request, "moderation/suspended.html", context, status=403)
    patch_vary_headers(response, ["HX-Request"])
    return response


# --- What these views have in common ---------------------------------------------------------


def about(decision: Decision) -> str:
    """Return what a decision is about, to the person whom it concerns."""
    case = decision.case
    if case.annotation:
        tag = case.annotation
        place = wording.place([tag.first_position, tag.last_position])
        return f"your tag {tag.label.name} on {place}"
    if case.comment:
        thread = case.comment.thread
        place = wording.place([thread.first_position, thread.last_position])
        return f"your comment on {place}"
    if case.kind == Case.Kind.ERASURE:
        return "your request to erase your account"
    return "your account"


def _told_to(user: User) -> DecisionQuerySet:
    rows = Decision.objects.told_to(user).select_related(
        *("case__article", "case__annotation__label"),
        "case__comment__thread",
    )
    return rows.defer("case__article__text", "case__article__search")


def _page(
    request: Request,
    decision: Decision,
    form: AnswerForm,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    case = decision.case
    context = {
        "decision": decision,
        "case": case,
        "article": case.article if case.annotation or case.comment else None,
        "title": TITLES[Kind(decision.kind)],
        "about": about(decision),
        "meaning": _meaning(decision),
        "before": _before(decision),
        "quote": _quote(case),
        "link": _link(case),
        "role": "an admin" if decision.role == "admin" else "a moderator",
        "answered": bool(case.appealed_at and not decision.may_be_answered),
        "waits": case.is_appealed,
        "form": form,
        "error": error,
        "words": WORDS,
    }
    response = page_or_partial(request, "moderation/decision.html", "decision", context)
    response.status_code = status
    return response


def _meaning(decision: Decision) -> str:
    if decision.kind != Kind.SUSPEND:
        return MEANINGS[Kind(decision.kind)]
    return (
        f"Until {_day(decision.until)} you can sign in, read your decisions and answer them, "
        "and do nothing else. Your work stays."
    )


def _before(decision: Decision) -> str:
    """Return the label or passage that a correction replaced; nothing otherwise."""
    before = decision.before.get("annotation", {})
    article = decision.case.article
    if decision.kind == Kind.RELABEL:
        slug = before["label"]
        return dict(Label.objects.values_list("slug", "name")).get(slug, slug)
    if decision.kind == Kind.TRIM and article:
        start, end = before["start"], before["end"]
        text = Article.objects.values_list(Substr("text", start + 1, end - start))
        return text.get(pk=article.pk)[0]
    return ""


def _quote(case: Case) -> str:
    if case.annotation:
        return case.annotation.exact
    return case.comment.text if case.comment else ""


def _link(case: Case) -> str:
    thing = case.annotation or case.comment
    return thing.get_absolute_url() if thing else ""


def _day(moment: datetime.datetime | None) -> str:
    return format_date(timezone.localtime(moment), "j F Y, H:i")
