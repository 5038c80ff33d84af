"""What the pages about people read."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.annotations.models import Annotation
from annotate.articles.models import Article
from annotate.discussion.models import Comment

from .models import Case, Decision

PAGE = 50
LATEST = 20  # of what somebody made, was told, or works on, on their page

STATES = {
    "working": "Can work",
    "suspended": "Suspended",
    "shut": "Cannot sign in",
    "new": "Joined in the last two weeks",
}
NEW = datetime.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Filters:
    """Whom the list shows; what makes no sense shows everybody."""

    words: str = ""
    role: str = ""
    state: str = ""

    @classmethod
    def of(cls, asked: Any) -> Filters:
        role, state = asked.get("role", ""), asked.get("state", "")
        return cls(
            asked.get("q", "").strip().replace("\0", ""),
            role if role in Role.values else "",
            state if state in STATES else "",
        )

    def apply(self, people: QuerySet[User]) -> QuerySet[User]:
        if self.words:
            names = ("public_name", "username", "email", "first_name", "last_name")
            found = Q()
            for name in names:
                found |= Q(**{f"{name}__icontains": self.words})
            people = people.filter(found)
        if self.role:
            members = User.groups.through.objects.filter(group__name=self.role)
            people = people.filter(pk__in=members.values("user"))
        match self.state:
            case "working":
                people = people.filter(pk__in=User.objects.working().values("pk"))
            case "suspended":
                people = people.filter(suspended_until__gt=timezone.now())
            case "shut":
                people = people.filter(is_active=False)
            case "new":
                people = people.filter(date_joined__gt=timezone.now() - NEW)
        return people


def people_page(filters: Filters, number: str | None) -> Page:
    """Return a page of people, each with tags that stand and open cases. Five queries.

    Who stands on it is settled first: what each of all people has made would take long.
    """
    people = filters.apply(User.objects.all()).order_by(Lower("public_name"), "pk")
    page = Paginator(people.values_list("pk", flat=True), PAGE).get_page(number)
    here = list(page.object_list)
    found = User.objects.with_roles().in_bulk(here)
    # Without a column that only the tags themselves have: an index alone counts them.
    tags = Annotation.objects.live().filter(reviewer__in=here).order_by().values("reviewer")
    cases = Case.objects.open().filter(person__in=here).values("person")
    number_of_tags = dict(tags.annotate(number=Count("*")).values_list("reviewer", "number"))
    number_of_cases = dict(cases.annotate(number=Count("*")).values_list("person", "number"))
    rows: list[Any] = [found[pk] for pk in here]
    for one in rows:
        one.tags = number_of_tags.get(one.pk, 0)
        one.open_cases = number_of_cases.get(one.pk, 0)
    page.object_list = rows
    return page


@dataclass(slots=True)
class Record:
    """What somebody has made so far, in numbers."""

    tags: int
    hidden: int
    waiting: int
    withdrawn: int
    readings: int
    comments: int
    cases: int
    upheld: int
    changes: int
    last: datetime.datetime | None


RECORD = """
    SELECT count(*) FILTER (WHERE withdrawn_at IS NULL),
           count(*) FILTER (WHERE withdrawn_at IS NULL AND hidden_at IS NOT NULL
                                  AND NOT pending),
           count(*) FILTER (WHERE withdrawn_at IS NULL AND pending),
           count(*) FILTER (WHERE withdrawn_at IS NOT NULL),
           (SELECT count(*) FROM annotations_reading
             WHERE reviewer_id = %(person)s AND withdrawn_at IS NULL),
           (SELECT count(*) FROM discussion_comment
             WHERE author_id = %(person)s AND withdrawn_at IS NULL),
           (SELECT count(*) FROM moderation_case
             WHERE person_id = %(person)s AND decided_at IS NOT NULL),
           (SELECT count(DISTINCT case_id) FROM moderation_decision
             WHERE person_id = %(person)s AND taken_back_at IS NULL
                   AND kind = ANY(%(upholding)s)),
           (SELECT count(*) FROM annotations_change WHERE by_id = %(person)s),
           (SELECT max(at) FROM annotations_change WHERE by_id = %(person)s)
      FROM annotations_annotation WHERE reviewer_id = %(person)s
"""


def record_of(person: User) -> Record:
    from .risk import UPHOLDING

    values: dict[str, Any] = {
        "person": person.pk,
        "upholding": [kind.value for kind in UPHOLDING],
    }
    with connection.cursor() as cursor:
        cursor.execute(RECORD, values)
        return Record(*cursor.fetchone())


def made_by(person: User) -> tuple[list[Annotation], list[Comment]]:
    """Return somebody's latest tags and comments, with their stories."""
    tags = Annotation.objects.filter(reviewer=person).select_related("label", "article")
    comments = Comment.objects.filter(author=person).select_related("thread__article")
    return (
        list(tags.defer("article__text", "article__search").order_by("-created_at")[:LATEST]),
        list(
            comments.defer("thread__article__text", "thread__article__search").order_by(
                "-created_at"
            )[:LATEST]
        ),
    )


def stories_of(person: User) -> list[tuple[Article, datetime.datetime, int]]:
    """Return the stories that somebody worked on last: when, and how much they did there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT article_id, max(at), count(*) FROM annotations_change WHERE by_id = %s"
            " GROUP BY article_id ORDER BY max(at) DESC LIMIT %s",
            [person.pk, LATEST],
        )
        rows = cursor.fetchall()
    articles = Article.objects.defer("text", "search").in_bulk([pk for pk, _, _ in rows])
    return [(articles[pk], at, number) for pk, at, number in rows]


def decisions_about(person: User) -> QuerySet[Decision]:
    """The decisions about somebody, the latest first, with who made them."""
    return (
        Decision.objects.filter(person=person)
        .select_related("by", "case")
        .order_by("-pk")[:LATEST]
    )
