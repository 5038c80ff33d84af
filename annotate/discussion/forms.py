"""What people may send to a discussion."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms

from annotate.annotations.models import Label

from .models import COMMENT_LENGTH, Thread


class TextField(forms.CharField):
    """Plain text as it was typed, but for white space around it and the browser's line ends."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str | None:
        return super().to_python(value.replace("\r\n", "\n") if value else value)


class CommentForm(forms.Form):
    request = forms.UUIDField(required=False)
    text = TextField(
        max_length=COMMENT_LENGTH, error_messages={"required": "Write a comment first."}
    )


class PassageForm(forms.Form):
    """Where a new thread begins: a passage, or the number of a sentence."""

    start = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    end = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    sentence = forms.IntegerField(required=False, min_value=1)


class ResolveForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=Thread.Outcome.choices, error_messages={"required": "Choose an outcome."}
    )
    label = forms.ModelChoiceField(Label.objects.all(), required=False, to_field_name="slug")
    sentence = TextField(required=False, max_length=1_000)

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == Thread.Outcome.GAP:
            if not cleaned.get("label") and "label" not in self.errors:
                self.add_error("label", "Choose the label whose guideline has the gap.")
            if not cleaned.get("sentence") and "sentence" not in self.errors:
                self.add_error("sentence", "Write the sentence that decides the case.")
        return cleaned

    def clean_sentence(self) -> str:
        return unicodedata.normalize("NFC", self.cleaned_data["sentence"])
