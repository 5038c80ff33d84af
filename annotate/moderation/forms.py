"""What moderators may send: which cases to list, and decisions."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from annotate.annotations.forms import LabelField

from .effects import Verdict
from .models import WORDS, Case, Decision, Reason
from .queries_queue import PAGE, Age, Asked, Show

Kind = Decision.Kind
MOST_DAYS = 3_650
LAST_PAGE = 10_000  # further than any list


class QueueForm(forms.Form):
    """Which cases to list. Nothing is required."""

    kind = forms.ChoiceField(
        label="Show", required=False, choices=[("", "Everything"), *Show.choices]
    )
    reason = forms.ChoiceField(
        label="Reason", required=False, choices=[("", "Any reason"), *Reason.choices]
    )
    age = forms.ChoiceField(
        label="Waiting", required=False, choices=[("", "Any time"), *Age.choices]
    )
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("", "Open"), (Case.State.DECIDED, "Decided")],
    )
    person = forms.CharField(label="Person", required=False, max_length=150)
    article = forms.CharField(label="Story", required=False, max_length=200)
    mine = forms.BooleanField(label="Only what I have claimed", required=False)
    page = forms.IntegerField(
        required=False, min_value=1, max_value=LAST_PAGE, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "filter-%s", **kwargs})

    def asked(self) -> Asked:
        """Return what was asked, without what is empty or cannot be understood."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        filters = {name: value for name, value in given.items() if name != "page"}
        return Asked(**given, given=filters)


class CasesField(forms.Field):
    """Cases as "12:3", the number and the version that was seen; they become a mapping."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "required": "Choose at least one case.",
        "invalid": "Choose the cases again: something that is no case was sent.",
        "many": f"Decide at most {PAGE * 4} cases at once.",
    }

    def to_python(self, value: list[str] | None) -> dict[int, int]:
        found = {}
        for one in value or ():
            pk, _, version = one.partition(":")
            if not (pk.isdecimal() and version.isdecimal() and len(one) < 30):
                raise ValidationError(self.error_messages["invalid"], "invalid")
            found[int(pk)] = int(version)
        if len(found) > PAGE * 4:
            raise ValidationError(self.error_messages["many"], "many")
        return found

    def validate(self, value: dict[int, int]) -> None:
        if not value:
            raise ValidationError(self.error_messages["required"], "required")


class DecideForm(forms.Form):
    """One decision about one case or several. A label alone means to relabel."""

    case = CasesField()
    decision = forms.ChoiceField(
        choices=Kind.choices,
        required=False,
        error_messages={"invalid_choice": "There is no decision “%(value)s”."},
    )
    reason = forms.ChoiceField(
        label="Reason",
        required=False,
        choices=[("", "As flagged"), *Reason.choices],
    )
    note = forms.CharField(
        label="Note to the author",
        required=False,
        max_length=WORDS,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text="Empty: the standard words for the reason.",
    )
    label = LabelField(required=False)
    start = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    end = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    days = forms.IntegerField(
        label="Days",
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        initial=7,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    until = forms.DateTimeField(required=False)
    back = forms.CharField(required=False, max_length=1_000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "decide-%s", **kwargs})

    def clean_note(self) -> str:
        return self.cleaned_data["note"].replace("\r\n", "\n")

    def clean_until(self) -> datetime.datetime | None:
        until = self.cleaned_data["until"]
        if until and until <= timezone.now():
            raise ValidationError("This time is over. Choose a later one.")
        return until

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("label") and not cleaned.get("decision"):
            cleaned["decision"] = Kind.RELABEL
        kind = cleaned.get("decision")
        if kind == "" and "label" in cleaned:
            self.add_error("decision", "Choose what to decide.")
        if kind == Kind.RELABEL and "label" in cleaned and not cleaned["label"]:
            self.add_error("label", "Choose a label.")
        if kind == Kind.TRIM and len(cleaned.get("case", ())) > 1:
            self.add_error("decision", "Trim one case at a time.")
        wants_end = kind == Kind.SUSPEND and not {"days", "until"} & self.errors.keys()
        if wants_end and not (cleaned.get("until") or cleaned.get("days")):
            self.add_error("days", "Say for how many days.")
        return cleaned

    def verdict(self) -> Verdict:
        asked = self.cleaned_data
        kind = Kind(asked["decision"])
        until = asked["until"]
        if kind == Kind.SUSPEND and until is None:
            until = timezone.now() + datetime.timedelta(days=asked["days"])
        return Verdict(
            kind=kind,
            reason=asked["reason"],
            note=asked["note"],
            label=asked["label"],
            start=asked["start"],
            end=asked["end"],
            until=until,
        )
