"""Forms of moderators: a round, who works in it, what to assign, what to list."""

from __future__ import annotations

import random
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.models import Article

from .assigning import EACH, SPREAD, Wish
from .models import Assignment, Round
from .queries import Show, possible_reviewers, reviewers

MOST = 100  # reviewers of one story
MODES = [
    (Round.Mode.BLIND, "Blind: each sees only their own tags until the reveal"),
    (Round.Mode.OPEN, "Open: everyone sees everyone’s tags as they come"),
]


def with_load(person: User) -> str:
    count = person.unfinished  # type: ignore[attr-defined]
    return f"{person} ({count} unfinished)" if count else f"{person} (no work)"


class PeopleField(forms.ModelMultipleChoiceField):
    """People with how much they have to do."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(queryset=User.objects.none(), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return with_load(obj)


class SettingsForm(forms.ModelForm):
    """What can be changed about a round while it is active."""

    needed = forms.IntegerField(
        label="Reviewers needed",
        min_value=1,
        max_value=MOST,
        initial=2,
        help_text="A blind round is revealed when so many have submitted.",
    )

    class Meta:
        model = Round
        fields = ["needed", "due", "pseudonyms"]
        labels = {"due": "Due date", "pseudonyms": "Reviewers see each other as “Reviewer 2”"}
        help_texts = {
            "due": "The last day to submit. Empty: none.",
            "pseudonyms": "Moderators always see the names.",
        }
        widgets = {"due": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class OpenForm(SettingsForm):
    """A new round."""

    mode = forms.ChoiceField(
        label="What reviewers see", choices=MODES, initial="blind", widget=forms.RadioSelect
    )
    reviewers = PeopleField(label="Reviewers", required=False)

    class Meta(SettingsForm.Meta):
        fields = ["mode", *SettingsForm.Meta.fields]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewers"].queryset = possible_reviewers()  # type: ignore[attr-defined]

    def clean_due(self) -> Any:
        return not_past(self.cleaned_data["due"])


def not_past(due: Any) -> Any:
    if due and due < timezone.localdate():
        raise ValidationError("This day is over. Choose today or a later day, or none.")
    return due


class MoreForm(forms.Form):
    """More reviewers for a round."""

    reviewers = PeopleField(
        label="More reviewers", error_messages={"required": "Choose somebody."}
    )

    def __init__(self, *args: Any, round: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = round.assignments.values("reviewer")
        people = possible_reviewers().exclude(pk__in=here)
        self.fields["reviewers"].queryset = people  # type: ignore[attr-defined]


class HandOnForm(forms.Form):
    """Which late part goes to whom; to nobody named: to who has least."""

    assignment = forms.ModelChoiceField(
        queryset=Assignment.objects.none(),
        error_messages={
            "required": "Choose whose part to hand on.",
            "invalid_choice": "This part is not one of this round.",
        },
    )
    to = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        empty_label="Whoever has least to do",
        error_messages={"invalid_choice": "This person cannot take the part over."},
    )

    def __init__(self, *args: Any, round: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seats = round.assignments.select_related("reviewer", "round__article")
        free = possible_reviewers().exclude(pk__in=round.assignments.values("reviewer"))
        self.fields["assignment"].queryset = seats  # type: ignore[attr-defined]
        self.fields["to"].queryset = free  # type: ignore[attr-defined]
        self.fields["to"].label_from_instance = with_load  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    """Several stories and several reviewers at once."""

    articles = forms.ModelMultipleChoiceField(
        label="Stories",
        queryset=Article.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one story.",
            "invalid_choice": "A story is not there any more. Choose again.",
        },
    )
    how = forms.ChoiceField(
        label="How",
        initial=SPREAD,
        choices=[
            (SPREAD, "Spread evenly: each story gets as many reviewers as it needs"),
            (EACH, "By hand: everybody chosen below gets every story"),
        ],
        widget=forms.RadioSelect,
    )
    reviewers = PeopleField(label="Reviewers", required=False)
    not_submitter = forms.BooleanField(
        label="Nobody reviews a story that they put in", required=False, initial=True
    )
    mode = forms.ChoiceField(
        label="What reviewers see", choices=MODES, initial="blind", widget=forms.RadioSelect
    )
    needed = forms.IntegerField(
        label="Reviewers needed for each story", min_value=1, max_value=MOST, initial=2
    )
    due = forms.DateField(
        label="Due date",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The last day to submit. Empty: none.",
    )
    pseudonyms = forms.BooleanField(
        label="Reviewers see each other as “Reviewer 2”", required=False
    )
    seed = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31)

    def __init__(self, *args: Any, articles: QuerySet[Article], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["articles"].queryset = articles  # type: ignore[attr-defined]
        self.fields["reviewers"].queryset = possible_reviewers()  # type: ignore[attr-defined]
        self.fields["seed"].initial = lambda: random.randrange(2**31)  # noqa: S311

    def clean_due(self) -> Any:
        return not_past(self.cleaned_data["due"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        by_hand = cleaned.get("how") == EACH
        if by_hand and "reviewers" in cleaned and not cleaned["reviewers"]:
            self.add_error("reviewers", "Choose who gets the stories.")
        return cleaned

    def wish(self) -> Wish:
        asked = dict(self.cleaned_data)
        people = list(asked.pop("reviewers"))
        return Wish(articles=list(asked.pop("articles")), people=people, **asked)


class ReviewsForm(forms.Form):
    """Which stories to list. Nothing is required."""

    q = forms.CharField(label="Search title and outlet", required=False, max_length=200)
    show = forms.ChoiceField(
        label="Show", required=False, choices=[("", "All but archived"), *Show.choices]
    )
    reviewer = forms.ModelChoiceField(
        label="Reviewer",
        required=False,
        queryset=User.objects.none(),
        empty_label="Anybody",
        error_messages={"invalid_choice": "This person is no reviewer."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewer"].queryset = reviewers()  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """Return what was asked, without what is empty or cannot be understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
