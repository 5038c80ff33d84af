"""Why an action was not carried out."""

from __future__ import annotations

from annotate.reviews.refusals import ActionRefused, ArticleClosed, NotAReviewer

from .models import Change

__all__ = [
    "ActionRefused",
    "AlreadyDone",
    "ArticleClosed",
    "NotAReviewer",
    "UnknownLabel",
    "WrongPassage",
]


class WrongPassage(ActionRefused):
    """The passage is not one of this article, or it carries this label already."""


class UnknownLabel(ActionRefused):
    """There is no such label, or not any more."""


class AlreadyDone(Exception):
    """This request was carried out before; its answer got lost on the way."""

    def __init__(self, change: Change) -> None:
        self.change = change
