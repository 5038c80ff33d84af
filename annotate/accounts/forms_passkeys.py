"""What a browser sends of a passkey: read whole before django-allauth looks at it.

Anybody can make it up, at the sign-in without an account. The libraries expect some of the
exceptions that they meet in it, and answer the others with an error of the server.
"""

from __future__ import annotations

import json
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as allauth
from django import forms
from django.forms.fields import InvalidJSONInput
from fido2.webauthn import AuthenticationResponse, RegistrationResponse


class CredentialField(forms.JSONField):
    """An answer of a passkey, as JSON."""

    widget = forms.HiddenInput

    def __init__(self, kind: type[AuthenticationResponse | RegistrationResponse]) -> None:
        super().__init__()
        self.kind = kind

    def to_python(self, value: Any) -> Any:
        try:
            credential = super().to_python(value)
            if credential not in self.empty_values:
                self.kind.from_dict(credential)
            # PostgreSQL keeps no NUL and no half of a surrogate pair, in JSON neither.
            if b"\\u0000" in json.dumps(credential, ensure_ascii=False).encode():
                raise ValueError("NUL")
        except forms.ValidationError:
            raise
        except Exception as error:  # whatever the libraries meet in it
            raise get_adapter().validation_error("incorrect_code") from error
        return credential

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Show the field empty again: what was in it is good for one time only."""
        return InvalidJSONInput("")


class AuthenticateForm(allauth.AuthenticateWebAuthnForm):
    credential = CredentialField(AuthenticationResponse)


class LoginForm(allauth.LoginWebAuthnForm):
    credential = CredentialField(AuthenticationResponse)


class ReauthenticateForm(allauth.ReauthenticateWebAuthnForm):
    credential = CredentialField(AuthenticationResponse)


class PasskeyForm(allauth.AddWebAuthnForm):
    credential = CredentialField(RegistrationResponse)
    name = forms.CharField(label="Name", required=False, max_length=60)
    passwordless = forms.BooleanField(
        label="It also signs me in alone, without name and password",
        required=False,
        initial=True,
        help_text="Not every security key can do that. Take the tick away if yours cannot.",
    )
