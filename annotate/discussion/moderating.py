"""What moderators do to comments and threads. Everything here happens inside an action."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from django.utils import timezone

from annotate.accounts.models import User
from annotate.live.actions import publish
from annotate.live.models import Event

from .models import Comment, Step, Thread

type State = dict[str, Any]


class Resolution(NamedTuple):
    """How a thread ended, by whom and when; none of it while it is open."""

    outcome: str = ""
    precedent: int | None = None
    by: int | None = None
    at: datetime.datetime | None = None


def state_of(comment: Comment) -> State:
    return {
        "text": comment.text,
        "withdrawn": comment.withdrawn_at is not None,
        "hidden": comment.hidden_at is not None,
    }


def moderate(comment: Comment, state: State, *, by: User, kind: Step.Kind) -> Step | None:
    """Change a comment as a moderator, with a line of the thread's log; None if it is so.

    `state` names what is to change, as `state_of` does. The article is locked.
    """
    before = state_of(comment)
    wanted = {**before, **state}
    if wanted == before:
        return None
    now = timezone.now()
    comment.text = wanted["text"]
    comment.withdrawn_at = (comment.withdrawn_at or now) if wanted["withdrawn"] else None
    comment.hidden_at = (comment.hidden_at or now) if wanted["hidden"] else None
    comment.save(update_fields=["text", "withdrawn_at", "hidden_at"])
    thread = comment.thread
    step = Step.objects.create(
        thread=thread,
        kind=kind,
        by=by,
        comment=comment,
        before=before["text"],
        after={name: wanted[name] for name in ("withdrawn", "hidden")},
    )
    # Told as its author's own: it is their comment that looks different now.
    _tell(thread, comment.author)
    return step


def settle(thread: Thread, resolution: Resolution, *, by: User) -> Step:
    """Give a thread an outcome that it had, or none, with a line of its log: a revert's.

    A precedent stays in the guideline. The article is locked.
    """
    thread.outcome, thread.precedent_id = resolution.outcome, resolution.precedent
    thread.resolved_by_id, thread.resolved_at = resolution.by, resolution.at
    thread.save(update_fields=["outcome", "precedent", "resolved_by", "resolved_at"])
    step = Step.objects.create(
        thread=thread,
        kind=Step.Kind.REVERTED,
        by=by,
        outcome=thread.outcome,
        precedent_id=thread.precedent_id,
        # It may have had this outcome more than once.
        after={
            "resolved_by": resolution.by,
            "resolved_at": resolution.at and resolution.at.isoformat(),
        },
    )
    _tell(thread, thread.created_by)
    return step


def _tell(thread: Thread, person: User) -> None:
    positions = range(thread.first_position, thread.last_position + 1)
    publish(thread.article_id, Event.Kind.THREADS, by=person, positions=positions)
