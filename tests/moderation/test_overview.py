"""The first page of the admin: figures of real data."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.moderation import cases, decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Case, Decision
from annotate.moderation.overview import in_words, overview
from annotate.reviews import actions as rounds
from tests.factories import make_user


@pytest.fixture
def tags(article, ana, claim):
    return [
        tagging.annotate(
            article=article, reviewer=ana, label=claim, start=0, end=end
        ).annotation
        for end in (3, 4, 5)
    ]


def decide(tag, mo, kind="keep", reason="spam") -> None:
    case = Case.objects.get(annotation=tag)
    decisions.decide({case.pk: case.version}, Verdict(Decision.Kind(kind), reason), by=mo)


def test_figures(tags, article, ana, ben, mo, ada):
    for tag in tags:
        cases.flag(tag, by=ben, reason="spam")
    Case.objects.update(opened_at=timezone.now() - datetime.timedelta(hours=5))
    decide(tags[0], mo, "hide")
    cases.appeal(Decision.objects.get(), by=ana, text="No.")
    decide(tags[1], mo)
    found = overview(mo)
    open = found["open"]
    assert (open.cases, open.flagged, open.answered, open.waiting) == (2, 2, 1, 0)
    assert found["decided"] == 2
    assert found["median"] == "5 hours"
    assert found["by_day"][-1].value == 2
    assert len(found["by_day"]) == 30
    assert [(bar.name, bar.value, bar.more) for bar in found["by_reason"]] == [("Spam", 2, 2)]


def test_cases_about_oneself_are_not_counted(mo, ada):
    cases.flag(mo, by=ada, reason="spam")
    assert (overview(mo)["open"].cases, overview(mo)["by_reason"]) == (0, [])
    assert overview(ada)["open"].cases == 1


def test_tags_of_others_that_wait_and_since_when_half_of_all_do(article, ana, ben, mo, claim):
    article.premoderated = True
    article.save()
    for person, end in ((ana, 3), (ana, 4), (ben, 3), (ana, 5)):
        tagging.annotate(article=article, reviewer=person, label=claim, start=0, end=end)
    hours = [timezone.now() - datetime.timedelta(hours=ago) for ago in (9, 5, 2, 1)]
    for case, opened in zip(Case.objects.order_by("pk"), hours, strict=True):
        Case.objects.filter(pk=case.pk).update(opened_at=opened)

    seen, by_author = overview(mo)["open"], overview(ben)["open"]  # who moderates by now
    assert (seen.cases, seen.waiting, seen.oldest, seen.middle) == (4, 4, hours[0], hours[1])
    assert (by_author.cases, by_author.waiting, by_author.middle) == (3, 3, hours[1])


def test_a_date_of_ones_own_counts_before_that_of_the_round(article, ana, ben, mo):
    today = timezone.localdate()
    yesterday, later = (today + datetime.timedelta(days=days) for days in (-1, 1))
    people = {ana: yesterday, ben: None, make_user("cy"): later}
    round = rounds.open_round(article, by=mo, reviewers=[*people], due=later)

    def late(due):
        round.due = due
        round.save()
        for person, own in people.items():
            round.assignments.filter(reviewer=person).update(due=own)
        return [one["parts"] for one in overview(mo)["late"]]

    assert [late(due) for due in (None, later, today, yesterday)] == [[1], [1], [1], [2]]


def test_rounds_that_wait_and_what_is_late(client, article, ana, ben, mo):
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    round = rounds.open_round(article, by=mo, reviewers=[ana, ben], due=yesterday)
    rounds.submit(article, by=ana)
    found = overview(mo)
    (waiting,) = found["rounds"]
    story = {"article": article.pk, "article__title": article.title}
    assert waiting == {**story, "submitted": 1, "needed": 2}
    assert found["late"] == [{**story, "pk": round.pk, "parts": 1}]
    client.force_login(mo)
    page = " ".join(client.get(reverse("admin:index")).text.split())
    link = f'<a href="{reverse("review", args=[article.pk])}"><bdi>{article.title}</bdi></a>'
    assert f'{link} <span class="muted numbers">1 of 2 submitted</span>' in page
    assert f'{link} <span class="muted numbers">1 reviewer</span>' in page


def test_the_page_has_its_numbers_as_tables_and_a_fixed_number_of_queries(
    client, tags, ben, mo
):
    client.force_login(mo)
    cases.flag(tags[0], by=ben, reason="spam")
    with CaptureQueriesContext(connection) as few:
        text = client.get(reverse("admin:index")).text
    assert text.count('<svg class="plot"') == 2
    assert text.count("As a table") == 2
    for tag in tags[1:]:
        cases.flag(tag, by=ben, reason="abusive")
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("admin:index"))
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (89, "89 seconds"),
        (119, "2 minutes"),
        (7_300, "2 hours"),
        (3e5, "3 days"),
    ],
)
def test_times_in_words(seconds, words):
    assert in_words(datetime.timedelta(seconds=seconds)) == words
