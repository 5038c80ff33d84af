"""What people do in a discussion: begin one, comment, edit, withdraw, resolve, reopen.

Every action locks the article first, as tagging does: that orders it against the reveal, and
the same request sent twice finds what the first one did.
"""

from __future__ import annotations

import datetime
import uuid

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotate.accounts.models import User
from annotate.annotations.guideline import add_precedent
from annotate.annotations.models import Label
from annotate.annotations.passages import read_passage, refuse_closed
from annotate.articles.models import Article
from annotate.live.actions import publish
from annotate.live.models import Event
from annotate.reviews.actions import join, lock_article, seat
from annotate.reviews.models import Round
from annotate.reviews.parts import Part, part_of
from annotate.reviews.people import People

from .models import Comment, CommentQuerySet, Step, Thread
from .parts import readers, refusal
from .refusals import ActionRefused, NotYours
from .signals import mentioned
from .text import find_mentions, hide_names

Kind = Step.Kind
Outcome = Thread.Outcome
MOMENT = datetime.timedelta(microseconds=1)


@transaction.atomic
def begin_thread(
    article: Article,
    *,
    by: User,
    start: int,
    end: int,
    text: str,
    request: uuid.UUID | None = None,
) -> Thread:
    """Begin a discussion of the passage `[start, end)` with its first comment.

    The same words of the same person again, with none after them, change nothing. Offsets
    count Unicode code points. Raises ArticleClosed, NotAReviewer, WrongPassage.
    """
    article = lock_article(article)
    if done := _done_before(by, request):
        return _with_words(done, by=by, text=text).thread
    part = _enter(article, by)
    begun = Comment.objects.filter(
        thread__article=article,
        thread__round=part.round,
        thread__start=start,
        thread__end=end,
        thread__created_by=by,
        thread__resolved_at=None,
    )
    if standing := _said_last(begun, by=by, text=text):
        return standing.thread
    passage = read_passage(article, part, start, end)
    thread = Thread.objects.create(
        article=article,
        round=part.round,
        start=start,
        end=end,
        exact=passage.exact,
        prefix=passage.prefix,
        suffix=passage.suffix,
        first_position=passage.sentences[0].position,
        last_position=passage.sentences[-1].position,
        created_by=by,
    )
    _record(thread, Kind.BEGUN, by=by)
    _say(thread, by=by, text=text, request=request)
    return thread


@transaction.atomic
def comment(
    thread: Thread, *, by: User, text: str, request: uuid.UUID | None = None
) -> Comment:
    """Add a comment; the same words again, with none after them, change nothing.

    Raises ArticleClosed, NotAReviewer.
    """
    thread = _lock(thread)
    if done := _done_before(by, request):
        return _with_words(done, by=by, text=text)
    _enter(thread.article, by, thread)
    return _said_last(thread.comments.all(), by=by, text=text) or _say(
        thread, by=by, text=text, request=request
    )


@transaction.atomic
def edit_comment(comment: Comment, *, by: User, text: str) -> Comment:
    """Change one's own comment; the same text changes nothing.

    Raises ArticleClosed, NotAReviewer, NotYours; ActionRefused if it was withdrawn.
    """
    comment = _own(comment, by)
    if comment.withdrawn_at:
        raise ActionRefused("This comment was withdrawn. Write another one.")
    people = People.of(comment.thread.round, by)
    text = hide_names(text, people) if by.is_moderator else text
    if text == comment.text:
        return comment
    before, comment.text = comment.text, text
    comment.edited_at = timezone.now()
    comment.save(update_fields=["text", "edited_at"])
    _mention(comment, people)
    _record(comment.thread, Kind.EDITED, by=by, comment=comment, before=before)
    return comment


@transaction.atomic
def withdraw_comment(comment: Comment, *, by: User) -> Comment:
    """Take one's own comment back: that there was one stays; withdrawn already, it stays so.

    Raises ArticleClosed, NotAReviewer, NotYours.
    """
    comment = _own(comment, by)
    if comment.withdrawn_at:
        return comment
    comment.withdrawn_at = timezone.now()
    comment.save(update_fields=["withdrawn_at"])
    _record(comment.thread, Kind.WITHDRAWN, by=by, comment=comment)
    return comment


@transaction.atomic
def resolve(
    thread: Thread, *, by: User, outcome: str, label: Label | None = None, text: str = ""
) -> Thread:
    """End a thread with an outcome; the same outcome again changes nothing.

    A guideline gap needs a label and a sentence, and becomes a precedent of the label's
    guideline. Raises ArticleClosed, NotAReviewer; ActionRefused for what does not fit.
    """
    thread = _lock(thread)
    if thread.outcome == outcome:
        return thread
    part = _enter(thread.article, by, thread)
    if thread.is_resolved:
        raise ActionRefused(
            f"This discussion was resolved already: {thread.get_outcome_display().lower()}. "
            "Reopen it first."
        )
    if outcome == Outcome.GAP:
        _refuse_gap(part, label, text)
        assert label is not None
        thread.precedent = add_precedent(
            label,
            text=text,
            article=thread.article,
            start=thread.start,
            end=thread.end,
            exact=thread.exact,
            by=by,
        )
    thread.outcome, thread.resolved_by, thread.resolved_at = outcome, by, timezone.now()
    thread.save(update_fields=["outcome", "resolved_by", "resolved_at", "precedent"])
    _record(thread, Kind.RESOLVED, by=by, at=thread.resolved_at)
    return thread


@transaction.atomic
def reopen(thread: Thread, *, by: User) -> Thread:
    """Go on with a resolved thread. A precedent that came of it stays in the guideline.

    Raises ArticleClosed, NotAReviewer.
    """
    thread = _lock(thread)
    if not thread.is_resolved:
        return thread
    _enter(thread.article, by, thread)
    thread.outcome, thread.resolved_by, thread.resolved_at = "", None, None
    thread.precedent = None
    thread.save(update_fields=["outcome", "resolved_by", "resolved_at", "precedent"])
    _record(thread, Kind.REOPENED, by=by)
    return thread


def adopt(sender: object, round: Round, by: User | None, **kwargs: object) -> None:
    """Let an article's first round begin with what was discussed before there was a review.

    Who discussed it is a reviewer of the round, but for moderators.
    """
    if round.number > 1:
        return
    Thread.objects.filter(article=round.article, round=None).update(round=round)
    people = User.objects.with_roles().filter(
        pk__in=Comment.objects.filter(thread__round=round).values("author")
    )
    seat(round, [one for one in people if not one.is_moderator], by=by)


# --- Inside an action: the article is locked -------------------------------------------


def _lock(thread: Thread) -> Thread:
    """Lock the thread's article; return the thread as it stands then."""
    article = lock_article(thread.article)
    thread = Thread.objects.select_related("round").get(pk=thread.pk)
    thread.article = article
    return thread


def _own(comment: Comment, by: User) -> Comment:
    """Lock the article; return the comment as it stands then, if `by` may change it."""
    thread = _lock(comment.thread)
    comment = Comment.objects.get(pk=comment.pk)
    comment.thread = thread
    if comment.author_id != by.pk:
        raise NotYours("This is another person's comment: only they can change it.")
    _enter(thread.article, by, thread)
    return comment


def _enter(article: Article, by: User, thread: Thread | None = None) -> Part:
    """Return the person's part if they may write now; in an open round they take one."""
    refuse_closed(article)
    part = part_of(article, by)
    if refused := refusal(part, thread.round_id if thread else part.round_id):
        raise refused
    if part.round is not None and part.may_join and not by.is_moderator:
        part = Part(by, part.round, join(part.round, by))
    return part


def _done_before(by: User, request: uuid.UUID | None) -> Comment | None:
    if request is None:
        return None
    done = Comment.objects.select_related("thread__article")
    done = done.defer("thread__article__text", "thread__article__search")
    return done.filter(author=by, request=request).first()


def _with_words(done: Comment, *, by: User, text: str) -> Comment:
    """Return what a request did that is sent again, with what was written since."""
    return done if done.text == text else edit_comment(done, by=by, text=text)


def _said_last(comments: CommentQuerySet, *, by: User, text: str) -> Comment | None:
    """Return the last of `comments` if it stands, is the person's and says the same.

    So it does where somebody went back to a form that was sent, and sent it once more.
    """
    last = comments.select_related("thread").order_by("created_at").last()
    if last is None or last.withdrawn_at or last.hidden_at:
        return None
    return last if (last.author_id, last.text) == (by.pk, text) else None


def _say(thread: Thread, *, by: User, text: str, request: uuid.UUID | None) -> Comment:
    people = People.of(thread.round, by)
    text = hide_names(text, people) if by.is_moderator else text
    # After the last one, whose process may have another clock, or this one was set back.
    last = thread.comments.aggregate(last=Max("created_at"))["last"]
    now = max(timezone.now(), last + MOMENT) if last else timezone.now()
    comment = Comment.objects.create(
        thread=thread, author=by, text=text, request=request, created_at=now
    )
    _mention(comment, people)
    _record(thread, Kind.COMMENTED, by=by, comment=comment)
    return comment


def _mention(comment: Comment, people: People) -> None:
    """Keep whom a comment names, and tell of those whom it did not name before."""
    audience = readers(comment.thread.round) if "@" in comment.text else ()
    named = find_mentions(comment.text, people, audience)
    before = set(comment.mentions.all())
    comment.mentions.set(named)
    new = [one for one in named if one not in before and one.pk != comment.author_id]
    if new:
        mentioned.send(Comment, comment=comment, people=new)


def _refuse_gap(part: Part, label: Label | None, text: str) -> None:
    if not part.user.is_moderator:
        raise ActionRefused(
            "Only moderators resolve a discussion as a guideline gap: it changes the guideline."
        )
    if part.round is not None and part.round.is_blind:
        raise ActionRefused(
            "A precedent would tell the reviewers of a blind round where another has a "
            "question. Reveal the round first."
        )
    if label is None or not text:
        raise ActionRefused("A guideline gap needs a label and a sentence for its guideline.")


def _record(
    thread: Thread,
    kind: Kind,
    *,
    by: User,
    comment: Comment | None = None,
    before: str = "",
    at: datetime.datetime | None = None,
) -> None:
    """Write the line of the log, and tell the pages that show the thread's sentences."""
    Step.objects.create(
        thread=thread,
        kind=kind,
        by=by,
        comment=comment,
        outcome=thread.outcome,
        precedent=thread.precedent,
        before=before,
        at=at or timezone.now(),
    )
    positions = range(thread.first_position, thread.last_position + 1)
    publish(thread.article_id, Event.Kind.THREADS, by=by, positions=positions)
