"""How urgent a case is: points, each with the words that explain it."""

from __future__ import annotations

from collections import Counter

from django.db import connection
from django.db.models import Q

from annotate.annotations.models import Annotation, Change

from .models import Case, Decision, Reason

# What a flag with this reason weighs. Harm to people before faults of the work.
WEIGHTS = {
    Reason.PERSONAL_DATA: 6,
    Reason.ABUSIVE: 6,
    Reason.BAD_FAITH: 4,
    Reason.SPAM: 3,
    Reason.OFF_GUIDELINE: 2,
    Reason.WRONG_PASSAGE: 2,
    Reason.OTHER: 1,
}
APPEALED = 8  # somebody waits for an answer
UPHELD = 8  # an author all of whose cases were upheld
EDITED = 1  # each change of the tag after a reveal, up to
MOST_EDITS = 3
FAST = 4  # a tag made in less than a quarter of the person's median
MUCH_FASTER = 4
ENOUGH = 8  # tags of a person from which on their median says something

# Decisions that say that there was something to see to.
UPHOLDING = (
    *(Decision.Kind.HIDE, Decision.Kind.RELABEL, Decision.Kind.TRIM, Decision.Kind.WARN),
    *(Decision.Kind.SUSPEND, Decision.Kind.BAN),
)


def assess(case: Case) -> None:
    """Set the case's `risk` and `risk_because`; it is not saved yet. At most four queries."""
    because: list[tuple[int, str]] = []
    flags = Counter(case.flags.standing().values_list("reason", flat=True))
    for reason, number in sorted(flags.items(), key=lambda one: -WEIGHTS[Reason(one[0])]):
        times = f"{number} × " if number > 1 else ""
        because.append((number * WEIGHTS[Reason(reason)], f"{times}{Reason(reason).label}"))
    if case.is_appealed:
        because.append((APPEALED, "The author answered the decision"))
    upheld, decided = record_of(case.person_id)
    if decided and upheld:
        points = round(UPHELD * upheld / decided)
        because.append((points, f"{upheld} of {decided} earlier cases of the author upheld"))
    if case.annotation:
        because += _of_tag(case.annotation)
    case.risk = sum(points for points, _ in because)
    case.risk_because = [list(one) for one in because if one[0]]


def record_of(person: int) -> tuple[int, int]:
    """Return how many of a person's decided cases were upheld, and how many there are."""
    decided = Case.objects.filter(person=person, decided_at__isnull=False)
    standing = Decision.objects.standing().filter(person=person, kind__in=UPHOLDING)
    upheld = decided.filter(Q(pk__in=standing.values("case")))
    return upheld.count(), decided.count()


def _of_tag(tag: Annotation) -> list[tuple[int, str]]:
    because = []
    edits = Change.objects.filter(annotation=tag).exclude(movement="")
    if number := edits.exclude(kind=Change.Kind.CREATED)[:MOST_EDITS].count():
        because.append((EDITED * number, f"Changed {_times(number)} after the reveal"))
    took, median = pace(tag)
    if took is not None and median is not None and took * MUCH_FASTER < median:
        because.append((FAST, f"Tagged in {took:.0f} s; the author’s median is {median:.0f} s"))
    return because


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times" + (" or more" * (number == MOST_EDITS))


# The seconds from a person's change to the tag after it, of their latest tags in the story.
# Longer ones than five minutes are breaks.
PACE = """
    WITH step AS (
        SELECT annotation_id, kind, extract(epoch FROM at - lag(at) OVER (ORDER BY id)) AS took
          FROM (SELECT * FROM annotations_change
                 WHERE by_id = %(person)s AND article_id = %(article)s
                 ORDER BY id DESC LIMIT 500) latest
    )
    SELECT (SELECT took FROM step WHERE annotation_id = %(tag)s AND kind = 'created'),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY took), count(*)
      FROM step WHERE kind = 'created' AND took <= 300
"""


def pace(tag: Annotation) -> tuple[float | None, float | None]:
    """Return the seconds that a tag took, and its author's median in the story, if known."""
    values = {"person": tag.reviewer_id, "article": tag.article_id, "tag": tag.pk}
    with connection.cursor() as cursor:
        cursor.execute(PACE, values)
        took, median, number = cursor.fetchone()
    if number < ENOUGH:
        return None, None
    return (None if took is None else float(took)), float(median)
