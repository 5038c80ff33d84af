"""My work, and everybody's for moderators: states, progress, pace, filters, cost."""

from __future__ import annotations

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.annotations.models import Change
from annotate.reviews import actions, queries
from annotate.reviews.models import Assignment, Round
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db


def day(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def story(number: int, **fields):
    body = f"The first of {number}. The second of {number}. The third."
    return make_article(f"Story {number}", body, **fields)


def section(page: str, name: str) -> str:
    return page.split(f'<h2 id="{name}"')[1].split("</section>")[0] if name in page else ""


def titles(html: str) -> list[str]:
    return re.findall(r">(Story \d+)</a>", html)


def test_without_a_review_one_is_told_where_to_go(as_ana):
    page = as_ana.get("/work/").text
    assert "You have no review to do." in page
    assert '<a href="/work/" aria-current="page">My work</a>' in page


def test_my_work_has_each_story_where_it_stands(as_ana, ana, ben, mo, claim):
    def round(number, due=None, mode="blind", people=(ana,)):
        article = story(number)
        return article, actions.open_round(article, by=mo, mode=mode, due=due, reviewers=people)

    round(1)
    round(2, due=day(3))
    late, _ = round(3, due=day(-1))
    waits, _ = round(4, people=[ana, ben])
    actions.submit(waits, by=ana)
    _, revealed = round(5)
    actions.reveal(revealed, by=mo)
    _, closed = round(6, mode="open")
    actions.close(closed, by=mo)
    said, _ = round(7, mode="open")
    actions.submit(said, by=ana)
    round(8, people=[ben])
    tagging.annotate(article=late, reviewer=ana, label=claim, start=0, end=5)

    page = as_ana.get("/work/").text
    assert titles(section(page, "to-do")) == ["Story 3", "Story 2", "Story 1"]
    assert titles(section(page, "revealed")) == ["Story 5"]
    assert titles(section(page, "submitted")) == ["Story 4", "Story 7"]
    assert titles(section(page, "closed")) == ["Story 6"]
    assert "Story 8" not in page
    badges = re.findall(r'data-state="[\w-]+">([^<]+)<', page)
    assert badges == [
        *("Late", "Not begun", "Not begun", "Revealed"),
        *("Waiting for the reveal", "Submitted", "Closed"),
    ]
    assert "<span>1 of 4 sentences</span>" in page
    part = as_ana.get("/work/", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div class="review" id="parts">')
    assert "HX-Request" in part["Vary"]


def test_what_was_handed_on_is_no_work_any_more(as_ana, ana, ben, mo):
    round = actions.open_round(story(1), by=mo, due=day(-1), reviewers=[ana])
    actions.hand_on(round.assignments.get(), ben, by=mo)
    assert "You have no review to do." in as_ana.get("/work/").text


def test_late_is_the_same_in_sql_and_in_a_part(ana, ben, mo):
    cases = [(day(-1), None), (day(0), None), (None, day(-1)), (day(-1), day(1)), (None, None)]
    for number, (of_round, own) in enumerate(cases):
        for turn, step in enumerate(("", "submit", "reveal")):
            article = story(10 * number + turn)
            round = actions.open_round(article, by=mo, due=of_round, reviewers=[ana, ben])
            round.assignments.update(due=own)
            if step == "submit":
                actions.submit(article, by=ana)
            if step == "reveal":
                actions.reveal(round, by=mo)
    late = set(queries.late_parts())
    assert late == {one for one in queries.parts() if one.is_late}
    assert 0 < len(late) < Assignment.objects.count()


# --- Everybody's work ---------------------------------------------------------------------


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


def listed(client, query="") -> list[str]:
    return titles(client.get(f"/reviews/{query}").text)


@pytest.fixture
def all_kinds(ana, ben, mo):
    story(1)
    actions.open_round(story(2), by=mo, reviewers=[ana, ben])
    actions.open_round(story(3), by=mo, due=day(-1), reviewers=[ana, ben])
    actions.open_round(story(4), by=mo, mode="open", reviewers=[ben])
    actions.reveal(actions.open_round(story(5), by=mo, reviewers=[ana]), by=mo)
    actions.close(actions.open_round(story(6), by=mo, mode="open"), by=mo)
    story(7, status="archived")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [3, 4, 2, 5, 1, 6]),
        ("?show=active", [3, 4, 2, 5]),
        ("?show=late", [3]),
        ("?show=short", [4]),
        ("?show=revealed", [5]),
        ("?show=none", [1]),
        ("?show=closed", [6]),
        ("?q=STORY+4", [4]),
        ("?show=nonsense", [3, 4, 2, 5, 1, 6]),
        ("?reviewer=999999999", [3, 4, 2, 5, 1, 6]),
    ],
)
def test_filters(as_mo, all_kinds, query, found):
    assert listed(as_mo, query) == [f"Story {number}" for number in found]


def test_of_one_reviewer(as_mo, all_kinds, ana):
    assert listed(as_mo, f"?reviewer={ana.pk}") == ["Story 3", "Story 2", "Story 5"]


def test_nothing_found_is_said(as_mo, labels):
    assert "No story is like that." in as_mo.get("/reviews/?q=nothing").text


def test_who_has_no_work(as_mo, all_kinds):
    make_user("cleo")
    people = as_mo.get("/reviews/").text.split('id="people"')[1]
    rows = re.findall(r">(\w+)</a></th><td[^>]*>(.*?)</td><td[^>]*>(\d+)</td>", people)
    said = [(name, re.sub("<[^>]+>", "", count), late) for name, count, late in rows]
    assert said == [("cleo", "No work", "0"), ("ana", "2", "1"), ("ben", "3", "1")]


def test_pages(as_mo, labels, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(5):
        story(number)
    assert listed(as_mo, "?page=2&show=none") == ["Story 2", "Story 1"]
    page = as_mo.get("/reviews/?page=2&show=none").text
    assert "5 stories, page 2 of 3" in page
    assert 'href="?show=none&amp;page=3"' in page


def test_htmx_gets_the_results(as_mo, labels):
    part = as_mo.get("/reviews/", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="results">')
    assert "HX-Request" in part["Vary"]


def test_of_very_many_people_those_with_the_least_to_do_are_shown(
    as_mo, article, ana, ben, mo, monkeypatch
):
    make_user("cleo")
    actions.open_round(article, by=mo, reviewers=[ana])
    monkeypatch.setattr(queries, "PEOPLE", 2)

    people = as_mo.get("/reviews/").text.split('id="people"')[1]

    assert re.findall(r">(\w+)</a></th>", people) == ["ben", "cleo"]
    assert "These are the 2 with the least to do, of 3 reviewers." in people


@pytest.mark.parametrize("address", ["/reviews/", "/work/"])
def test_the_lists_cost_the_same_for_many(as_mo, ana, ben, mo, claim, address):
    people = [ana, ben, mo]

    def add(number):
        article = story(number)
        actions.open_round(article, by=mo, mode="open", reviewers=people)
        tagging.annotate(article=article, reviewer=mo, label=claim, start=0, end=5)

    add(1)
    as_mo.get(address)
    with CaptureQueriesContext(connection) as few:
        as_mo.get(address)
    people.append(make_user("cleo"))
    for number in range(2, 7):
        add(number)
    with CaptureQueriesContext(connection) as many:
        as_mo.get(address)
    assert len(many) == len(few)


# --- Progress and pace ------------------------------------------------------------------------


def work(person):
    return queries.work_of(queries.parts().filter(reviewer=person))[0]


def test_progress_counts_tagged_and_read_sentences(article, ana, ben, mo, claim, sentence):
    actions.open_round(article, by=mo, reviewers=[ana, ben])
    third = article.sentences.get(position=3)
    tagging.annotate(
        article=article, reviewer=ana, label=claim, start=sentence.start, end=third.end
    )
    tagging.set_reading(article.sentences.get(position=2), by=ana)
    read = article.sentences.get(position=5)
    tagging.set_reading(read, by=ana)
    assert (work(ana).progress.done, work(ben).progress.done) == (4, 0)
    assert work(ana).progress.total == article.sentences.count()
    tagging.set_reading(read, by=ana)
    assert work(ana).progress.done == 3
    assert work(ana).last == Change.objects.latest("pk").at
    assert (work(ben).last, work(ben).seconds) == (None, None)


def test_seconds_a_sentence_are_the_median_without_breaks(article, ana, mo, claim):
    """The first has no time; 4 s and 2 s more for the second, 10 s, a break, 20 s."""
    round = actions.open_round(article, by=mo, reviewers=[ana])
    tags = []
    for position in (1, 2, 3, 4, 5):
        one = article.sentences.get(position=position)
        tagging.annotate(
            article=article, reviewer=ana, label=claim, start=one.start, end=one.end
        )
        tags.append(Change.objects.latest("pk"))
        if position == 2:
            tagging.edit(tags[-1].annotation, by=ana, note="Hm.")
            tags.append(Change.objects.latest("pk"))
    start = timezone.now()
    for change, seconds in zip(tags, [0, 4, 6, 16, 317, 337], strict=True):
        moment = start + datetime.timedelta(seconds=seconds)
        Change.objects.filter(pk=change.pk).update(at=moment)
    assert work(ana).seconds == pytest.approx(10)  # of 6, 10 and 20
    # What is marked in one step has no time of its own, nor has what follows the reveal.
    tagging.read_the_rest(article, by=ana)
    actions.reveal(round, by=mo)
    tagging.withdraw(tags[0].annotation, by=ana)
    Change.objects.filter(kind="withdrawn").update(at=start + datetime.timedelta(seconds=400))
    rest = Change.objects.filter(kind="read")
    rest.update(at=start + datetime.timedelta(seconds=337))
    assert work(ana).seconds == pytest.approx(10)


def test_moderators_only(as_ana, labels):
    refused = as_ana.get("/reviews/")
    assert (refused.status_code, "Only moderators may do this." in refused.text) == (403, True)
    assert ">Reviews</a>" not in as_ana.get("/").text
    assert Round.objects.count() == 0
