"""Why something was not done, in words for the person."""

from __future__ import annotations

from annotate.reviews.refusals import ActionRefused

__all__ = ["ActionRefused", "Claimed", "NotYours", "Stale"]


class NotYours(ActionRefused):
    """Who asks may not do this to this person or thing."""


class Claimed(ActionRefused):
    """Another moderator works on it."""


class Stale(ActionRefused):
    """It was decided, or changed, since the page was read."""
