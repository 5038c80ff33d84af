"""A person asks that their account be erased, or takes that back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from annotate.accounts.forms import SettingsForm
from annotate.accounts.models import User
from annotate.accounts.views import settings_page
from annotate.annotations.models import Label
from annotate.annotations.views import see_other
from annotate.http import Request

from . import cases
from .forms_flags import ErasureForm

ASKED = "You have asked that your account be erased. An admin decides."


@require_POST
def ask(request: Request) -> HttpResponse:
    form = ErasureForm(request.POST)
    if form.is_valid():
        cases.ask_for_erasure(by=request.user, text=form.cleaned_data["text"])
        messages.success(request, ASKED)
        return see_other(f"{reverse('settings')}#erasure")
    person = User.objects.with_roles().get(pk=request.user.pk)
    labels = list(Label.objects.all())
    settings = SettingsForm(instance=person, labels=labels)
    return settings_page(request, person, settings, form)


@require_POST
def withdraw(request: Request) -> HttpResponse:
    cases.withdraw_erasure(by=request.user)
    messages.success(request, "Your request is taken back: your account stays.")
    return see_other(f"{reverse('settings')}#erasure")
