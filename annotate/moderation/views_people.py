"""People as moderators see them: what they do, what was decided about them, and deciding."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotate.accounts.limits import refusal
from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.accounts.sessions import end_sessions, sessions_of
from annotate.admin_pages import admin_context, admin_page
from annotate.annotations.views import page_or_partial, see_other
from annotate.http import Request

from . import audit, decisions, people, queries_people
from .effects import Verdict
from .forms_people import EraseForm, FirstTagsForm, PersonForm
from .models import AuditEntry, Case, Decision, Reason
from .refusals import ActionRefused


@admin_page
@require_GET
def people_list(request: Request) -> HttpResponse:
    """All people, with their roles and how they stand."""
    filters = queries_people.Filters.of(request.GET)
    asked = {"q": filters.words, "role": filters.role, "state": filters.state}
    if filters.words and (refused := refusal(request, "searches")):
        return refused
    context = admin_context(
        request,
        title="People",
        filters=filters,
        page=queries_people.people_page(filters, request.GET.get("page")),
        roles=Role.choices,
        states=queries_people.STATES.items(),
        asked=urlencode({name: value for name, value in asked.items() if value}),
    )
    return page_or_partial(request, "moderation/people.html", "people", context)


@admin_page
@require_GET
def person(request: Request, pk: int) -> HttpResponse:
    """One person: roles, activity, cases, suspensions, sessions, what they made."""
    return _page(request, _person(pk))


@admin_page
@require_POST
def decide_person(request: Request, pk: int) -> HttpResponse:
    """Warn, suspend, ban, or lift a suspension."""
    found = _moderated(request, pk)
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, form=form)
    try:
        decision = decisions.decide_about(found, form.verdict(), by=request.user)
    except ActionRefused as error:
        form.add_error(None, str(error))
        return _page(request, found, status=409, form=form)
    messages.success(request, f"{decision.get_kind_display()}: {found}.")
    return see_other(reverse("person", args=[pk]))


@admin_page
@require_POST
def person_sessions(request: Request, pk: int) -> HttpResponse:
    """Sign somebody out everywhere."""
    found = _moderated(request, pk)
    number = end_sessions(found)
    audit.record(AuditEntry.Kind.SESSIONS, by=request.user, person=found)
    messages.success(request, f"{found} is signed out everywhere ({number} known sessions).")
    return see_other(reverse("person", args=[pk]))


@admin_page
@require_POST
def person_first_tags(request: Request, pk: int) -> HttpResponse:
    """Say how many of somebody's first tags wait for a moderator."""
    found = _moderated(request, pk)
    form = FirstTagsForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, first_tags=form)
    people.premoderate_person(found, form.cleaned_data["first"], by=request.user)
    messages.success(request, "Saved.")
    return see_other(reverse("person", args=[pk]))


@admin_page
@require_POST
def erase_person(request: Request, pk: int) -> HttpResponse:
    """Erase an account: admins only, the name written once more."""
    found = _moderated(request, pk)
    if not request.user.is_admin:
        raise PermissionDenied("Only admins erase accounts.")
    form = EraseForm(request.POST, public_name=found.public_name)
    if not form.is_valid():
        return _page(request, found, status=422, erase=form)
    verdict = Verdict(Decision.Kind.ERASE, Reason.OTHER, note=form.cleaned_data["note"])
    decisions.decide_about(found, verdict, by=request.user)
    messages.success(request, "The account is erased. The tags stay, under a pseudonym.")
    return see_other(reverse("person", args=[pk]))


def _person(pk: int) -> User:
    return get_object_or_404(User.objects.with_roles(), pk=pk)


def _moderated(request: Request, pk: int) -> User:
    """Return the person, if the one who asks may decide about them."""
    found = _person(pk)
    if not User.objects.moderated_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(
            "This is your own account: somebody else decides about it."
            if pk == request.user.pk
            else "This is an admin: only admins decide about admins."
        )
    return found


def _page(
    request: Request, found: User, status: int = 200, **bound: forms.Form
) -> HttpResponse:
    tags, comments = queries_people.made_by(found)
    forms_: dict[str, Any] = {
        "form": PersonForm(initial={"decision": "warn", "reason": Reason.OTHER, "days": 7}),
        "first_tags": FirstTagsForm(initial={"first": found.premoderated}),
        "erase": EraseForm(public_name=found.public_name),
    }
    cases = Case.objects.visible_to(request.user).filter(person=found).exclude(state="gone")
    context = admin_context(
        request,
        title=found.public_name,
        parents=[("People", reverse("people"))],
        person=found,
        may_decide=User.objects.moderated_by(request.user).filter(pk=found.pk).exists(),
        record=queries_people.record_of(found),
        cases=cases.order_by("-opened_at")[: queries_people.LATEST],
        decisions=queries_people.decisions_about(found) if found != request.user else (),
        sessions=sessions_of(found),
        stories=queries_people.stories_of(found),
        tags=tags,
        comments=comments,
        **{**forms_, **bound},
    )
    return render(request, "moderation/person.html", context, status=status)
