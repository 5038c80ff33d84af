"""What a reviewer may send."""

from __future__ import annotations

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from .labels import label_with
from .models import NOTE_LENGTH, Annotation, Label


class RequestForm(forms.Form):
    """What the browser adds so that work is sent exactly once and tabs stay true."""

    request = forms.UUIDField(required=False)
    since = forms.IntegerField(required=False, min_value=0)


no_null_characters = ProhibitNullCharactersValidator()
SLUG_LENGTH = Label._meta.get_field("slug").max_length


class Fields(dict[str, forms.Field]):
    """Fields that no form changes, and so are those of all forms.

    Django copies each for each form, which takes longer than to read what was sent.
    """

    def __deepcopy__(self, memo: object) -> Fields:
        return self


class LabelField(forms.Field):
    """The slug of a label, which becomes the label."""

    default_error_messages = {"invalid_choice": "There is no label “%(value)s”."}

    def to_python(self, value: str | None) -> Label | None:
        if not value:
            return None
        no_null_characters(value)  # PostgreSQL takes none in a text
        label = label_with(value)
        if label is None:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], "invalid_choice", {"value": value}
            )
        return label


IN_ORDER = "Choose a later last word, or an earlier first one."


class PassageForm(RequestForm):
    """A label, by its slug, on a passage. Offsets count code points of the article's text."""

    start = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    end = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    label: forms.Field = forms.CharField(max_length=SLUG_LENGTH, strip=False)
    note = forms.CharField(required=False, max_length=NOTE_LENGTH, strip=False)
    confidence = forms.IntegerField(required=False, min_value=1, max_value=5)

    def clean_note(self) -> str:
        """As typed, but for the line ends that browsers send."""
        return self.cleaned_data["note"].replace("\r\n", "\n")

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start is not None and end is not None and end <= start:
            order = f"The passage ends at {end}, before its start at {start}. {IN_ORDER}"
            self.add_error("end", forms.ValidationError(order, "order"))
            cleaned["end"] = end  # for the page that shows again what was chosen
        return cleaned

    @property
    def is_out_of_order(self) -> bool:
        """Whether all that is wrong is that the last word stands before the first."""
        return [*self.errors] == ["end"] and self.has_error("end", "order")


PassageForm.base_fields = Fields(PassageForm.base_fields)


class EditForm(PassageForm):
    """Changes to an annotation. A field that is not sent stays as it is."""

    label = LabelField()

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
