"""What a page asks for after an event: its own view, never a gap."""

from __future__ import annotations

import datetime
import re
from itertools import product

import pytest
from django.db.models import F
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.annotations.log import LATEST_CHANGE, latest_change, undo_and_redo
from annotate.articles.models import Article
from annotate.live.events import KEPT, LATEST, MOST, NEWS, prune
from annotate.live.models import Event
from annotate.reviews import actions
from annotate.reviews.parts import part_of
from annotate.trips import fetch
from tests.factories import make_article

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def open_round(article, ana, ben, mo):
    return actions.open_round(article, by=mo, mode="open", reviewers=[ana, ben])


@pytest.fixture
def ask(client, article):
    def changes(person, since, **data):
        client.force_login(person)
        page = client.get(
            f"/articles/{article.pk}/changes/", {"since": since, **data}, headers=HTMX
        )
        assert page.status_code == 200
        return page.text

    return changes


def tag(article, person, label, position=1) -> int:
    row = article.sentences.get(position=position)
    return tagging.annotate(
        article=article, reviewer=person, label=label, start=row.start, end=row.end
    ).event


def latest(page: str) -> int:
    return int(re.search(r'data-latest="(\d+)"', page)[1])


def sentences(page: str) -> int:
    return page.count('id="sentence-')


def said(page: str) -> str:
    return re.search(r'<p id="said"[^>]*>(.*?)</p>', page)[1]


def is_stale(page: str) -> bool:
    return " data-stale" in page


def test_what_others_did_comes_with_its_counts(ask, article, open_round, ana, ben, claim):
    since = Event.objects.latest("number").number
    event = tag(article, ben, claim)
    page = ask(ana, since)
    assert (latest(page), sentences(page), is_stale(page)) == (event, 1, False)
    assert "Claim by ben: open this tag" in page
    assert '<b class="numbers" id="count-claim">1</b>' in page
    assert said(page) == "ben changed sentence 1"
    tag(article, ben, claim, 0)
    assert said(ask(ana, event)) == "ben changed the headline"
    assert said(ask(ana, since)) == "2 changes by ben"
    assert said(ask(ben, since)) == ""


def test_several_people_are_summed_up(ask, article, open_round, ana, ben, mo, claim):
    since = Event.objects.latest("number").number
    tag(article, ana, claim)
    tag(article, ben, claim)
    page = ask(mo, since)
    assert said(page) == "2 changes by others"
    assert 'data-changes="2"' in page


def test_a_blind_round_answers_ones_own_alone(ask, article, ana, ben, mo, claim):
    actions.open_round(article, by=mo, reviewers=[ana, ben])
    since = latest(ask(ana, 0))
    since_of_mo = latest(ask(mo, 0))
    before = ask(ana, since)
    others = tag(article, ben, claim)
    assert ask(ana, since) == before
    # Nor does a guess tell whether somebody did anything.
    assert ask(ana, others) == ask(ana, others + 1)
    assert sentences(ask(mo, since_of_mo)) == 1


def test_a_move_of_the_round_means_to_read_all_anew(ask, article, ana, ben, mo, claim):
    round = actions.open_round(article, by=mo, reviewers=[ana, ben])
    since = latest(ask(ana, 0))
    actions.reveal(round, by=mo)
    page = ask(ana, since)
    assert (is_stale(page), sentences(page)) == (True, 0)
    assert not is_stale(ask(ana, latest(page)))


def test_an_event_of_another_story_begins_nothing(ask, article, open_round, ana, mo):
    actions.open_round(make_article("Another", "One sentence."), by=mo, mode="open")
    assert is_stale(ask(ana, Event.objects.latest("number").number))


def test_what_is_not_kept_any_more_is_no_gap(ask, article, open_round, ana, ben, claim):
    since = tag(article, ben, claim)
    tag(article, ana, claim)
    long = int((KEPT + datetime.timedelta(hours=1)).total_seconds() * 1_000_000)
    Event.objects.filter(number__lte=since).update(number=F("number") - long)
    since -= long
    assert not is_stale(ask(ana, since))
    prune()
    assert Event.objects.filter(number__lte=since).count() == 0
    assert is_stale(ask(ana, since))
    assert not is_stale(ask(ana, Event.objects.latest("number").number))


def test_what_was_done_after_the_clock_was_set_back_is_kept_as_long(
    ask, article, open_round, ana, ben, claim
):
    since = latest(ask(ana, 0))
    later = tag(article, ben, claim)
    long_ago = timezone.now() - KEPT - datetime.timedelta(hours=1)
    Event.objects.filter(number=later).update(at=long_ago)
    prune()
    assert sentences(ask(ana, since)) == 1


def test_a_page_from_before_the_first_event_knows_what_followed(ask, article, ana, claim):
    tag(article, ana, claim)
    assert (sentences(ask(ana, 0)), is_stale(ask(ana, 0))) == (1, False)
    Article.objects.update(created_at=timezone.now() - KEPT * 2)
    assert is_stale(ask(ana, 0))


def test_after_very_much_the_story_is_read_anew(ask, article, open_round, ana, ben):
    first = Event.objects.latest("number").number
    event = {"article": article, "by": ben.pk, "kind": "tags", "first_position": 1}
    numbers = range(first + 1, first + MOST + 2)
    Event.objects.bulk_create(Event(**event, last_position=1, number=one) for one in numbers)
    assert is_stale(ask(ana, first))
    assert not is_stale(ask(ana, first + 1))


def test_numbers_rise_where_the_clock_was_set_back(article, ana, claim, evidence):
    tag(article, ana, claim)
    event = Event.objects.get()
    tomorrow = event.number + 24 * 60 * 60 * 1_000_000
    Event.objects.update(number=tomorrow)
    assert tag(article, ana, evidence) == tomorrow + 1
    assert tagging.undo(article, by=ana).event == tomorrow + 2


def test_without_htmx_it_leads_to_the_story(client, article, ana):
    client.force_login(ana)
    answer = client.get(f"/articles/{article.pk}/changes/")
    assert (answer.status_code, answer["Location"]) == (302, f"/articles/{article.pk}/")


@pytest.mark.parametrize("since", ["", "x", "-1", str(2**63)])
def test_what_is_no_number_is_refused(client, article, ana, since):
    client.force_login(ana)
    answer = client.get(f"/articles/{article.pk}/changes/?since={since}", headers=HTMX)
    assert answer.status_code == 422


def test_it_costs_the_same_for_much_and_for_little(
    ask, article, open_round, ana, ben, mo, labels, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    since = Event.objects.latest("number").number
    tag(article, ben, labels["claim"])
    with CaptureQueriesContext(connection) as little:
        ask(ana, since)
    for position in range(4):
        for label in labels.values():
            for person in (ana, ben):
                tag(article, person, label, position)
    with CaptureQueriesContext(connection) as much:
        ask(ana, since)
    assert len(much) <= len(little)


def test_the_place_of_somebody_must_be_a_sentence_of_the_story(client, article, ana):
    other = make_article("Another", "One sentence.").sentences.first()
    client.force_login(ana)
    address = f"/articles/{article.pk}/presence/"
    assert client.post(address, {"sentence": other.pk}).status_code == 404
    assert client.post(address, {"sentence": "x"}).status_code == 422
    own = article.sentences.first()
    assert client.post(address, {"sentence": own.pk}).status_code == 204


# --- What is written out in SQL is what the QuerySets say -------------------------------------


@pytest.mark.parametrize("sees_all", [True, False])
@pytest.mark.parametrize("name", ["ana", "mo"])
def test_the_same_is_told_of_an_event_in_sql(request, article, ana, ben, mo, name, sees_all):
    person = request.getfixturevalue(name)
    people = [ana, ben, None]
    for number, (by, kind) in enumerate(product(people, Event.Kind.values), start=1):
        Event.objects.create(
            article=article, number=number, by=by and by.pk, kind=kind, first_position=number
        )
    told = Event.objects.filter(article=article).told_to(person, sees_all=sees_all)
    values = {
        **{"article": article.pk, "user": person.pk, "moderator": person.is_moderator},
        **{"everyone": sees_all, "since": 0},
    }
    latest, news = fetch([LATEST, NEWS], values)
    assert [number for number, *_ in news] == [one.number for one in told.order_by("number")]
    assert latest[0][0] == news[-1][0]


def test_undo_and_redo_are_offered_as_the_log_has_them(article, ana, claim, evidence):
    def offered() -> tuple[bool, bool]:
        values = {"article": article.pk, "user": ana.pk, "round": None}
        can = undo_and_redo(fetch([LATEST_CHANGE], values)[0])
        latest = latest_change(article, part_of(article, ana))
        assert can == (
            bool(latest and latest.undo_top_id),
            bool(latest and latest.redo_top_id),
        )
        return can

    assert offered() == (False, False)
    for label in (claim, evidence):
        tagging.annotate(article=article, reviewer=ana, label=label, start=0, end=5)
    found = [offered()]
    for step in (tagging.undo, tagging.undo, tagging.redo, tagging.redo):
        step(article, by=ana)
        found.append(offered())
    assert found == [(True, False), (True, True), (False, True), (True, True), (True, False)]
