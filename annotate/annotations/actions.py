"""What a reviewer does: tag, change, take back, mark as read, undo, redo.

Every action locks the article first. That orders it against locking the article, against a
second click and against the same person's other tab, and it is why one person's undo stack
never forks. An action carries the `request` that the browser gave it: sent twice, it is
done once, and `AlreadyDone` says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.models import Article, Sentence

from .models import Annotation, Change, Label, Reading
from .passages import Passage, Touched, insert, lock, read_passage
from .refusals import ActionRefused, AlreadyDone, ArticleClosed, WrongPassage

__all__ = ["ActionRefused", "AlreadyDone", "ArticleClosed", "WrongPassage"]  # with the actions

Kind = Change.Kind


@dataclass
class Done:
    """What an action changed: the log's line, if any, and the positions of the sentences."""

    article: Article
    positions: list[int]
    change: Change | None = None
    annotation: Annotation | None = None
    sentences: Sequence[Touched] = ()
    latest: int = 0  # the person's last change before this one
    repeated: bool = False  # the request was carried out before, `change` is of that time


@contextmanager
def _once(by: User, request: uuid.UUID | None) -> Iterator[None]:
    """Run an action in a transaction; if its request was done before, undo it and say so.

    The log's unique constraint decides, so that no query is spent on looking first.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "change_one_per_request" not in str(error):
            raise
        changes = Change.objects.select_related(
            "annotation__label", "reading__sentence", "target"
        )
        raise AlreadyDone(changes.get(by=by, request=request)) from error


def annotate(
    *,
    article: Article,
    reviewer: User,
    label: Label,
    start: int,
    end: int,
    note: str = "",
    confidence: int | None = None,
    request: uuid.UUID | None = None,
) -> Done:
    """Record that `reviewer` puts `label` on the passage `[start, end)`.

    Offsets count Unicode code points. The same label on the same passage again answers
    the annotation that stands: a double click changes nothing.
    Raises ArticleClosed, WrongPassage, AlreadyDone.
    """
    try:
        with _once(reviewer, request):
            article = lock(article.pk, reviewer)
            passage = read_passage(article, reviewer, start, end)
            annotation = Annotation(
                article=article,
                reviewer=reviewer,
                label=label,
                note=note,
                confidence=confidence,
            )
            passage.place(annotation, start, end)
            change = Change(
                article=article,
                by=reviewer,
                kind=Kind.CREATED,
                after=_snapshot(annotation),
                below_id=passage.undo_top,
                request=request,
            )
            insert(annotation, change)
    except IntegrityError as error:
        if "annotation_one_live_per_reviewer_label_and_passage" not in str(error):
            raise
        standing = Annotation.objects.live().get(
            article=article, reviewer=reviewer, label=label, start=start, end=end
        )
        return _done(standing, change=None)
    return _done(annotation, change=change, passage=passage)


def edit(
    annotation: Annotation,
    *,
    by: User,
    request: uuid.UUID | None = None,
    **changes: Any,
) -> Done:
    """Change an annotation's `label`, `start`, `end`, `note` or `confidence`.

    What is typed into a note comes in pieces; consecutive pieces are one step of undo.
    Raises ArticleClosed, WrongPassage, AlreadyDone.
    """
    try:
        with _once(by, request):
            start, end = changes.pop("start", None), changes.pop("end", None)
            lock(annotation.article_id, by)
            annotation = _own(annotation)
            before, positions = _snapshot(annotation), _positions(annotation)
            for name, value in changes.items():
                setattr(annotation, name, value)
            start = annotation.start if start is None else start
            end = annotation.end if end is None else end
            if (start, end) != (annotation.start, annotation.end):
                read_passage(annotation.article, by, start, end).place(annotation, start, end)
            if _snapshot(annotation) == before:
                return _done(annotation, change=None)
            annotation.changed_at = timezone.now()
            annotation.save()
            change = _record(
                annotation, by=by, kind=Kind.EDITED, before=before, request=request
            )
    except IntegrityError as error:
        if "annotation_one_live_per_reviewer_label_and_passage" not in str(error):
            raise
        raise WrongPassage("You already have a tag with this label on this passage.") from error
    done = _done(annotation, change=change)
    done.positions = sorted({*positions, *done.positions})
    return done


def withdraw(annotation: Annotation, *, by: User, request: uuid.UUID | None = None) -> Done:
    """Take an annotation back; taken back already, it stays so."""
    with _once(by, request):
        lock(annotation.article_id, by)
        annotation = _own(annotation, withdrawn=True)
        if annotation.withdrawn_at:
            return _done(annotation, change=None)
        before = _snapshot(annotation)
        annotation.withdrawn_at = annotation.changed_at = timezone.now()
        annotation.save(update_fields=["withdrawn_at", "changed_at"])
        change = _record(annotation, by=by, kind=Kind.WITHDRAWN, before=before, request=request)
    return _done(annotation, change=change)


def set_reading(
    sentence: Sentence, *, by: User, read: bool | None = None, request: uuid.UUID | None = None
) -> Done:
    """Say that nothing is to tag in a sentence, or take that back; None does the other."""
    with _once(by, request):
        article = lock(sentence.article_id, by)
        reading = Reading.objects.filter(sentence=sentence, reviewer=by).first()
        stands = reading is not None and reading.withdrawn_at is None
        read = not stands if read is None else read
        if read == stands:
            return Done(article=article, positions=[sentence.position])
        reading = reading or Reading(sentence=sentence, reviewer=by)
        before = _snapshot(reading) if reading.pk else None
        reading.withdrawn_at = None if read else timezone.now()
        reading.save()
        kind = Kind.READ if read else Kind.UNREAD
        change = _record(reading, by=by, kind=kind, before=before, request=request)
    return Done(article=article, positions=[sentence.position], change=change)


def undo(article: Article, *, by: User, request: uuid.UUID | None = None) -> Done:
    """Take back the person's last change in this article; with none, change nothing."""
    with _once(by, request):
        article = lock(article.pk, by)
        latest = _latest(article, by)
        target = _change(latest.undo_top_id) if latest else None
        if latest is None or target is None:
            return Done(article=article, positions=[])
        below = latest.redo_top_id
        return _apply(target, target.before, Kind.UNDONE, below, by, request)


def redo(article: Article, *, by: User, request: uuid.UUID | None = None) -> Done:
    """Do again what the person last undid in this article; with nothing undone, nothing."""
    with _once(by, request):
        article = lock(article.pk, by)
        latest = _latest(article, by)
        undone = _change(latest.redo_top_id) if latest else None
        if undone is None or undone.target is None:
            return Done(article=article, positions=[])
        return _apply(
            undone.target, undone.target.after, Kind.REDONE, undone.below_id, by, request
        )


def set_hidden(annotation: Annotation, *, by: User, hidden: bool) -> None:
    """Hide an annotation from everybody but its reviewer and moderators, or show it again."""
    with transaction.atomic():
        annotation = Annotation.objects.select_for_update(no_key=True).get(pk=annotation.pk)
        if bool(annotation.hidden_at) == hidden:
            return
        before = _snapshot(annotation)
        annotation.hidden_at = timezone.now() if hidden else None
        annotation.save(update_fields=["hidden_at"])
        kind = Kind.HIDDEN if hidden else Kind.SHOWN
        Change.objects.create(
            article_id=annotation.article_id,
            by=by,
            kind=kind,
            annotation=annotation,
            before=before,
            after=_snapshot(annotation),
        )


def done_before(change: Change) -> Done:
    """What a request that was carried out earlier changed."""
    thing = change.annotation or change.reading
    assert thing is not None, "a database constraint holds this"
    return Done(
        article=change.article,
        positions=_positions(thing),
        change=change,
        annotation=change.annotation,
        repeated=True,
    )


# --- Inside an action: the article is locked -------------------------------------------


def _own(annotation: Annotation, *, withdrawn: bool = False) -> Annotation:
    """Return the annotation as it stands, now that the article is locked."""
    standing = Annotation.objects.select_related("label", "article")
    annotation = standing.defer("article__text", "article__search").get(pk=annotation.pk)
    if annotation.withdrawn_at and not withdrawn:
        raise ActionRefused("This tag was taken back. Undo brings it back.")
    return annotation


def _snapshot(thing: Annotation | Reading) -> dict[str, Any]:
    """Return what undo has to restore."""
    if isinstance(thing, Reading):
        return {"withdrawn": thing.withdrawn_at is not None}
    return {
        "label": thing.label.slug,
        "start": thing.start,
        "end": thing.end,
        "note": thing.note,
        "confidence": thing.confidence,
        "withdrawn": thing.withdrawn_at is not None,
        "hidden": thing.hidden_at is not None,
    }


def _record(
    thing: Annotation | Reading,
    *,
    by: User,
    kind: Kind,
    before: dict[str, Any] | None = None,
    request: uuid.UUID | None = None,
) -> Change:
    annotation = thing if isinstance(thing, Annotation) else None
    reading = thing if isinstance(thing, Reading) else None
    article = thing.article_id if isinstance(thing, Annotation) else thing.sentence.article_id
    change = Change(
        article_id=article,
        by=by,
        kind=kind,
        annotation=annotation,
        reading=reading,
        before=before,
        after=_snapshot(thing),
        request=request,
    )
    change.below_id = Change.objects.undo_top(article, by)
    if kind == Kind.EDITED:
        _continue_note(change)
    change.save(force_insert=True)
    return change


def _continue_note(change: Change) -> None:
    """Let a piece of typing take the place of the piece before it on the undo stack."""
    latest = _latest(change.article, change.by)
    if (
        latest
        and latest.kind == Kind.EDITED
        and latest.annotation_id == change.annotation_id
        and _only_note(latest)
        and _only_note(change)
        and (change.at - latest.at).total_seconds() < 60
    ):
        change.before, change.below_id = latest.before, latest.below_id


def _only_note(change: Change) -> bool:
    before, after = change.before or {}, change.after or {}
    return {name for name in after if after[name] != before.get(name)} == {"note"}


def _latest(article: Article, by: User) -> Change | None:
    latest = Change.objects.of(article, by).own().select_related("target")
    return latest.order_by("-pk").first()


def _change(pk: int | None) -> Change | None:
    return (
        Change.objects.select_related("target", "annotation", "reading").filter(pk=pk).first()
        if pk
        else None
    )


def _apply(
    target: Change,
    state: dict[str, Any] | None,
    kind: Kind,
    below: int | None,
    by: User,
    request: uuid.UUID | None,
) -> Done:
    """Bring what `target` changed into `state`; None is before it was made."""
    thing: Annotation | Reading | None = target.annotation or target.reading
    assert thing is not None, "a database constraint holds this"
    state = state or {"withdrawn": True}
    before = _snapshot(thing)
    positions = _positions(thing)
    if state["withdrawn"] != bool(thing.withdrawn_at):
        thing.withdrawn_at = timezone.now() if state["withdrawn"] else None
    if isinstance(thing, Annotation):
        if "label" in state:
            thing.label = Label.objects.get(slug=state["label"])
            thing.note, thing.confidence = state["note"], state["confidence"]
            start, end = state["start"], state["end"]
            if (start, end) != (thing.start, thing.end):
                read_passage(thing.article, by, start, end).place(thing, start, end)
        thing.changed_at = timezone.now()
    thing.save()
    change = Change.objects.create(
        article_id=target.article_id,
        by=by,
        kind=kind,
        annotation=target.annotation,
        reading=target.reading,
        before=before,
        after=_snapshot(thing),
        target=target,
        below_id=below,
        request=request,
    )
    return Done(
        article=target.article,
        positions=sorted({*positions, *_positions(thing)}),
        change=change,
        annotation=target.annotation,
    )


def _positions(thing: Annotation | Reading) -> list[int]:
    if isinstance(thing, Reading):
        return [thing.sentence.position]
    return list(range(thing.first_position, thing.last_position + 1))


def _done(
    annotation: Annotation, change: Change | None, passage: Passage | None = None
) -> Done:
    return Done(
        article=annotation.article,
        positions=_positions(annotation),
        change=change,
        annotation=annotation,
        sentences=passage.sentences if passage else [],
        latest=passage.latest if passage else 0,
    )
