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
from itertools import pairwise
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.models import Article, Sentence
from annotate.live.actions import publish
from annotate.live.models import Event
from annotate.reviews.actions import seat
from annotate.reviews.models import Round
from annotate.reviews.parts import Part, part_of

from .log import (
    change_with,
    latest_change,
    movement_of,
    positions_of,
    record,
    said_by,
    snapshot,
)
from .models import Annotation, Change, Label, Reading
from .passages import Touched, insert, lock, lock_passage, read_passage
from .premoderation import hold, must_wait
from .refusals import ActionRefused, AlreadyDone, ArticleClosed, NotAReviewer, WrongPassage
from .signals import pending_changed
from .states import CONTENT, GONE, PASSAGE, bring_into, differs, save, told_as

# With the actions:
__all__ = ["ActionRefused", "AlreadyDone", "ArticleClosed", "NotAReviewer", "WrongPassage"]

Kind = Change.Kind
TAGS = Event.Kind.TAGS


@dataclass
class Done:
    """What an action changed: the log's line, if any, and the positions of the sentences."""

    article: Article
    part: Part
    positions: list[int]
    change: Change | None = None
    annotation: Annotation | None = None
    sentences: Sequence[Touched] = ()
    before: int = 0  # the last event before this action that the person may know of, if known
    event: int = 0  # this action's own
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
    label: Label | str,
    start: int,
    end: int,
    note: str = "",
    confidence: int | None = None,
    toggle: bool = False,
    request: uuid.UUID | None = None,
) -> Done:
    """Record that `reviewer` puts `label`, or the one with that slug, on `[start, end)`.

    Offsets count Unicode code points. The same label on the same passage again answers
    the annotation that stands: a double click changes nothing. With `toggle` it is taken
    back, as by a key whose effect an undo before it decides.
    Raises ArticleClosed, UnknownLabel, WrongPassage, AlreadyDone.
    """
    slug = label if isinstance(label, str) else label.slug
    try:
        with _once(reviewer, request):
            article, part, label, passage = lock_passage(article.pk, reviewer, slug, start, end)
            annotation = Annotation(
                article=article,
                reviewer=reviewer,
                label=label,
                round=part.round,
                note=note,
                confidence=confidence,
                guideline=label.version,
            )
            passage.place(annotation, start, end)
            if must_wait(article, reviewer):
                hold(annotation)
            change = Change(
                article=article,
                by=reviewer,
                round=part.round,
                kind=Kind.CREATED,
                movement=movement_of(annotation, part, None),
                after=snapshot(annotation),
                below_id=passage.undo_top,
                request=request,
            )
            event = insert(annotation, change)
            _tell_if_pending(annotation)
    except IntegrityError as error:
        if "annotation_one_live_per_reviewer_label_and_passage" not in str(error):
            raise
        part = part_of(article, reviewer)
        own = Annotation.objects.live().filter(reviewer=reviewer, round=part.round_id)
        standing = own.get(article=article, label__slug=slug, start=start, end=end)
        if toggle:
            return withdraw(standing, by=reviewer, request=request)
        return _done(standing, part)
    return Done(
        article=article,
        part=part,
        positions=positions_of(annotation),
        change=change,
        annotation=annotation,
        sentences=passage.sentences,
        before=passage.latest,
        event=event,
    )


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
            article, part = lock(annotation.article_id, by)
            annotation = _own(annotation, part)
            before, positions = snapshot(annotation), positions_of(annotation)
            said = said_by(annotation)
            label = annotation.label_id
            for name, value in changes.items():
                setattr(annotation, name, value)
            if annotation.label_id != label:
                annotation.guideline = annotation.label.version
            start = annotation.start if start is None else start
            end = annotation.end if end is None else end
            if (start, end) != (annotation.start, annotation.end):
                passage = read_passage(annotation.article, part, start, end)
                passage.place(annotation, start, end)
            if snapshot(annotation) == before:
                return _done(annotation, part)
            if annotation.corrected_at and differs(before, snapshot(annotation), PASSAGE):
                raise ActionRefused(
                    "A moderator corrected this tag. Answer the decision if you disagree."
                )
            annotation.changed_at = timezone.now()
            if must_wait(article, by):
                hold(annotation)
            annotation.save()
            change = record(
                annotation, part, Kind.EDITED, before=before, request=request, said=said
            )
            _tell_if_pending(annotation)
            positions = sorted({*positions, *positions_of(annotation)})
            event = publish(annotation.article, told_as(change), by=by, positions=positions)
    except IntegrityError as error:
        if "annotation_one_live_per_reviewer_label_and_passage" not in str(error):
            raise
        raise WrongPassage("You already have a tag with this label on this passage.") from error
    return _done(annotation, part, change, event, positions)


def withdraw(annotation: Annotation, *, by: User, request: uuid.UUID | None = None) -> Done:
    """Take an annotation back; taken back already, it stays so."""
    with _once(by, request):
        _, part = lock(annotation.article_id, by)
        annotation = _own(annotation, part, withdrawn=True)
        if annotation.withdrawn_at:
            return _done(annotation, part)
        before, said = snapshot(annotation), said_by(annotation)
        annotation.withdrawn_at = annotation.changed_at = timezone.now()
        annotation.save(update_fields=["withdrawn_at", "changed_at"])
        change = record(
            annotation, part, Kind.WITHDRAWN, before=before, request=request, said=said
        )
        _tell_if_pending(annotation)
        positions = positions_of(annotation)
        event = publish(annotation.article, told_as(change), by=by, positions=positions)
    return _done(annotation, part, change, event)


def set_reading(
    sentence: Sentence, *, by: User, read: bool | None = None, request: uuid.UUID | None = None
) -> Done:
    """Say that nothing is to tag in a sentence, or take that back; None does the other."""
    with _once(by, request):
        article, part = lock(sentence.article_id, by)
        own = Reading.objects.filter(sentence=sentence, reviewer=by, round=part.round)
        reading = own.first()
        stands = reading is not None and reading.withdrawn_at is None
        read = not stands if read is None else read
        if read == stands:
            return Done(article, part, [sentence.position])
        reading = reading or Reading(sentence=sentence, reviewer=by, round=part.round)
        before = snapshot(reading) if reading.pk else None
        reading.withdrawn_at = None if read else timezone.now()
        reading.save()
        kind = Kind.READ if read else Kind.UNREAD
        change = record(reading, part, kind, before=before, request=request)
        event = publish(article, TAGS, by=by, positions=[sentence.position])
    return Done(article, part, [sentence.position], change, event=event)


def read_the_rest(article: Article, *, by: User, request: uuid.UUID | None = None) -> Done:
    """Say of every sentence that the person neither tagged nor read: nothing to tag.

    A line of the log each, so undo takes them back one by one.
    """
    with _once(by, request):
        article, part = lock(article.pk, by)
        unread = unread_sentences(article, part)
        if not unread:
            return Done(article, part, [])
        changes = _read_all(article, part, unread, request)
        positions = [one.position for one in unread]
        event = publish(article, TAGS, by=by, positions=positions)
    return Done(article, part, positions, changes[-1], event=event)


def unread_sentences(article: Article, part: Part) -> list[Sentence]:
    """Return the sentences that the person neither tagged nor read in the round."""
    own = {"reviewer": part.user, "round": part.round, "withdrawn_at": None}
    tags = Annotation.objects.filter(
        article=article,
        first_position__lte=OuterRef("position"),
        last_position__gte=OuterRef("position"),
        **own,
    )
    readings = Reading.objects.filter(sentence=OuterRef("pk"), **own)
    unread = article.sentences.filter(~Exists(tags), ~Exists(readings))
    return list(unread.order_by("position"))


def _read_all(
    article: Article, part: Part, unread: list[Sentence], request: uuid.UUID | None
) -> list[Change]:
    """Store a reading of each sentence; return the lines of the log, each above the other."""
    own = Reading.objects.filter(sentence__in=unread, reviewer=part.user, round=part.round)
    withdrawn = {one.sentence_id: one for one in own}
    own.update(withdrawn_at=None)
    made = Reading.objects.bulk_create(
        Reading(sentence=one, reviewer=part.user, round=part.round)
        for one in unread
        if one.pk not in withdrawn
    )
    readings = withdrawn | {one.sentence_id: one for one in made}
    latest = latest_change(article, part)
    changes = Change.objects.bulk_create(
        Change(
            article=article,
            by=part.user,
            round=part.round,
            kind=Kind.READ,
            movement=movement_of(readings[one.pk], part, None),
            reading=readings[one.pk],
            before={"withdrawn": True} if one.pk in withdrawn else None,
            after={"withdrawn": False},
            below_id=latest.undo_top_id if latest else None,
            request=request if one is unread[-1] else None,
        )
        for one in unread
    )
    for below, change in pairwise(changes):
        change.below = below
    Change.objects.bulk_update(changes[1:], ["below"], batch_size=1_000)
    return changes


def undo(article: Article, *, by: User, request: uuid.UUID | None = None) -> Done:
    """Take back the person's last change in this article; with none, change nothing."""
    with _once(by, request):
        article, part = lock(article.pk, by)
        latest = latest_change(article, part)
        target = change_with(latest.undo_top_id) if latest else None
        if latest is None or target is None:
            return Done(article, part, [])
        below = latest.redo_top_id
        return _apply(article, target, target.before, Kind.UNDONE, below, part, request)


def redo(article: Article, *, by: User, request: uuid.UUID | None = None) -> Done:
    """Do again what the person last undid in this article; with nothing undone, nothing."""
    with _once(by, request):
        article, part = lock(article.pk, by)
        latest = latest_change(article, part)
        undone = change_with(latest.redo_top_id) if latest else None
        if undone is None or undone.target is None:
            return Done(article, part, [])
        state, below = undone.target.after, undone.below_id
        return _apply(article, undone.target, state, Kind.REDONE, below, part, request)


def adopt(sender: object, round: Round, by: User | None, **kwargs: object) -> None:
    """Let an article's first round begin with what was done before there was a review.

    Whoever did any of it is a reviewer of the round.
    """
    if round.number > 1:
        return
    article = round.article
    for rows in (
        Annotation.objects.filter(article=article, round=None),
        Reading.objects.filter(sentence__article=article, round=None),
        Change.objects.filter(article=article, round=None),
    ):
        rows.update(round=round)
    people = User.objects.filter(
        Q(annotations__round=round) | Q(readings__round=round)
    ).distinct()
    seat(round, list(people), by=by)


def done_before(change: Change, by: User) -> Done:
    """What a request that was carried out earlier changed."""
    thing = change.annotation or change.reading
    assert thing is not None, "a database constraint holds this"
    return Done(
        article=change.article,
        part=part_of(change.article_id, by),
        positions=positions_of(thing),
        change=change,
        annotation=change.annotation,
        repeated=True,
    )


# --- Inside an action: the article is locked -------------------------------------------


def _own(annotation: Annotation, part: Part, *, withdrawn: bool = False) -> Annotation:
    """Return the annotation as it stands, now that the article is locked."""
    standing = Annotation.objects.select_related("label", "article")
    annotation = standing.defer("article__text", "article__search").get(pk=annotation.pk)
    if annotation.round_id != part.round_id:
        raise ArticleClosed("This tag belongs to an earlier round, which is closed.")
    if annotation.withdrawn_at and not withdrawn:
        raise ActionRefused("This tag was taken back. Undo brings it back.")
    return annotation


def _apply(
    article: Article,
    target: Change,
    state: dict[str, Any] | None,
    kind: Kind,
    below: int | None,
    part: Part,
    request: uuid.UUID | None,
) -> Done:
    """Bring what `target` changed into `state`; None is before it was made."""
    thing: Annotation | Reading | None = target.annotation or target.reading
    assert thing is not None, "a database constraint holds this"
    before, said = snapshot(thing), said_by(thing)
    positions = positions_of(thing)
    bring_into(thing, state or GONE, part)
    if isinstance(thing, Annotation):
        thing.changed_at = timezone.now()
        if differs(before, snapshot(thing), CONTENT) and must_wait(article, part.user):
            hold(thing)
    save(thing)
    if isinstance(thing, Annotation):
        _tell_if_pending(thing)
    change = Change.objects.create(
        article_id=target.article_id,
        by=part.user,
        round=part.round,
        kind=kind,
        movement=movement_of(thing, part, said),
        annotation=target.annotation,
        reading=target.reading,
        before=before,
        after=snapshot(thing),
        target=target,
        below_id=below,
        request=request,
    )
    positions = sorted({*positions, *positions_of(thing)})
    told = told_as(change)
    event = publish(target.article_id, told, by=part.user, positions=positions)
    return Done(target.article, part, positions, change, target.annotation, event=event)


def _tell_if_pending(annotation: Annotation) -> None:
    if annotation.pending:
        pending_changed.send(Annotation, annotation=annotation)


def _done(
    annotation: Annotation,
    part: Part,
    change: Change | None = None,
    event: int = 0,
    positions: list[int] | None = None,
) -> Done:
    positions = positions or positions_of(annotation)
    return Done(annotation.article, part, positions, change, annotation, event=event)
