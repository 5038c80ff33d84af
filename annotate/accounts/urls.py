"""Sign-in and passwords are Django's own views, the second factor is django-allauth's, all
with our templates; `settings/` is ours.

Of django-allauth's addresses these are all there are: nobody makes an account by themselves.
Its code and Django's say of views for people who are not signed in `login_not_required`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.views import reauthenticate
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache

from . import views
from .suspension import open_to_suspended


def ours(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """A view of django-allauth that answers as ours do: 422 to what is wrong, 303 when done."""

    @never_cache  # secrets and codes
    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if request.method == "POST":
            status = response.status_code
            response.status_code = {200: 422, 302: 303}.get(status, status)
        return response

    return answering


sign_in = views.SignInView.as_view()
second_factor = ours(mfa.index)

urlpatterns = [
    path("sign-in/", sign_in, name="sign_in"),
    path("sign-in/", sign_in, name="account_login"),  # the same by django-allauth's name
    # Also after the session ended: who wants to leave need not sign in for it.
    path("sign-out/", login_not_required(auth.LogoutView.as_view()), name="sign_out"),
    path("settings/", views.settings, name="settings"),
    path(
        "password/",
        open_to_suspended(views.PasswordChangeView.as_view()),
        name="password_change",
    ),
    path(
        "password/done/",
        open_to_suspended(
            auth.PasswordChangeDoneView.as_view(
                template_name="accounts/password_change_done.html"
            )
        ),
        name="password_change_done",
    ),
    path("password/reset/", views.PasswordResetView.as_view(), name="password_reset"),
    path(
        "password/reset/sent/",
        auth.PasswordResetDoneView.as_view(template_name="accounts/password_reset_sent.html"),
        name="password_reset_done",
    ),
    path(
        "password/reset/<uidb64>/<token>/",
        views.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "password/reset/done/",
        auth.PasswordResetCompleteView.as_view(
            template_name="accounts/password_reset_complete.html"
        ),
        name="password_reset_complete",
    ),
    path("sessions/<int:pk>/end/", views.end_own_session, name="end_session"),
    path("sessions/end/", views.end_own_other_sessions, name="end_other_sessions"),
    # The second factor: signing in with it, confirming it is you, setting it up.
    path("sign-in/second/", ours(mfa.authenticate), name="mfa_authenticate"),
    path(
        "sign-in/passkey/",
        login_not_required(ours(webauthn.login_webauthn)),
        name="mfa_login_webauthn",
    ),
    path("confirm/", ours(reauthenticate), name="account_reauthenticate"),
    path("confirm/code/", ours(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "confirm/passkey/",
        ours(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("second-factor/", second_factor, name="mfa_index"),
    path("second-factor/", second_factor, name="mfa_list_webauthn"),  # passkeys stand there
    path("second-factor/app/", ours(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/app/off/", ours(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("second-factor/passkeys/add/", ours(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path(
        "second-factor/passkeys/<int:pk>/",
        ours(webauthn.edit_webauthn),
        name="mfa_edit_webauthn",
    ),
    path(
        "second-factor/passkeys/<int:pk>/remove/",
        ours(webauthn.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path(
        "second-factor/codes/", ours(codes.view_recovery_codes), name="mfa_view_recovery_codes"
    ),
    path(
        "second-factor/codes/new/",
        ours(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
]
