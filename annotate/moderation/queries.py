"""What other pages read of moderation."""

from __future__ import annotations

from annotate.accounts.models import User
from annotate.annotations.models import Annotation

from .models import Decision


def latest_about(annotation: Annotation, user: User) -> Decision | None:
    """Return the decision that tells a person why their tag is as it is."""
    found = Decision.objects.told_to(user).standing().filter(case__annotation=annotation)
    return found.order_by("-pk").first()


def unread_decisions(user: User) -> int:
    """Return how many decisions about them a person has not read yet."""
    return Decision.objects.unread_by(user).count()
