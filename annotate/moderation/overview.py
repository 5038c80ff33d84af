"""What the first page of the admin shows: how the moderation and the reviews stand."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from annotate import replica
from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.annotations.models import Change
from annotate.reviews.models import Assignment, Round
from annotate.reviews.queries import late_parts
from annotate.trips import fetch

from .models import Reason

DAYS = 30  # of decisions that are counted
NEW = datetime.timedelta(days=14)
ERRORS = datetime.timedelta(days=7)
SHOWN = 10
BELOW = 24  # each lying bar below the one before

# Open cases, those with the same reasons in a row: how many, of which kinds, since when. What
# is about the one who looks is not theirs to know of. Indexes have all that is read here. (As
# text, reasons are compared in half the time.)
OPEN = """
    SELECT (reasons::text)::text[], count(*), count(*) FILTER (WHERE flags_standing > 0),
           count(*) FILTER (WHERE appealed_at IS NOT NULL
                            AND appealed_at > coalesce(decided_at, '-infinity')),
           count(*) FILTER (WHERE kind = 'erasure'),
           count(*) FILTER (WHERE claimed_until > now())
      FROM moderation_case WHERE state = 'open' AND person_id <> %(user)s
     GROUP BY reasons::text
"""
# Since when they are open: the oldest, and the one in the middle of all.
OPENED = """
    SELECT opened_at FROM moderation_case WHERE state = 'open' AND person_id <> %(user)s
     ORDER BY opened_at OFFSET %(before)s LIMIT 1
"""
# Each has an open case: see `cases.queue_pending`.
WAITING = """
    SELECT count(*) FROM annotations_annotation
     WHERE pending AND withdrawn_at IS NULL AND reviewer_id <> %(user)s
"""
MEDIAN = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY waited)
      FROM moderation_decision WHERE at > %(since)s AND taken_back_at IS NULL
"""
# In the site's time zone.
DECIDED = """
    SELECT (at AT TIME ZONE %(zone)s)::date AS day, reason, count(*)
      FROM moderation_decision WHERE at > %(since)s AND taken_back_at IS NULL
     GROUP BY day, reason
"""


@dataclass(slots=True)
class Bar:
    """One bar of a chart, placed in the units of its drawing."""

    name: str
    value: int
    at: float  # where it stands, along the chart
    length: float
    top: float = 0
    more: int = 0  # a second value, shown in the table and as the thin bar
    more_length: float = 0


@dataclass(slots=True)
class Open:
    cases: int
    flagged: int
    answered: int
    erasures: int
    claimed: int
    waiting: int
    oldest: datetime.datetime | None = None
    middle: datetime.datetime | None = None  # half of them are older


def overview(user: User) -> dict[str, Any]:
    """Return what the page shows to a moderator. Eight queries at most."""
    now, today = timezone.now(), timezone.localdate()
    values = {
        "user": user.pk,
        "since": now - datetime.timedelta(days=DAYS),
        "zone": str(timezone.get_current_timezone()),
        "before": 0,
    }
    alike, oldest, ((waiting,),), ((median,),), decided = fetch(
        [OPEN, OPENED, WAITING, MEDIAN, DECIDED], values
    )
    standing = standing_cases(alike, waiting)
    if standing.cases and oldest:
        half = {**values, "before": (standing.cases - 1) // 2}
        middle = fetch([OPENED], half)[0] or oldest  # cases may just be decided
        (standing.oldest,), (standing.middle,) = oldest[0], middle[0]
    days, reasons = Counter[datetime.date](), Counter[str]()
    for day, reason, number in decided:
        days[day] += number
        reasons[reason] += number
    bars = by_reason(open_by_reason(alike), reasons)
    failed = DBTaskResult.objects.failed().filter(finished_at__gt=now - ERRORS)
    return {
        "open": standing,
        "decided": days.total(),
        "median": None if median is None else in_words(median),
        "days": DAYS,
        "by_day": by_day(days, today),
        "by_reason": bars,
        "by_reason_height": BELOW * len(bars),
        "rounds": _waiting_rounds(),
        "late": _late(),
        "new_people": _new_people(now),
        "failed_tasks": list(failed.order_by("-finished_at").defer("traceback")[:SHOWN]),
    }


def by_day(decided: Mapping[datetime.date, int], today: datetime.date) -> list[Bar]:
    """Upright bars, 300 wide and 100 high in all, of the days until today."""
    most = max(decided.values(), default=0) or 1
    days = [today - datetime.timedelta(days=ago) for ago in reversed(range(DAYS))]
    return [
        Bar(
            f"{day:%d %b}",
            decided.get(day, 0),
            at=index * 300 / DAYS,
            length=(length := 100 * decided.get(day, 0) / most),
            top=100 - length,
        )
        for index, day in enumerate(days)
    ]


def standing_cases(alike: list[tuple], waiting: int) -> Open:
    """Return the sums of the rows of OPEN."""
    if not alike:
        return Open(0, 0, 0, 0, 0, waiting)
    _, *numbers = zip(*alike, strict=True)
    cases, flagged, answered, erasures, claimed = map(sum, numbers)
    return Open(cases, flagged, answered, erasures, claimed, waiting)


def open_by_reason(alike: list[tuple]) -> Counter[str]:
    """Return of how many open cases each is a reason, of the rows of OPEN."""
    counted: Counter[str] = Counter()
    for reasons, number, *_ in alike:
        counted.update(dict.fromkeys(reasons, number))
    return counted


def by_reason(still: Mapping[str, int], done: Mapping[str, int]) -> list[Bar]:
    """Lying bars, each 24 below the one before, at most 200 long: open cases, and decided."""
    most = max([*still.values(), *done.values()], default=0) or 1
    found = [one for one in Reason if one in still or one in done]
    return [
        Bar(
            str(reason.label),
            still.get(reason, 0),
            at=BELOW * index,
            length=200 * still.get(reason, 0) / most,
            more=done.get(reason, 0),
            more_length=200 * done.get(reason, 0) / most,
        )
        for index, reason in enumerate(found)
    ]


def in_words(time: datetime.timedelta) -> str:
    """Return how long something took: "40 seconds", "3 hours", "2 days"."""
    seconds = time.total_seconds()
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        number = round(seconds / length)
        if number >= 2 or name == "second":
            return f"{number} {name}{'s' * (number != 1)}"
    raise AssertionError


# --- Lists: bare rows, of which the page shows few columns ------------------------------------


def _waiting_rounds() -> list[dict[str, Any]]:
    """Blind rounds that wait for the reveal: those with most submits first."""
    seats = Assignment.objects.active().filter(round=OuterRef("pk"), submitted_at__isnull=False)
    count = seats.order_by().values("round").annotate(count=Count("*")).values("count")
    waiting = Round.objects.filter(state=Round.State.BLIND)
    waiting = waiting.annotate(submitted=Coalesce(Subquery(count), 0))
    waiting = waiting.order_by("-submitted", "opened_at")
    # Which they are is settled first: numbers are sorted sooner than whole rows.
    first = waiting.filter(pk__in=waiting.values("pk")[:SHOWN])
    return [*first.values("article", "article__title", "needed", "submitted")]  # type: ignore[list-item]


def _late() -> list[dict[str, Any]]:
    """Stories with `parts` that are unfinished past their due date: those with most first."""
    count = late_parts().order_by().values("round").annotate(count=Count("*"))
    parts = dict(count.order_by("-count", "round").values_list("round", "count")[:SHOWN])
    rounds = Round.objects.filter(pk__in=parts).values("pk", "article", "article__title")
    found = {one["pk"]: one for one in rounds}
    return [{**found[pk], "parts": number} for pk, number in parts.items()]


def _new_people(now: datetime.datetime) -> list[dict[str, Any]]:
    """Reviewers who came lately, each with how much they have done."""
    done = Change.objects.filter(by=OuterRef("pk")).order_by().values("by")
    changed = Subquery(done.annotate(count=Count("*")).values("count"))
    people = User.objects.using(replica.source().alias).filter(
        groups__name=Role.REVIEWER, date_joined__gt=now - NEW
    )
    people = people.annotate(changed=Coalesce(changed, 0)).order_by("-date_joined")[:SHOWN]
    return list(people.values("pk", "public_name", "date_joined", "changed"))
