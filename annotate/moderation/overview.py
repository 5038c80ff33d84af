"""What the first page of the admin shows: how the moderation and the reviews stand."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from annotate import replica
from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.reviews.models import Assignment, Round
from annotate.reviews.queries import late_parts

from .models import Reason

DAYS = 30  # of decisions that are counted
NEW = datetime.timedelta(days=14)
ERRORS = datetime.timedelta(days=7)
SHOWN = 10
BELOW = 24  # each lying bar below the one before

# Open cases: how many, of which kinds, since when. What is about the one who looks is not
# theirs to know of. Of tags only the number is read, which an index has.
OPEN = """
    SELECT count(*), count(*) FILTER (WHERE flags_standing > 0),
           count(tag.id),
           count(*) FILTER (WHERE appealed_at > coalesce(decided_at, '-infinity')),
           count(*) FILTER (WHERE one.kind = 'erasure'),
           count(*) FILTER (WHERE claimed_until > now()),
           min(opened_at),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY opened_at)
      FROM moderation_case one
      LEFT JOIN annotations_annotation tag
           ON tag.id = one.annotation_id AND tag.pending AND tag.withdrawn_at IS NULL
     WHERE state = 'open' AND person_id <> %(user)s
"""
DECIDED = """
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY waited)
      FROM moderation_decision WHERE at > %(since)s AND taken_back_at IS NULL
"""
# One row a day, those without a decision too, in the site's time zone.
BY_DAY = """
    SELECT day::date, count(decision.id)
      FROM generate_series(%(first)s::date, %(last)s::date, '1 day') day
      LEFT JOIN moderation_decision decision
           ON (decision.at AT TIME ZONE %(zone)s)::date = day
              AND decision.at > %(since)s AND decision.taken_back_at IS NULL
     GROUP BY day ORDER BY day
"""
BY_REASON = """
    SELECT reason, sum(open)::int, sum(decided)::int
      FROM (SELECT unnest(reasons) AS reason, number AS open, 0 AS decided
              FROM (SELECT reasons, count(*) AS number FROM moderation_case
                     WHERE state = 'open' AND person_id <> %(user)s GROUP BY reasons) alike
             UNION ALL
            SELECT reason, 0, 1 FROM moderation_decision
             WHERE at > %(since)s AND taken_back_at IS NULL) one
     GROUP BY reason
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
    waiting: int
    answered: int
    erasures: int
    claimed: int
    oldest: datetime.datetime | None
    middle: datetime.datetime | None  # half of them are older


def overview(user: User) -> dict[str, Any]:
    """Return what the page shows to a moderator. Ten queries at most, however much there is."""
    now = timezone.now()
    today = timezone.localdate()
    values = {
        "user": user.pk,
        "since": now - datetime.timedelta(days=DAYS),
        "first": today - datetime.timedelta(days=DAYS - 1),
        "last": today,
        "zone": str(timezone.get_current_timezone()),
    }
    (standing,), (decided,), days, reasons = (
        _rows(sql, values) for sql in (OPEN, DECIDED, BY_DAY, BY_REASON)
    )
    failed = DBTaskResult.objects.failed().filter(finished_at__gt=now - ERRORS)
    return {
        "open": Open(*standing),
        "decided": decided[0],
        "median": None if decided[1] is None else in_words(decided[1]),
        "days": DAYS,
        "by_day": by_day(days),
        "by_reason": by_reason(reasons),
        "by_reason_height": BELOW * len(reasons),
        "rounds": _waiting_rounds(),
        "late": _late(),
        "new_people": list(
            User.objects.using(replica.source().alias)
            .filter(groups__name=Role.REVIEWER, date_joined__gt=now - NEW)
            .annotate(changed=Count("changes"))
            .order_by("-date_joined")[:SHOWN]
        ),
        "failed_tasks": list(failed.order_by("-finished_at").defer("traceback")[:SHOWN]),
    }


def by_day(rows: list[tuple]) -> list[Bar]:
    """Upright bars, 300 wide and 100 high in all."""
    most = max([number for _, number in rows], default=0) or 1
    step = 300 / max(len(rows), 1)
    return [
        Bar(
            f"{day:%d %b}",
            number,
            at=index * step,
            length=(length := 100 * number / most),
            top=100 - length,
        )
        for index, (day, number) in enumerate(rows)
    ]


def by_reason(rows: list[tuple]) -> list[Bar]:
    """Lying bars, each 24 below the one before, at most 200 long."""
    found = {reason: (still, done) for reason, still, done in rows}
    most = max([value for pair in found.values() for value in pair], default=0) or 1
    return [
        Bar(
            str(reason.label),
            found[reason][0],
            at=BELOW * index,
            length=200 * found[reason][0] / most,
            more=found[reason][1],
            more_length=200 * found[reason][1] / most,
        )
        for index, reason in enumerate(one for one in Reason if one in found)
    ]


def in_words(time: datetime.timedelta) -> str:
    """Return how long something took: "40 seconds", "3 hours", "2 days"."""
    seconds = time.total_seconds()
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        number = round(seconds / length)
        if number >= 2 or name == "second":
            return f"{number} {name}{'s' * (number != 1)}"
    raise AssertionError


def _waiting_rounds() -> list[Round]:
    """Blind rounds that wait for the reveal: those with most submits first."""
    # Which they are first: numbers are counted and sorted sooner than whole rows.
    submitted = Assignment.objects.active().filter(
        submitted_at__isnull=False, round__state=Round.State.BLIND
    )
    count = submitted.order_by().values("round").annotate(number=Count("pk"))
    first = count.order_by("-number", "round__opened_at").values_list("round", "number")
    numbers = dict(first[:SHOWN])
    waiting = Round.objects.filter(state=Round.State.BLIND).select_related("article")
    waiting = waiting.defer("article__text", "article__search")
    rounds = list(waiting.filter(pk__in=numbers))
    if len(rounds) < SHOWN:
        others = waiting.exclude(pk__in=numbers).order_by("opened_at")
        rounds += others[: SHOWN - len(rounds)]
    for one in rounds:
        one.submitted = numbers.get(one.pk, 0)  # type: ignore[attr-defined]
    return sorted(rounds, key=lambda one: (-numbers.get(one.pk, 0), one.opened_at))


def _late() -> list[Any]:
    """Stories with unfinished parts past their due date: how many, and the earliest date."""
    late = late_parts().order_by().values("round__article", "round__article__title")
    return list(late.annotate(parts=Count("pk")).order_by("-parts", "round__article")[:SHOWN])


def _rows(sql: str, values: dict[str, Any]) -> list[tuple]:
    with replica.source().cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
