"""What a person sends to put a story in: first a text or a file, then the story as checked."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from annotate.exchange.reading import ENDINGS

from . import actions, reading
from .languages import COMMON, canonical_language
from .models import NOT_A_WEB_ADDRESS, Article
from .sentences import Span, split_body
from .text import TextRefused, canonical_body, canonical_title

Refused = (TextRefused, actions.StoryRefused)


class StoryText(forms.Field):
    """A text as it was sent, with its white space; the reader names what it refuses."""

    widget = forms.Textarea


class Offsets(forms.CharField):
    """Numbers apart by spaces: code points from the start of the body."""

    widget = forms.HiddenInput

    def clean(self, value: str | None) -> set[int]:
        if not re.fullmatch(r"(\s*[0-9]{1,9}(?=\s|\Z))*\s*", value or "", re.ASCII):
            raise ValidationError("Joins and cuts are numbers with spaces between them.")
        return {int(number) for number in (value or "").split()}


class StartForm(forms.Form):
    """A pasted text, or a file. Once valid, `story` is what was read."""

    title = forms.CharField(
        required=False,
        max_length=500,
        help_text="If you leave it empty, the story’s own headline is taken.",
        error_messages={"max_length": "The headline may have 500 characters at most."},
    )
    text = StoryText(required=False, label="Paste the story")
    file = forms.FileField(
        required=False,
        label="Or choose a file",
        error_messages={"empty": "The file is empty. Choose a file with text."},
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        help_text=f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}. You can drag it here.",
    )
    story: reading.Story

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def clean_title(self) -> str:
        return _line(self.cleaned_data["title"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            field = "file" if cleaned["file"] else "text"
            try:
                self.story = self._read(**cleaned)
            except Refused as error:
                self.add_error(field, str(error))
        return cleaned

    def _read(self, title: str, text: str | None, file: UploadedFile | None) -> reading.Story:
        if file:
            if file.size and file.size > settings.STORY_FILE_MAX_BYTES:
                raise reading.file_too_large()
            return reading.read_file(str(file.name), file.read(), title=title or None)
        if not text or not text.strip():
            raise actions.StoryRefused("Paste a text or choose a file.")
        return reading.read_text(text, title=title or None)


class CheckForm(forms.ModelForm):
    """A story as a person checked it. `split` is the digest of the text that marks count in."""

    text = StoryText(error_messages={"required": "The story has no text. Put its text in."})
    split = forms.CharField(required=False)
    joins = Offsets(required=False)
    cuts = Offsets(required=False)

    class Meta:
        model = Article
        fields = ["title", "outlet", "byline", "url", "published", "language"]
        labels = {"url": "Web address", "published": "Date"}
        widgets = {
            "title": forms.TextInput,
            "published": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "language": forms.TextInput(attrs={"list": "languages", "autocapitalize": "none"}),
        }
        error_messages = {
            "title": {
                "required": "The story has no headline. Write one.",
                "max_length": "The headline may have 500 characters at most.",
            },
            "url": {"invalid": NOT_A_WEB_ADDRESS},
            "published": {"invalid": "Write the date as year-month-day: 2017-11-14."},
        }
        help_texts = {"language": "A language tag, such as en, pt-BR or zh-Hant."}

    languages = COMMON

    # What the text was split into, set once the text is valid.
    body = ""
    joined: set[int]
    cut: set[int]
    paragraphs: list[list[Span]]
    text_changed = False  # since it was split, with so many joins and cuts
    dropped = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        # A program may leave it out; a person who empties it gets the default.
        self.fields["language"].required = False
        self.fields["published"].input_formats = ["%Y-%m-%d"]  # type: ignore[attr-defined]
        self.joined, self.cut, self.paragraphs = set(), set(), []

    def clean_title(self) -> str:
        title = _line(self.cleaned_data["title"])
        if not title:
            raise ValidationError("The story has no headline. Write one.")
        return title

    def clean_outlet(self) -> str:
        return _line(self.cleaned_data["outlet"])

    def clean_byline(self) -> str:
        return _line(self.cleaned_data["byline"])

    def clean_language(self) -> str:
        return canonical_language(self.cleaned_data["language"] or "en")

    def clean_text(self) -> str:
        try:
            body = canonical_body(self.cleaned_data["text"])
            actions.check_size(body)
        except Refused as error:
            raise ValidationError(str(error)) from error
        return body

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "text" in cleaned:
            self.body = cleaned["text"]
            self.joined, self.cut = cleaned.get("joins", set()), cleaned.get("cuts", set())
            self.text_changed = cleaned.get("split", "") not in ("", self.digest)
            if self.text_changed:
                self.dropped = len(self.joined) + len(self.cut)
                self.joined, self.cut = set(), set()
            self.split_again()
        return cleaned

    def split_again(self) -> None:
        """Split the body by the joins and cuts as they are now."""
        self.paragraphs = split_body(self.body, joins=self.joined, cuts=self.cut)
        try:
            actions.check_sentences(sum(map(len, self.paragraphs)))
        except Refused as error:
            self.add_error("text", str(error))

    @property
    def digest(self) -> str:
        """Names the body that joins and cuts count in."""
        return Article.digest_of(self.body)

    def story(self) -> dict[str, Any]:
        """Return what `create_article` is to store."""
        details = {name: self.cleaned_data[name] for name in self._meta.fields or ()}
        return {**details, "body": self.body, "joins": self.joined, "cuts": self.cut}


def _line(raw: str) -> str:
    try:
        return canonical_title(raw)
    except TextRefused as error:
        raise ValidationError(str(error)) from error
