"""Signing in, passwords, and a person's own settings. What Django has is Django's."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth import views as auth
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_http_methods

from annotate.annotations.models import Label
from annotate.http import Request

from .forms import SettingsForm
from .models import User


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
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Return where to go on, but not here again: that would never end."""
        url = super().get_redirect_url(request)
        return "" if urlsplit(url).path == reverse("sign_in") else url


class PasswordChangeView(Answers, auth.PasswordChangeView):
    template_name = "accounts/password_change.html"


class PasswordResetView(Answers, auth.PasswordResetView):
    template_name = "accounts/password_reset.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"


class PasswordResetConfirmView(Answers, auth.PasswordResetConfirmView):
    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("password_reset_complete")


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Request) -> HttpResponse:
    """What a person chose: shown, or changed."""
    # Not `request.user`: a form writes into it what may turn out wrong, and the page shows it.
    person = User.objects.with_roles().get(pk=request.user.pk)
    labels = list(Label.objects.all())
    sent = request.POST if request.method == "POST" else None
    form = SettingsForm(sent, instance=person, labels=labels)
    if sent is not None and form.is_valid():
        try:
            with transaction.atomic():
                form.save()
        except IntegrityError:  # somebody took the name in between
            form.add_error("public_name", "Somebody else has this name. Choose another one.")
        else:
            messages.success(request, "Your settings are saved.")
            return HttpResponse(status=303, headers={"Location": reverse("settings")})
    context = {"form": form, "roles": sorted(person.roles)}
    status = 422 if form.errors else 200
    return render(request, "accounts/settings.html", context, status=status)
