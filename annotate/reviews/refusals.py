"""Why something was not done, in words for the person."""

from __future__ import annotations


class ActionRefused(Exception):
    """Why something cannot be done, in words for the person."""


class ArticleClosed(ActionRefused):
    """The article, or the person's part in its round, takes no more changes."""


class NotAReviewer(ActionRefused):
    """The round is for others to work in."""
