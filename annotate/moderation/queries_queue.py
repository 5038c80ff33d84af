"""The queue as a list: which cases, in which order, and each in words."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import models
from django.db.models import F, Prefetch, Q
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.timesince import timesince

from annotate.accounts.models import User
from annotate.annotations.models import Annotation
from annotate.articles.models import Article

from .cases import why_not
from .models import Case, CaseQuerySet, Decision, Reason

PAGE = 25
MOST_COUNTED = 1_000  # beyond, a list says “1,000+”
MOST_NAMES = 50  # people or stories that a search by name may mean
BEGINNING = 240  # code points of a passage or a comment in the list


class Show(models.TextChoices):
    """What a case is about, or why it is there."""

    TAG = "tag", "Tags"
    COMMENT = "comment", "Comments"
    PERSON = "person", "People"
    ERASURE = "erasure", "Requests to erase"
    WAITING = "waiting", "Tags that wait to be seen"
    ANSWERED = "answered", "Answered by the author"


class Age(models.TextChoices):
    HOUR = "1h", "More than an hour"
    DAY = "1d", "More than a day"
    WEEK = "7d", "More than a week"


OLDER = {
    Age.HOUR: datetime.timedelta(hours=1),
    Age.DAY: datetime.timedelta(days=1),
    Age.WEEK: datetime.timedelta(weeks=1),
}


@dataclass(slots=True)
class Row:
    """A case as the list shows it to a moderator."""

    case: Case
    refusal: str = ""  # why they may not decide it
    claim: str = ""  # who works on it and until when
    is_mine: bool = False  # it is they who work on it
    problem: str = ""  # why what they just wanted was not done
    decided: Decision | None = None  # the last that stands

    @property
    def key(self) -> str:
        """What a form says of a case: its number, and the version that was seen."""
        return f"{self.case.pk}:{self.case.version}"

    @property
    def name(self) -> str:
        return name_of(self.case)

    @property
    def beginning(self) -> str:
        case = self.case
        thing = case.annotation.exact if case.annotation else ""
        thing = case.comment.text if case.comment else thing
        return thing if len(thing) <= BEGINNING else f"{thing[: BEGINNING - 1]}…"

    @property
    def age(self) -> str:
        return timesince(self.case.opened_at, depth=1)

    @property
    def reasons(self) -> str:
        """The reasons with their counts, as the score has them; else why it is there."""
        case = self.case
        names = [Reason(one).label for one in case.reasons]
        return ", ".join(names) if names else "Not flagged"

    @property
    def because(self) -> str:
        """The score's parts in words: "Abusive 6, Spam 3"."""
        return ", ".join(f"{words} {points}" for points, words in self.case.risk_because)


@dataclass(slots=True)
class Shown:
    """A page of the list."""

    rows: list[Row]
    number: int
    count: str
    has_next: bool

    @property
    def has_previous(self) -> bool:
        return self.number > 1


@dataclass
class Asked:
    """Which cases somebody wants to see."""

    state: str = Case.State.OPEN
    reason: str = ""
    kind: str = ""
    age: str = ""
    article: str = ""  # words of its title
    person: str = ""  # of their public name
    mine: bool = False
    page: int = 1
    given: dict[str, object] = field(default_factory=dict)


def name_of(case: Case) -> str:
    """Return what a case is about: "Claim by ana", "Comment by ana", "ana"."""
    if case.annotation:
        return f"{case.annotation.label} by {case.person}"
    if case.kind == Case.Kind.PERSON:
        return str(case.person)
    return f"{case.get_kind_display()} by {case.person}"


def list_cases(user: User, asked: Asked) -> Shown:
    """Return a page of the cases that a moderator asked for.

    Four queries at most, and one for each of article, person and decided cases, if asked for.
    """
    found = find(user, asked)
    first = (asked.page - 1) * PAGE
    # Which they are is settled first, by an index alone: far pages would join all before them.
    here = Case.objects.filter(pk__in=found.values("pk")[first : first + PAGE + 1])
    cases = list(with_all(in_order(here, asked.state)))
    counted = found.order_by()[: MOST_COUNTED + 1].count()
    return Shown(
        rows=rows_of(cases[:PAGE], user),
        number=asked.page,
        count=f"{MOST_COUNTED:,}+" if counted > MOST_COUNTED else f"{counted:,}",
        has_next=len(cases) > PAGE,
    )


def find(user: User, asked: Asked) -> CaseQuerySet:
    cases = Case.objects.visible_to(user).filter(state=asked.state)
    if asked.reason:
        cases = cases.filter(reasons__contains=[asked.reason])
    if asked.kind == Show.WAITING:
        waiting = Annotation.objects.live().filter(pending=True)
        cases = cases.filter(annotation__in=waiting)
    elif asked.kind == Show.ANSWERED:
        unseen = Q(decided_at=None) | Q(decided_at__lt=F("appealed_at"))
        cases = cases.filter(unseen, appealed_at__isnull=False)
    elif asked.kind:
        cases = cases.filter(kind=asked.kind)
    if asked.age:
        cases = cases.filter(opened_at__lt=timezone.now() - OLDER[Age(asked.age)])
    if asked.article:
        stories = Article.objects.named(asked.article, "title")
        cases = cases.filter(article__in=_named(stories, "title", asked.article))
    if asked.person:
        people = User.objects.filter(public_name__icontains=asked.person)
        cases = cases.filter(person__in=_named(people, "public_name", asked.person))
    if asked.mine:
        cases = cases.filter(claimed_by=user, claimed_until__gt=timezone.now())
    return in_order(cases, asked.state)


def in_order(cases: CaseQuerySet, state: str) -> CaseQuerySet:
    """Open ones as they are to be decided, decided ones the latest first."""
    if state == Case.State.OPEN:
        return cases.in_order()
    return cases.order_by("-decided_at", "-pk")


def _named(things: models.QuerySet, name: str, words: str) -> list[int]:
    """Return the numbers of what is called so or, where nothing is, of all `things`.

    Resolved first, so that the planner knows how few they are.
    """
    found = things.order_by(Length(name), "pk")
    rows = list(found.values_list("pk", name)[:MOST_NAMES])
    exact = [pk for pk, called in rows if called.casefold() == words.casefold()]
    return exact or [pk for pk, _ in rows]


def with_all(cases: CaseQuerySet) -> CaseQuerySet:
    """Cases with what a row shows of each."""
    rows = cases.select_related(
        "article", "annotation__label", "comment", "claimed_by", "decided_by"
    ).prefetch_related(Prefetch("person", User.objects.with_roles()))
    return rows.defer("article__text", "article__search", "annotation__label__guideline")


def rows_of(cases: Sequence[Case], user: User) -> list[Row]:
    """Return cases as rows, in as many queries for any number."""
    pks = [one.pk for one in cases]
    free = set(Case.objects.decidable_by(user).filter(pk__in=pks).values_list("pk", flat=True))
    decisions = {}
    if any(not one.is_open for one in cases):
        standing = Decision.objects.standing().filter(case__in=pks).select_related("by")
        decisions = {one.case_id: one for one in standing.order_by("pk")}
    return [
        Row(
            case=one,
            refusal="" if one.pk in free else why_not(one, user),
            claim=_claim(one),
            is_mine=one.claimed_by_id == user.pk and bool(_claim(one)),
            decided=decisions.get(one.pk),
        )
        for one in cases
    ]


def _claim(case: Case) -> str:
    if case.claimed_until is None or case.claimed_until <= timezone.now():
        return ""
    return f"{case.claimed_by}, until {timezone.localtime(case.claimed_until):%H:%M}"
