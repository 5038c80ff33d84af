"""The log of changes: what a line of it holds, and how one is written.

Everything here happens inside an action, the article locked.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from annotate.articles.models import Article
from annotate.reviews.parts import Part

from .majority import Said, movement
from .models import Annotation, Change, Reading

Kind = Change.Kind


def snapshot(thing: Annotation | Reading) -> dict[str, Any]:
    """Return what undo has to restore."""
    if isinstance(thing, Reading):
        return {"withdrawn": thing.withdrawn_at is not None}
    return {
        "label": thing.label.slug,
        "guideline": thing.guideline,
        "start": thing.start,
        "end": thing.end,
        "note": thing.note,
        "confidence": thing.confidence,
        "withdrawn": thing.withdrawn_at is not None,
        "hidden": thing.hidden_at is not None,
        # Rare, so written only where they are true: each tag has this in its line.
        **({"pending": True} if thing.pending else {}),
        **({"corrected": True} if thing.corrected_at else {}),
    }


def said_by(thing: Annotation | Reading) -> Said | None:
    """Return what a tag says now; a reading and a tag that was taken back say nothing."""
    if isinstance(thing, Reading) or thing.withdrawn_at is not None:
        return None
    return Said(thing.label.slug, range(thing.first_position, thing.last_position + 1))


def record(
    thing: Annotation | Reading,
    part: Part,
    kind: Kind,
    *,
    before: dict[str, Any] | None = None,
    request: uuid.UUID | None = None,
    said: Said | None = None,
) -> Change:
    """Write the line of the log about what changed; `said` is what the tag said before."""
    annotation = thing if isinstance(thing, Annotation) else None
    reading = thing if isinstance(thing, Reading) else None
    article = thing.article_id if isinstance(thing, Annotation) else thing.sentence.article_id
    change = Change(
        article_id=article,
        by=part.user,
        round=part.round,
        kind=kind,
        movement=movement_of(thing, part, said),
        annotation=annotation,
        reading=reading,
        before=before,
        after=snapshot(thing),
        request=request,
    )
    change.below_id = Change.objects.undo_top(article, part.user, part.round_id)
    if kind == Kind.EDITED:
        _continue_note(change, part)
    change.save(force_insert=True)
    return change


def movement_of(thing: Annotation | Reading, part: Part, before: Said | None) -> str:
    """Return how a change of `thing` moved, which said `before` until now."""
    without = thing.pk if isinstance(thing, Annotation) else None
    return movement(part, without=without, before=before, after=said_by(thing))


def _continue_note(change: Change, part: Part) -> None:
    """Let a piece of typing take the place of the piece before it on the undo stack.

    Not where both together change nothing: undo then brings back what was deleted.
    """
    latest = latest_change(change.article, part)
    if (
        latest
        and latest.kind == Kind.EDITED
        and latest.annotation_id == change.annotation_id
        and _only_note(latest)
        and _only_note(change)
        and _note(change.after) != _note(latest.before)
        and (change.at - latest.at).total_seconds() < 60
    ):
        change.before, change.below_id = latest.before, latest.below_id


def _only_note(change: Change) -> bool:
    before, after = change.before or {}, change.after or {}
    return {name for name in after if after[name] != before.get(name)} == {"note"}


def _note(state: dict[str, Any] | None) -> str:
    return (state or {}).get("note", "")


def latest_change(article: Article, part: Part) -> Change | None:
    """The line of the log that tells what undo and redo would do now."""
    latest = Change.objects.of(article, part.user, part.round_id).own().select_related("target")
    return latest.order_by("-pk").first()


# The same as a bare row, for pages: what `undo_and_redo` reads.
LATEST_CHANGE = f"""
    SELECT latest.kind, latest.target_id, latest.below_id, target.below_id
      FROM annotations_change latest
      LEFT JOIN annotations_change target ON target.id = latest.target_id
     WHERE latest.article_id = %(article)s AND latest.by_id = %(user)s
           AND latest.round_id IS NOT DISTINCT FROM %(round)s
           AND latest.kind NOT IN {Change.MODERATION}
     ORDER BY latest.id DESC LIMIT 1
"""  # noqa: S608 - composed of constants


def undo_and_redo(rows: Sequence[tuple]) -> tuple[bool, bool]:
    """Return whether there is something to undo and to redo after the row of `LATEST_CHANGE`.

    As `Change.undo_top_id` and `redo_top_id` tell.
    """
    if not rows:
        return False, False
    kind, target, below, below_target = rows[0]
    if kind == Kind.UNDONE:
        return below_target is not None, True
    if kind == Kind.REDONE:
        return target is not None, below is not None
    return True, False


def change_with(pk: int | None) -> Change | None:
    """Return a line with what undo and redo need of it; None for None."""
    return (
        Change.objects.select_related("target", "annotation", "reading").filter(pk=pk).first()
        if pk
        else None
    )


def positions_of(thing: Annotation | Reading) -> list[int]:
    """Return the positions of the sentences that a tag or a reading is on."""
    if isinstance(thing, Reading):
        return [thing.sentence.position]
    return list(range(thing.first_position, thing.last_position + 1))
