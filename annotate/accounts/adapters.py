"""What we do differently from django-allauth, at the places that it offers for it."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from .limits import too_many
from .models import User
from .second_factor import shown

TOO_MANY = ("too_many_login_attempts", "rate_limited")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": "That is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False  # admins make accounts

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address. Without one (a socket), all count as one client."""
        return get_client_ip(request) or "0.0.0.0"  # noqa: S104 - no address is bound

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        # By password, nobody inactive comes this far.
        messages.error(request, "You cannot sign in with this passkey.")
        return redirect("sign_in")

    def validation_error(self, code: str, *args: Any) -> Exception:
        """Answer 429 where too much was tried, and not with a form's error."""
        if code in TOO_MANY:
            return ImmediateHttpResponse(too_many(context.request))
        return super().validation_error(code, *args)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """By what somebody confirms that it is them.

        A session that did not show the second factor does so by that: the password alone
        must not lead around it.
        """
        words = {
            "reauthenticate": "Your password",
            "mfa_reauthenticate": "A code of your authenticator app, or a recovery code",
            "mfa_reauthenticate:webauthn": "A passkey",
        }
        found = super().get_reauthentication_methods(user)
        methods = [{**method, "description": words[method["id"]]} for method in found]
        second = [method for method in methods if method["id"] != "reauthenticate"]
        return methods if shown(context.request.session, user) else second or methods


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That did not work. Try again with a new code, or the passkey again.",
        "cannot_generate_recovery_codes": "Set up an authenticator app or a passkey first.",
    }

    def _get_site_name(self) -> str:
        return "Annotate"

    def _get_user_identifier(self, user: Any) -> str:
        return user.get_username()

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {number + 1}" if number else "Passkey"
