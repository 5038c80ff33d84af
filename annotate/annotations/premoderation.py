"""Tags that a moderator sees before other reviewers do."""

from __future__ import annotations

from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.models import Article

from .models import Annotation


def must_wait(article: Article, person: User) -> bool:
    """Whether a tag that `person` makes or changes in `article` waits for a moderator.

    One query, for people whose first tags do; none for others.
    """
    if person.is_moderator:
        return False
    if article.premoderated or not person.premoderated:
        return article.premoderated
    first = Annotation.objects.filter(reviewer=person).order_by()[: person.premoderated]
    return first.count() < person.premoderated


def hold(annotation: Annotation) -> None:
    """Let it wait, unless a moderator has hidden it anyway. It is not saved yet."""
    if annotation.hidden_at is None:
        annotation.hidden_at, annotation.pending = timezone.now(), True
