"""Why something was not done in a discussion."""

from __future__ import annotations

from annotate.annotations.refusals import WrongPassage
from annotate.reviews.refusals import ActionRefused, ArticleClosed, NotAReviewer

__all__ = ["ActionRefused", "ArticleClosed", "NotAReviewer", "NotYours", "WrongPassage"]


class NotYours(ActionRefused):
    """Another person's, to be changed by nobody else."""
