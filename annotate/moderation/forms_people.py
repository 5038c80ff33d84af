"""What moderators may send about a person."""

from __future__ import annotations

import datetime

from django import forms
from django.utils import timezone

from .effects import Verdict
from .models import WORDS, Decision, Reason

Kind = Decision.Kind
ABOUT_PEOPLE = (Kind.WARN, Kind.SUSPEND, Kind.BAN, Kind.LIFT)
LONGEST = 3_650  # days


class PersonForm(forms.Form):
    """A decision about a person."""

    decision = forms.ChoiceField(choices=[(one.value, one.label) for one in ABOUT_PEOPLE])
    days = forms.IntegerField(
        label="Days of a suspension", required=False, min_value=1, max_value=LONGEST
    )
    reason = forms.ChoiceField(choices=Reason)
    note = forms.CharField(
        label="Note to the person",
        required=False,
        max_length=WORDS,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text="What they read. Left empty, a sentence for the reason.",
    )

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        suspends = cleaned.get("decision") == Kind.SUSPEND
        if suspends and not cleaned.get("days") and "days" not in self.errors:
            self.add_error("days", "Say for how many days.")
        return cleaned

    def verdict(self) -> Verdict:
        cleaned = self.cleaned_data
        kind = Kind(cleaned["decision"])
        until = None
        if kind == Kind.SUSPEND:
            until = timezone.now() + datetime.timedelta(days=cleaned["days"])
        return Verdict(kind, cleaned["reason"], note=cleaned["note"], until=until)


class FirstTagsForm(forms.Form):
    first = forms.IntegerField(
        label="First tags that a moderator sees before others do",
        min_value=0,
        max_value=1_000_000,
        help_text="Counted from the person’s very first tag. 0: none waits.",
    )


class EraseForm(forms.Form):
    """Says the name again: nothing brings an erased account back."""

    name = forms.CharField(label="Write the person’s public name to confirm", max_length=150)
    note = forms.CharField(label="Why", max_length=WORDS)

    def __init__(self, *args, public_name: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.public_name = public_name

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if name.strip() != self.public_name:
            raise forms.ValidationError("This is not the person’s public name.")
        return name
