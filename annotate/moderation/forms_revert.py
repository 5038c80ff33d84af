"""What moderators may send to undo what somebody did, and to search the audit log."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.models import Article

from .models import WORDS, AuditEntry, Revert
from .reverts import What

EARLIEST = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class PersonField(forms.CharField):
    """Somebody by their public name, or by number where it is nobody's name."""

    def clean(self, value: Any) -> User | None:
        name = super().clean(value)
        if not name:
            return None
        people = User.objects.with_roles()
        found = people.filter(public_name=name).first()
        if found is None and name.isdecimal() and len(name) < 16:
            found = people.filter(pk=int(name)).first()
        if found is None:
            raise ValidationError(f"Nobody is called “{name}”.")
        return found


class ArticleField(forms.CharField):
    """A story by its number or its title."""

    def clean(self, value: Any) -> Article | None:
        name = super().clean(value)
        if not name:
            return None
        stories = Article.objects.defer("text", "search")
        if (
            name.isdecimal()
            and len(name) < 16
            and (found := stories.filter(pk=int(name)).first())
        ):
            return found
        same = [*stories.filter(title__iexact=name)[:2]]
        if not same:
            raise ValidationError(f"No story has the number or the title “{name}”.")
        if len(same) > 1:
            raise ValidationError("Several stories have this title. Give the number of one.")
        return same[0]


class MomentField(forms.DateTimeField):
    """A time in the site's time zone, as browsers send it."""

    def __init__(self, **kwargs: Any) -> None:
        shown = {"type": "datetime-local", "step": "1"}
        widget = forms.DateTimeInput(attrs=shown, format="%Y-%m-%dT%H:%M:%S")
        message = "Write a date and a time, as 2026-11-03T14:30."
        super().__init__(
            required=False, widget=widget, error_messages={"invalid": message}, **kwargs
        )


class WhatForm(forms.Form):
    """What to undo: in the address of the page that shows it."""

    person = PersonField(
        label="By whom",
        required=False,
        help_text="The public name. Empty: whatever anybody did in the story.",
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )
    article = ArticleField(
        label="In which story",
        required=False,
        help_text="Its number or title. Empty: in all.",
        widget=forms.TextInput(attrs={"list": "stories", "autocomplete": "off"}),
    )
    since = MomentField(label="From", help_text="Empty: from the first.")
    until = MomentField(label="Until before", help_text="Empty: up to now.")
    of = forms.ModelChoiceField(
        Revert.objects.select_related("person", "article").defer(
            "article__text", "article__search"
        ),
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "There is no such revert."},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors or cleaned.get("of"):
            return cleaned
        if not cleaned.get("person") and not cleaned.get("article"):
            raise ValidationError("Say whose work, or which story, or both.")
        cleaned["since"] = cleaned["since"] or EARLIEST
        cleaned["until"] = cleaned["until"] or timezone.now()
        if cleaned["until"] <= cleaned["since"]:
            self.add_error("until", "This is not after the time from which on.")
        return cleaned

    def what(self) -> What:
        cleaned = self.cleaned_data
        if cleaned["of"]:
            return What.done_by(cleaned["of"])
        names = "person", "article", "since", "until"
        return What(*(cleaned[name] for name in names))


class ConfirmForm(forms.Form):
    """That it be done, as it was shown."""

    why = forms.CharField(
        label="Why",
        max_length=WORDS,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text="For the audit log, which nobody can change: name nobody in it.",
        error_messages={"required": "Say why: it goes into the audit log."},
    )
    shown = forms.CharField(widget=forms.HiddenInput)


class AuditForm(forms.Form):
    """Which lines of the audit log to list: in the address of the page."""

    q = forms.CharField(
        label="Words",
        required=False,
        max_length=200,
        help_text="In the reason, or of a name.",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    kind = forms.ChoiceField(
        label="What", required=False, choices=[("", "Anything"), *AuditEntry.Kind.choices]
    )
    by = PersonField(label="Who", required=False)
    person = PersonField(label="About whom", required=False)
    article = ArticleField(label="Story", required=False)
    since = MomentField(label="From")
    until = MomentField(label="Until before")
