"""What moderators do to comments. Everything here happens inside an action."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from annotate.accounts.models import User
from annotate.live.actions import publish
from annotate.live.models import Event

from .models import Comment, Step

type State = dict[str, Any]


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
        thread=thread, kind=kind, by=by, comment=comment, before=before["text"]
    )
    positions = range(thread.first_position, thread.last_position + 1)
    # Told as its author's own: it is their comment that looks different now.
    publish(thread.article_id, Event.Kind.THREADS, by=comment.author, positions=positions)
    return step
