"""What may be asked of the list of articles."""

from __future__ import annotations

from django import forms

from .models import Article
from .queries import Work


class ListForm(forms.Form):
    """Search and filters. Nothing is required: empty asks for everything but archived ones."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    status = forms.ChoiceField(
        required=False, choices=[("", "All but archived"), *Article.Status.choices]
    )
    mine = forms.ChoiceField(
        label="Your work", required=False, choices=[("", "All"), *Work.choices]
    )

    def asked(self) -> dict[str, str]:
        """Return what was asked, without what is empty or cannot be understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
