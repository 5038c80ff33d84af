"""Signing in, passwords, and a person's own settings. What Django has is Django's."""

from __future__ import annotations

from urllib.parse import urlsplit

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST

from annotate.annotations.models import Label
from annotate.http import Request
from annotate.moderation.cases import asked_for_erasure
from annotate.moderation.forms_flags import ErasureForm
from annotate.moderation.models import WORDS

from . import events, second_factor
from .forms import SettingsForm, SignInForm
from .limits import Limited
from .middleware import set_up
from .models import User
from .sessions import end_other_sessions, end_session, renamed, sessions_of


class Answers:
    """A form page that answers as all of ours do: 422 to what is wrong, 303 when done."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        response = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response

    def form_valid(self, form: BaseForm) -> HttpResponse:
        response = super().form_valid(form)  # type: ignore[misc]
        response.status_code = 303
        return response


class SignInView(Answers, auth.LoginView):
    """By name and password; then by the second factor, where the account has one."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:  # type: ignore[override]
        person = form.get_user()
        page = self.get_success_url()
        if second_factor.must_set_up(person):
            messages.warning(self.request, set_up())
            page = reverse("mfa_index")
        response = perform_login(self.request, person, redirect_url=page)
        response.status_code = 303
        return response

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Return where to go on, but not here again: that would never end."""
        url = super().get_redirect_url(request)
        return "" if urlsplit(url).path == reverse("sign_in") else url


class PasswordChangeView(Limited, Answers, auth.PasswordChangeView):
    limit = "change_password"
    template_name = "accounts/password_change.html"

    def form_valid(self, form: BaseForm) -> HttpResponse:
        before = self.request.session.session_key
        response = super().form_valid(form)
        renamed(before, self.request.session.session_key)
        events.note("password changed", self.request.user.pk)
        return response


class PasswordResetView(Limited, Answers, auth.PasswordResetView):
    limit = "reset_password"
    template_name = "accounts/password_reset.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"


class PasswordResetConfirmView(Limited, Answers, auth.PasswordResetConfirmView):
    limit = "reset_password_from_key"
    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("password_reset_complete")

    def form_valid(self, form: BaseForm) -> HttpResponse:
        response = super().form_valid(form)
        events.note("password set by a link", getattr(self.user, "pk", None))
        return response


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Request) -> HttpResponse:
    """What a person chose: shown, or changed."""
    # Not `request.user`: a form writes into it what may turn out wrong, and the page shows it.
    person = User.objects.with_roles().get(pk=request.user.pk)
    labels = list(Label.objects.all())
    sent = request.POST if request.method == "POST" else None
    form = SettingsForm(sent, instance=person, labels=labels)
    if sent is not None and form.is_valid():
        if "email" in form.changed_data:  # where a link for a new password goes
            raise_if_reauthentication_required(request, app="")
        try:
            with transaction.atomic():
                form.save()
        except IntegrityError:  # somebody took the name in between
            form.add_error("public_name", "Somebody else has this name. Choose another one.")
        else:
            messages.success(request, "Your settings are saved.")
            return HttpResponse(status=303, headers={"Location": reverse("settings")})
    return settings_page(request, person, form)


def settings_page(
    request: Request, person: User, form: SettingsForm, erasure: ErasureForm | None = None
) -> HttpResponse:
    """The page of a person's settings, with what is wrong in its forms."""
    context = {
        "form": form,
        "erasure_form": erasure or ErasureForm(),
        "erasure": asked_for_erasure(person),
        "words": WORDS,
        "roles": sorted(person.roles),
        "second_factor": second_factor.has_one(person),
        "sessions": sessions_of(person),
        "this_session": request.session.session_key,
    }
    wrong = form.errors or (erasure and erasure.errors)
    return render(request, "accounts/settings.html", context, status=422 if wrong else 200)


@require_POST
@reauthentication_required
def end_own_session(request: Request, pk: int) -> HttpResponse:
    if not end_session(request.user, pk):
        raise Http404
    messages.success(request, "That session has ended.")
    return HttpResponse(status=303, headers={"Location": reverse("settings") + "#sessions"})


@require_POST
@reauthentication_required
def end_own_other_sessions(request: Request) -> HttpResponse:
    end_other_sessions(request)
    messages.success(request, "You are signed out everywhere else.")
    return HttpResponse(status=303, headers={"Location": reverse("settings") + "#sessions"})
