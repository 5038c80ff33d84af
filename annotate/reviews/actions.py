"""What is done to a round: open, assign, submit, reopen, hand on, reveal, close.

Every action locks the article first, as tagging does. So the reveal is one moment: a tag is
made either before it, blind, or after it, and says which.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.actions import store_status
from annotate.articles.models import Article
from annotate.live.actions import publish
from annotate.live.models import Event

from .models import Assignment, Move, Round
from .refusals import ActionRefused, ArticleClosed, NotAReviewer
from .signals import assigned, moved, revealed, round_opened

Kind = Move.Kind
Mode = Round.Mode
State = Round.State

# From each state, those that may follow it; docs/moderators.md has the same table.
MOVES: dict[str, set[str]] = {
    State.BLIND: {State.REVEALED},
    State.OPEN: {State.CLOSED},
    State.REVEALED: {State.CLOSED},
    State.CLOSED: set(),
}


@transaction.atomic
def open_round(
    article: Article,
    *,
    by: User | None,
    mode: str = Mode.BLIND,
    needed: int = 2,
    due: datetime.date | None = None,
    pseudonyms: bool = False,
    reviewers: Sequence[User] = (),
) -> Round:
    """Open the article's next round and the article itself.

    Raises ActionRefused while a round is active, and for an archived article.
    """
    article = lock_article(article)
    latest = article.rounds.filter(latest=True).first()
    if latest and latest.is_active:
        raise ActionRefused(
            f"Round {latest.number} of “{article}” is not closed yet. Close it first."
        )
    if article.status == Article.Status.ARCHIVED:
        raise ActionRefused(f"“{article}” is archived. Open or lock it first.")
    article.rounds.update(latest=False)
    round = Round.objects.create(
        article=article,
        number=latest.number + 1 if latest else 1,
        mode=mode,
        state=State.BLIND if mode == Mode.BLIND else State.OPEN,
        needed=needed,
        due=due,
        pseudonyms=pseudonyms,
        opened_by=by,
    )
    store_status(article, Article.Status.OPEN, by=by)
    _log(round, Kind.OPENED, by=by, after=round.state)
    round_opened.send(Round, round=round, by=by)
    assign(round, reviewers, by=by)
    return round


@transaction.atomic
def change_round(round: Round, *, by: User, **changes: object) -> Round:
    """Change `needed`, `due` or `pseudonyms`; fewer needed may bring the reveal.

    Raises ArticleClosed if the round is closed.
    """
    round = _lock(round)
    if not round.is_active:
        raise ArticleClosed(f"Round {round.number} is closed.")
    notes = []
    for name, value in changes.items():
        if (before := getattr(round, name)) != value:
            setattr(round, name, value)
            notes.append(f"{name}: {before} → {value}")
    if notes:
        round.save(update_fields=list(changes))
        _log(round, Kind.SET, by=by, note="; ".join(notes))
        _reveal_if_due(round)
    return round


@transaction.atomic
def assign(round: Round, reviewers: Iterable[User], *, by: User | None) -> list[Assignment]:
    """Give reviewers a part in the round; return the new ones. Who has one keeps it.

    Raises ArticleClosed if the round is closed, ActionRefused for somebody who cannot sign in.
    """
    round = _lock(round)
    if not round.is_active:
        raise ArticleClosed(f"Round {round.number} is closed.")
    reviewers = list(reviewers)
    for person in reviewers:
        if not person.is_active:
            raise ActionRefused(f"{person} cannot sign in and cannot be assigned.")
        if person.is_suspended:
            raise ActionRefused(f"{person} is suspended and cannot be assigned.")
    made = seat(round, reviewers, by=by)
    assigned.send(Round, round=round, assignments=made, by=by)
    return made


@transaction.atomic
def join(round: Round, reviewer: User) -> Assignment:
    """Let somebody take part in an open round. The article is locked by the caller."""
    number = _next_number(round)
    assignment = Assignment.objects.create(round=round, reviewer=reviewer, number=number)
    _log(round, Kind.JOINED, by=reviewer, person=reviewer)
    return assignment


@transaction.atomic
def hand_on(assignment: Assignment, to: User, *, by: User) -> Assignment:
    """Give an unfinished part that is past its due date to somebody else.

    What the first reviewer did stays. Raises ActionRefused.
    """
    round = _lock(assignment.round)
    assignment = round.assignments.select_related("reviewer", "round").get(pk=assignment.pk)
    if not assignment.is_late:
        raise ActionRefused(
            f"{assignment.reviewer}’s part is not late: only what is unfinished past its due "
            "date is handed on."
        )
    if round.assignments.filter(reviewer=to).exists():
        raise ActionRefused(f"{to} has a part in this round already.")
    assignment.handed_on_at = timezone.now()
    assignment.save(update_fields=["handed_on_at"])
    # To whom is the next line: no text holds a name that could not be erased.
    _log(round, Kind.HANDED_ON, by=by, person=assignment.reviewer)
    return assign(round, [to], by=by)[0]


@transaction.atomic
def submit(article: Article, *, by: User) -> Assignment:
    """Say that one is done; the last submit that a blind round needs reveals it.

    Submitted already, nothing changes. Raises ActionRefused.
    """
    round, assignment = _own(article, by)
    if assignment.submitted_at:
        return assignment
    if not round.takes_submits:
        raise ArticleClosed(
            f"Round {round.number} is {round.state}: nothing is to be submitted."
        )
    assignment.submitted_at = timezone.now()
    assignment.save(update_fields=["submitted_at"])
    _log(round, Kind.SUBMITTED, by=by, person=by)
    _reveal_if_due(round)
    return assignment


@transaction.atomic
def reopen(article: Article, *, by: User) -> Assignment:
    """Take one's submit back, before the reveal. Raises ActionRefused."""
    round, assignment = _own(article, by)
    if not assignment.submitted_at:
        return assignment
    if not round.takes_submits:
        raise ArticleClosed(f"Round {round.number} is {round.state}: a review stays submitted.")
    assignment.submitted_at = None
    assignment.save(update_fields=["submitted_at"])
    _log(round, Kind.REOPENED, by=by, person=by)
    return assignment


@transaction.atomic
def reveal(round: Round, *, by: User | None) -> Round:
    """Let the round's reviewers see each other's tags; revealed already, nothing changes.

    Raises ActionRefused.
    """
    round = _lock(round)
    if not round.is_revealed:
        _move(round, State.REVEALED, Kind.REVEALED, by=by)
    return round


@transaction.atomic
def close(round: Round, *, by: User) -> Round:
    """End the round and lock the article; closed already, nothing changes.

    Raises ActionRefused.
    """
    round = _lock(round)
    if round.is_active:
        _move(round, State.CLOSED, Kind.CLOSED, by=by)
        if round.article.status == Article.Status.OPEN:
            store_status(round.article, Article.Status.LOCKED, by=by)
    return round


# --- Inside an action ----------------------------------------------------------------------


def lock_article(article: Article) -> Article:
    """Lock the article's row, as tagging does, and read it anew without its text."""
    rows = Article.objects.select_for_update(no_key=True).defer("text", "search")
    return rows.get(pk=article.pk)


def _lock(round: Round) -> Round:
    """Lock the round's article; return the round as it stands then."""
    article = lock_article(round.article)
    round = article.rounds.get(pk=round.pk)
    round.article = article
    return round


def _own(article: Article, person: User) -> tuple[Round, Assignment]:
    article = lock_article(article)
    round = article.rounds.filter(latest=True).first()
    assignment = round and round.assignments.active().filter(reviewer=person).first()
    if not round or not assignment:
        raise NotAReviewer("You have no part in a review of this story.")
    round.article = article
    return round, assignment


def _move(round: Round, state: str, kind: Kind, *, by: User | None) -> None:
    if state not in MOVES[round.state]:
        raise ActionRefused(f"A {round.state} round cannot become {state}.")
    before, round.state = round.state, state
    moment = {State.REVEALED: "revealed_at", State.CLOSED: "closed_at"}[State(state)]
    setattr(round, moment, timezone.now())
    round.save(update_fields=["state", moment])
    _log(round, kind, by=by, before=before, after=state)
    if round.is_revealed:
        revealed.send(Round, round=round, by=by)


def _reveal_if_due(round: Round) -> None:
    if not round.is_blind:
        return
    submitted = round.assignments.active().exclude(submitted_at=None).count()
    if submitted >= round.needed:
        _move(round, State.REVEALED, Kind.REVEALED, by=None)


def seat(round: Round, reviewers: Sequence[User], *, by: User | None) -> list[Assignment]:
    """Give a part to those who have none; the article is locked by the caller."""
    here = set(round.assignments.values_list("reviewer", flat=True))
    new = list({one.pk: one for one in reviewers if one.pk not in here}.values())
    # Shuffled: the number of a pseudonym is not to tell the order of a list of names.
    random.SystemRandom().shuffle(new)
    first = _next_number(round)
    made = Assignment.objects.bulk_create(
        Assignment(round=round, reviewer=person, number=number, assigned_by=by)
        for number, person in enumerate(new, start=first)
    )
    for assignment in made:
        _log(round, Kind.ASSIGNED, by=by, person=assignment.reviewer)
    return made


def _next_number(round: Round) -> int:
    return (round.assignments.aggregate(Max("number"))["number__max"] or 0) + 1


def _log(
    round: Round,
    kind: Kind,
    *,
    by: User | None,
    person: User | None = None,
    before: str = "",
    after: str = "",
    note: str = "",
) -> None:
    move = Move.objects.create(
        round=round, kind=kind, by=by, person=person, before=before, after=after, note=note
    )
    moved.send(Move, move=move)
    if person:  # in a blind round only they may know
        publish(round.article_id, Event.Kind.PART, by=person)
    else:
        publish(round.article_id, Event.Kind.ROUND, by=by)
