"""Why an action was not carried out."""

from __future__ import annotations

from .models import Change


class ActionRefused(Exception):
    """Why something cannot be done, in words for the person."""


class ArticleClosed(ActionRefused):
    """The article takes no more changes."""


class WrongPassage(ActionRefused):
    """The passage is not one of this article, or it carries this label already."""


class AlreadyDone(Exception):
    """This request was carried out before; its answer got lost on the way."""

    def __init__(self, change: Change) -> None:
        self.change = change
