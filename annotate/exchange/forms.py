"""What is sent to put an export back in."""

from __future__ import annotations

from django import forms


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="A native export, whose name ends in .jsonl.",
        widget=forms.FileInput(attrs={"accept": ".jsonl,.ndjson,application/jsonl"}),
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty. Nothing was imported.",
        },
    )
