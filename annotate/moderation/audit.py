"""Write the audit log, and hear from other apps what belongs into it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from annotate.accounts.models import User
from annotate.accounts.signals import person_changed
from annotate.annotations.models import Annotation
from annotate.articles.models import Article
from annotate.articles.signals import imported, status_changed
from annotate.discussion.models import Comment
from annotate.reviews.models import Move
from annotate.reviews.signals import moved

from .models import AuditEntry, Case

Kind = AuditEntry.Kind


def record(
    kind: AuditEntry.Kind,
    *,
    by: User | None,
    person: User | None = None,
    article: Article | None = None,
    annotation: Annotation | None = None,
    comment: Comment | None = None,
    case: Case | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    why: str = "",
) -> AuditEntry:
    """Write a line. `before` and `after` hold what changed, and no names."""
    return AuditEntry.objects.create(
        kind=kind,
        by=by,
        person=person,
        article=article,
        annotation=annotation,
        comment=comment,
        case=case,
        before=before,
        after=after,
        why=why,
    )


@receiver(person_changed)
def record_person(
    user: User, what: str, before: object, after: object, by: User | None, **_: object
) -> None:
    kinds = {"role": Kind.ROLE, "active": Kind.ACTIVE, "second factor": Kind.FACTOR}
    record(kinds[what], by=by, person=user, before={what: before}, after={what: after})


@receiver(imported)
def record_import(article: Article, by: User | None, **_: object) -> None:
    record(Kind.IMPORTED, by=by, article=article, after={"status": article.status})


@receiver(status_changed)
def record_status(
    article: Article, before: str, after: str, by: User | None, **_: object
) -> None:
    record(
        Kind.STATUS, by=by, article=article, before={"status": before}, after={"status": after}
    )


@receiver(moved)
def record_move(move: Move, **_: object) -> None:
    """What moderators and rules do to a round; what reviewers do has the round's own log."""
    if move.kind not in (Move.Kind.OPENED, Move.Kind.REVEALED, Move.Kind.CLOSED):
        return
    round = move.round
    record(
        Kind.ROUND,
        by=move.by,
        article=round.article,
        before={"round": round.number, "state": move.before},
        after={"round": round.number, "state": move.after},
    )
