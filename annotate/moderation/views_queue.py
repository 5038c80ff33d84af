"""The queue, a case, and what moderators do with them. All of it inside the admin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotate.accounts.preferences import Preferences
from annotate.admin_pages import admin_context, admin_page
from annotate.annotations.models import Label
from annotate.annotations.views import page_or_partial, see_other
from annotate.http import Request

from . import cases, decisions, queries_case, queries_queue
from .decisions import NOTES, Outcome
from .forms import DecideForm, QueueForm
from .models import Case, Decision, Reason
from .queries_queue import Row, name_of
from .refusals import ActionRefused, Claimed, NotYours, Stale

Kind = Decision.Kind
DONE = {
    Kind.KEEP: "Kept",
    Kind.HIDE: "Hidden",
    Kind.RELABEL: "Relabelled",
    Kind.TRIM: "Trimmed",
    Kind.RESTORE: "Restored",
    Kind.LOCK: "Story locked",
    Kind.WARN: "Warned",
    Kind.SUSPEND: "Suspended",
    Kind.BAN: "Banned",
    Kind.LIFT: "Suspension lifted",
    Kind.ERASE: "Account erased",
}
# What it is called where a tag waited to be seen.
DONE_WAITING = {Kind.KEEP: "Approved", Kind.HIDE: "Not shown"}


@require_safe
@admin_page
def queue(request: Request) -> HttpResponse:
    """The cases that wait for a decision, or those that a moderator looks up."""
    return _list(request, request.GET, DecideForm(initial={"back": _kept(request.GET)}))


@require_safe
@admin_page
def case(request: Request, pk: int) -> HttpResponse:
    """A case: what it is about, who flagged it, what was done and decided before."""
    return _case(request, pk, DecideForm())


@require_POST
@admin_page
def decide(request: Request) -> HttpResponse:
    """Decide one case or several; what cannot be done is said of each."""
    form = DecideForm(request.POST)
    is_valid = form.is_valid()
    seen: dict[int, int] = form.cleaned_data.get("case", {})
    if not is_valid:
        return _ask_again(request, form, seen)
    if Case.objects.visible_to(request.user).filter(pk__in=seen).count() < len(seen):
        raise Http404
    outcome = decisions.decide(seen, form.verdict(), by=request.user)
    if not outcome.decided:
        return _refused(request, form, outcome)
    said, back = _said(outcome.decided), form.cleaned_data["back"]
    return _answer(request, said, outcome=outcome, back=back)


@require_POST
@admin_page
def claim_case(request: Request, pk: int) -> HttpResponse:
    return _claim(request, pk, cases.claim, "Yours for 15 minutes: {}.")


@require_POST
@admin_page
def release_case(request: Request, pk: int) -> HttpResponse:
    return _claim(request, pk, cases.release, "Released: {}.")


@require_POST
@admin_page
def take_back(request: Request) -> HttpResponse:
    """Take back what the moderator decided last; its cases are open again."""
    try:
        taken = decisions.take_back(by=request.user)
    except ActionRefused as error:
        return _answer(request, str(error), status=_status([error]))
    if not taken:
        return _answer(request, "There is nothing to take back.")
    names = ", ".join(name_of(one.case) for one in taken)
    verdict = Kind(taken[0].kind).label
    return _answer(
        request, f"Taken back: {verdict}, {names}.", fresh=[one.case_id for one in taken]
    )


# --- Pages -----------------------------------------------------------------------------------


def _list(
    request: Request,
    given: QueryDict,
    form: DecideForm,
    *,
    status: int = 200,
    chosen: Iterable[int] = (),
    problems: dict[int, str] | None = None,
) -> HttpResponse:
    filters = QueueForm(given)
    asked = filters.asked()
    shown = queries_queue.list_cases(request.user, asked)
    for row in shown.rows:
        row.problem = (problems or {}).get(row.case.pk, "")
    context = {
        "filters": filters,
        "asked": asked,
        "shown": shown,
        "keep": urlencode(asked.given),
        "chosen": set(chosen),
        **_deciding(request, form),
    }
    return _page(request, "queue", "list", "Queue", context, status)


def _case(
    request: Request, pk: int, form: DecideForm, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    visible = Case.objects.visible_to(request.user)
    found = queries_case.with_thing(queries_queue.with_all(visible))
    shown = queries_case.show(get_object_or_404(found, pk=pk), request.user)
    shown.row.problem = problem
    context = {
        "shown": shown,
        "case": shown.case,
        "row": shown.row,
        "start": _typed(form, "start", shown.case),
        "end": _typed(form, "end", shown.case),
        "parents": [("Queue", reverse("queue"))],
        **_deciding(request, form),
    }
    # On the page of one case there are no keys: it is there without a script.
    context["keys_on"] &= bool(request.htmx)
    return _page(request, "case", "case", name_of(shown.case), context, status)


def _typed(form: DecideForm, name: str, case: Case) -> int | None:
    """Return an end of the passage as it was typed; as it stands, if it was not."""
    typed = form.cleaned_data.get(name) if form.is_bound else None
    return getattr(case.annotation, name, None) if typed is None else typed


def _page(
    request: Request,
    name: str,
    partial: str,
    title: str,
    context: dict[str, Any],
    status: int,
) -> HttpResponse:
    if not request.htmx:
        context = admin_context(request, title=title, **context)
    response = page_or_partial(request, f"moderation/{name}.html", partial, context)
    response.status_code = status
    return response


def _deciding(request: Request, form: DecideForm) -> dict[str, Any]:
    """What the form for a decision needs."""
    preferences = Preferences.of(request.user)
    labels = list(Label.objects.defer("guideline"))
    keys = preferences.key_map(labels)
    return {
        "form": form,
        "labels": [(label, keys[label.slug]) for label in labels],
        "keys_on": preferences.keys_on,
        "notes": [(reason.label, NOTES[reason]) for reason in Reason],
    }


# --- Answers ---------------------------------------------------------------------------------


def _answer(
    request: Request,
    said: str,
    *,
    outcome: Outcome | None = None,
    fresh: Sequence[int] = (),
    back: str = "",
    status: int = 200,
) -> HttpResponse:
    """Say what was done: to htmx with the rows that changed, else on the queue's page.

    A decided case leaves the list, unless decided ones are listed.
    """
    outcome = outcome or Outcome()
    filters = QueueForm(QueryDict(back)).asked()
    decided = [one.case_id for one in outcome.decided]
    if not request.htmx:
        messages.add_message(request, messages.INFO if status == 200 else messages.ERROR, said)
        for one, error in outcome.refused:
            messages.warning(request, f"Not done: {name_of(one)}. {error}")
        if status == 200:
            return see_other(f"{reverse('queue')}?{urlencode(filters.given)}".rstrip("?"))
        return _list(request, QueryDict(), DecideForm(), status=status)
    stay = decided if filters.state != Case.State.OPEN else []
    problems = {one.pk: str(error) for one, error in outcome.refused}
    rows = _rows(request, [*fresh, *stay, *problems], problems)
    context = {
        "rows": rows,
        "gone": [pk for pk in decided if pk not in stay],
        "said": " ".join(
            [said, *(f"Not done: {name_of(one)}. {error}" for one, error in outcome.refused)]
        ),
    }
    return render(request, "moderation/queue.html#answer", context, status=status)


def _rows(request: Request, pks: Sequence[int], problems: dict[int, str]) -> list[Row]:
    found = Case.objects.visible_to(request.user).filter(pk__in=pks)
    rows = queries_queue.rows_of(list(queries_queue.with_all(found).in_order()), request.user)
    for row in rows:
        row.problem = problems.get(row.case.pk, "")
    return rows


def _refused(request: Request, form: DecideForm, outcome: Outcome) -> HttpResponse:
    """Nothing was decided: say why of each, with what was typed still there."""
    status = _status([error for _, error in outcome.refused])
    if request.htmx:
        return _answer(request, "", outcome=outcome, status=status)
    problems = {one.pk: str(error) for one, error in outcome.refused}
    if len(problems) == 1 and "back" not in request.POST:
        ((pk, problem),) = problems.items()
        return _case(request, pk, form, status=status, problem=problem)
    given = QueryDict(form.cleaned_data["back"])
    return _list(request, given, form, status=status, chosen=problems, problems=problems)


def _ask_again(request: Request, form: DecideForm, seen: dict[int, int]) -> HttpResponse:
    """Show the form with what was typed and what is wrong with it."""
    if request.htmx:
        context = {**_deciding(request, form), "said": _wrong(form)}
        return render(request, "moderation/queue.html#wrong", context, status=422)
    if len(seen) == 1 and "back" not in request.POST:
        return _case(request, next(iter(seen)), form, status=422)
    given = QueryDict(str(request.POST.get("back", "")))
    return _list(request, given, form, status=422, chosen=seen)


def _wrong(form: DecideForm) -> str:
    return " ".join(
        str(one["message"]) for found in form.errors.get_json_data().values() for one in found
    )


def _claim(request: Request, pk: int, action: Callable, words: str) -> HttpResponse:
    found = get_object_or_404(Case.objects.visible_to(request.user), pk=pk)
    try:
        action(found, by=request.user)
    except ActionRefused as error:
        if not request.htmx:
            return _case(request, pk, DecideForm(), status=_status([error]), problem=str(error))
        outcome = Outcome(refused=[(found, error)])
        return _answer(request, "", outcome=outcome, status=_status([error]))
    if not request.htmx:
        return see_other(reverse("case", args=[pk]))
    return _answer(request, words.format(name_of(found)), fresh=[pk])


def _status(errors: Sequence[ActionRefused]) -> int:
    """409 where it came too late, 403 where it is not theirs, 422 where it does not fit."""
    if any(isinstance(error, Stale | Claimed) for error in errors):
        return 409
    return 403 if any(isinstance(error, NotYours) for error in errors) else 422


def _said(decided: Sequence[Decision]) -> str:
    """Return what was done in words: "Hidden: Claim by ana. z takes it back."."""
    if not decided:
        return ""
    done = dict.fromkeys(_done(one) for one in decided)
    if len(decided) == 1:
        return f"{next(iter(done))}: {name_of(decided[0].case)}. z takes it back."
    return f"{', '.join(done)}: {len(decided)} cases. z takes them back."


def _done(decision: Decision) -> str:
    waited = decision.before.get("annotation", {}).get("pending")
    kind = Kind(decision.kind)
    return (DONE_WAITING.get(kind) if waited else None) or DONE[kind]


def _kept(given: QueryDict) -> str:
    return urlencode(QueueForm(given).asked().given)
