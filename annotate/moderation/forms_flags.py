"""What people may say in a flag, in an answer to a decision, in a request to be erased."""

from __future__ import annotations

from typing import Any

from django import forms

from annotate.discussion.forms import TextField

from .models import WORDS, Reason

# What each reason means, as the form explains it.
MEANINGS = {
    Reason.OFF_GUIDELINE: "It does not follow the guideline.",
    Reason.WRONG_PASSAGE: "It is about another passage, or a longer or shorter one.",
    Reason.ABUSIVE: "It attacks, threatens or insults somebody.",
    Reason.SPAM: "It has nothing to do with the story.",
    Reason.PERSONAL_DATA: "It tells something private: an address, a number, an illness.",
    Reason.BAD_FAITH: "It does not look like an honest attempt.",
    Reason.OTHER: "Something else. Say what in a sentence.",
}
TOO_LONG = f"Say it in at most {WORDS:,} characters."


class FlagForm(forms.Form):
    reason = forms.ChoiceField(
        choices=Reason.choices,
        error_messages={"required": "Choose a reason.", "invalid_choice": "Choose a reason."},
    )
    text = TextField(required=False, max_length=WORDS, error_messages={"max_length": TOO_LONG})

    def reasons(self) -> list[tuple[Reason, str, bool]]:
        """Return each reason with its meaning, and whether it is chosen."""
        chosen = self["reason"].value()
        return [(one, meaning, one == chosen) for one, meaning in MEANINGS.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        said = cleaned.get("text") or "text" in self.errors
        if cleaned.get("reason") == Reason.OTHER and not said:
            self.add_error("text", "Say in a sentence what a moderator is to look at.")
        return cleaned


class AnswerForm(forms.Form):
    text = TextField(
        max_length=WORDS,
        error_messages={"required": "Write your answer first.", "max_length": TOO_LONG},
    )


class ErasureForm(forms.Form):
    text = TextField(required=False, max_length=WORDS, error_messages={"max_length": TOO_LONG})
