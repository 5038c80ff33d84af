"""A person's own settings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Protocol

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField

from .models import User
from .preferences import KEYS, MAIL, MAIL_TIMES, THEMES, KeyRefused, Preferences, key_of

# Names stand in lists and exports: no control characters, and none that turn the text
# after them around.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class SignInForm(AuthenticationForm):
    """Django's form, with failed attempts counted by name and by address."""

    def clean(self) -> dict[str, Any]:
        name, password = map(self.cleaned_data.get, ("username", "password"))
        if name is not None and password:
            self.user_cache = get_adapter(self.request).authenticate(
                self.request, username=name, password=password
            )
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class HasKey(Protocol):
    """A label: accounts do not know where labels come from."""

    slug: str
    name: str
    key: str


class SettingsForm(forms.ModelForm):
    """Name, mail, look and keys. An empty key is the one that stands without any choice."""

    theme = forms.ChoiceField(label="Colours", choices=THEMES.items(), widget=forms.RadioSelect)
    move_on = forms.BooleanField(
        label="After a tag, move on to the next sentence", required=False
    )
    keys_on = forms.BooleanField(label="Use the keys below while reading", required=False)

    class Meta:
        model = User
        fields = ["public_name", "email"]
        labels = {"email": "Email"}
        help_texts = {
            "public_name": "What others and exports call you. Your user name, if left empty.",
            "email": "For a new password, if you forget yours, and for the mail below.",
        }
        error_messages = {
            "public_name": {"unique": "Somebody else has this name. Choose another one."}
        }

    def __init__(self, *args: Any, labels: Collection[HasKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = Preferences.of(self.instance)
        # action or label slug -> the key without any choice, and what it does
        self.actions = dict(KEYS) | {
            one.slug: (one.key, f"{one.name}: on or off") for one in labels
        }
        self.slugs = [one.slug for one in labels]
        keys = chosen.key_map(labels)
        self.lost_keys = [
            self._lost(chosen.keys[action], label.name, action, keys[action])
            for action, label in chosen.lost(labels).items()
        ]
        for action, key in keys.items():
            standard, what = self.actions[action]
            self.fields[f"key_{action}"] = forms.CharField(
                label=what,
                required=False,
                strip=False,
                max_length=20,
                initial=key,
                widget=forms.TextInput(
                    attrs={
                        **{"class": "key", "placeholder": standard, "autocomplete": "off"},
                        **{"autocapitalize": "none", "spellcheck": "false"},
                    }
                ),
            )
        for kind, what in MAIL.items():
            self.fields[f"mail_{kind}"] = forms.ChoiceField(
                label=what,
                choices=MAIL_TIMES.items(),
                initial=chosen.mail[kind],
                required=False,  # not sent: as it was
            )
        self.initial.update(theme=chosen.theme, move_on=chosen.move_on, keys_on=chosen.keys_on)

    def mail_fields(self) -> Iterator[BoundField]:
        for kind in MAIL:
            yield self[f"mail_{kind}"]

    def key_fields(self) -> Iterator[BoundField]:
        """The keys, those of the labels first: they are pressed most."""
        for action in [*self.slugs, *(one for one in self.actions if one not in self.slugs)]:
            yield self[f"key_{action}"]

    def clean_public_name(self) -> str:
        name = " ".join(self.cleaned_data["public_name"].split())
        if UNPRINTABLE.search(name):
            raise ValidationError(
                "The name holds a character that cannot be shown. Take it out."
            )
        # Here already: an empty field would not be compared with other people's names.
        return name or self.instance.username

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.keys: dict[str, str] = {}
        for action, (standard, _) in self.actions.items():
            written = cleaned.get(f"key_{action}", "")
            try:
                self.keys[action] = key_of(written, action) if written else standard
            except KeyRefused as error:
                self.add_error(f"key_{action}", str(error))
        for action, key in self.keys.items():
            others = [one for one in self.keys if self.keys[one] == key and one != action]
            if others:
                what = "” and “".join(self.what(one) for one in others)
                self.add_error(f"key_{action}", f"{key} is also the key for “{what}”.")
        return cleaned

    def _lost(self, key: str, label: str, action: str, now: str) -> str:
        until = f"Until then its key is {now}." if now else "Until then it has no key."
        what = self.what(action)
        return f"{key} is now the key of {label}. Choose another for “{what}”. {until}"

    def what(self, action: str) -> str:
        """What a key does, without the keys that do it too."""
        return self.actions[action][1].partition(" (")[0]

    def save(self, commit: bool = True) -> User:
        user: User = self.instance
        user.preferences = Preferences(
            theme=self.cleaned_data["theme"],
            move_on=self.cleaned_data["move_on"],
            keys_on=self.cleaned_data["keys_on"],
            # Only what differs: where a label's own key changes, it changes for all others.
            keys={one: key for one, key in self.keys.items() if key != self.actions[one][0]},
            mail={
                kind: self.cleaned_data[f"mail_{kind}"] or self[f"mail_{kind}"].initial
                for kind in MAIL
            },
        ).as_json()
        user.save(update_fields=["public_name", "email", "preferences"])
        return user
