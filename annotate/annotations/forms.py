"""What a reviewer may send."""

from __future__ import annotations

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.db import connection

from .models import NOTE_LENGTH, Annotation, Label


class RequestForm(forms.Form):
    """What the browser adds so that work is sent exactly once and tabs stay true."""

    request = forms.UUIDField(required=False)
    since = forms.IntegerField(required=False, min_value=0)


no_null_characters = ProhibitNullCharactersValidator()
LABEL_FIELDS = [one.attname for one in Label._meta.concrete_fields]
LABEL = f"""
    SELECT {", ".join(f'"{name}"' for name in LABEL_FIELDS)}
      FROM annotations_label WHERE slug = %s
"""  # noqa: S608 - composed of constants


class LabelField(forms.Field):
    """The slug of a label, which becomes the label.

    Read as a bare row: each tag asks, and a QuerySet takes five times as long.
    """

    default_error_messages = {"invalid_choice": "There is no label “%(value)s”."}

    def to_python(self, value: str | None) -> Label | None:
        if not value:
            return None
        no_null_characters(value)  # PostgreSQL takes none in a text
        with connection.cursor() as cursor:
            cursor.execute(LABEL, [value])
            row = cursor.fetchone()
        if row is None:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], "invalid_choice", {"value": value}
            )
        return Label.from_db(connection.alias, LABEL_FIELDS, row)


class PassageForm(RequestForm):
    """A label on a passage. Offsets count Unicode code points of the article's text."""

    start = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    end = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    label = LabelField()
    note = forms.CharField(required=False, max_length=NOTE_LENGTH, strip=False)
    confidence = forms.IntegerField(required=False, min_value=1, max_value=5)

    def clean_note(self) -> str:
        """As typed, but for the line ends that browsers send."""
        return self.cleaned_data["note"].replace("\r\n", "\n")

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start is not None and end is not None and end <= start:
            self.add_error("end", f"The passage ends at {end}, before its start at {start}.")
        return cleaned


class EditForm(PassageForm):
    """Changes to an annotation. A field that is not sent stays as it is."""

    def __init__(self, data, *, annotation: Annotation) -> None:
        standing = {
            "start": annotation.start,
            "end": annotation.end,
            "label": annotation.label.slug,
            "note": annotation.note,
            "confidence": annotation.confidence,
        }
        filled = data.copy()
        for name, value in standing.items():
            if name not in data and value is not None:
                filled[name] = value
        super().__init__(filled)


class ReadingForm(RequestForm):
    """Whether there is nothing to tag; left out, the opposite of what stands."""

    read = forms.NullBooleanField(required=False)
