"""Who is at a story now and where: told to those who see everybody's work, and only to them."""

from __future__ import annotations

import pytest
from django.test import Client

from annotate.annotations import actions as tagging
from annotate.live.presence import FORGOTTEN, Roster
from annotate.reviews import actions
from tests.factories import make_user
from tests.live.streams import running_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr("annotate.live.hub.SETTLE", 0.02)


@pytest.fixture
def open_round(article, ana, ben, mo):
    return actions.open_round(article, by=mo, mode="open", reviewers=[ana, ben])


def until(stream, expected) -> None:
    """Read who is here until it is as expected."""
    while stream.next("here") != expected:
        pass


def at(name, sentence=None):
    return {"name": name, "sentence": sentence}


def go(person, article, sentence):
    client = Client()
    client.force_login(person)
    address = f"/articles/{article.pk}/presence/"
    assert client.post(address, {"sentence": sentence.pk}).status_code == 204


def test_who_comes_moves_and_leaves_is_told(
    server, article, open_round, ana, ben, mo, sentence
):
    of_ana = server.open(article, ana)
    until(of_ana, [])
    of_ben = server.open(article, ben)
    until(of_ana, [at("ben")])
    until(of_ben, [at("ana")])
    go(ben, article, sentence)
    until(of_ana, [at("ben", sentence.pk)])
    server.open(article, mo)
    until(of_ana, [at("ben", sentence.pk), at("mo")])
    of_ben.close()
    until(of_ana, [at("mo")])


def test_a_blind_round_tells_moderators_alone(server, article, ana, ben, mo, sentence, claim):
    round = actions.open_round(article, by=mo, reviewers=[ana, ben])
    of_ana, of_mo = server.open(article, ana), server.open(article, mo)
    of_ana.opened()
    server.open(article, ben)
    until(of_mo, [at("ana"), at("ben")])
    go(ben, article, sentence)
    until(of_mo, [at("ana"), at("ben", sentence.pk)])
    tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    # She is told of her own, and of nothing before it.
    assert next(name for name, _ in of_ana.events() if name != "beat") == "seen"
    actions.reveal(round, by=mo)
    until(of_ana, [at("ben", sentence.pk), at("mo")])


def test_pseudonyms_hide_names_from_all_but_moderators(server, article, ana, ben, mo):
    round = actions.open_round(
        article, by=mo, mode="open", pseudonyms=True, reviewers=[ana, ben]
    )
    number = round.assignments.get(reviewer=ben).number
    streams = [server.open(article, person) for person in (ana, ben, mo)]
    until(streams[0], [at(f"Reviewer {number}"), at("Somebody")])
    until(streams[2], [at("ana"), at("ben")])


def test_two_processes_know_of_each_other(server, article, open_round, ana, ben, sentence):
    of_ana = server.open(article, ana)
    until(of_ana, [])
    with running_server() as second:
        of_ben = second.open(article, ben)
        until(of_ana, [at("ben")])
        until(of_ben, [at("ana")])
        go(ana, article, sentence)
        until(of_ben, [at("ana", sentence.pk)])
        third = second.open(article, make_user("cleo"))
        until(third, [at("ana", sentence.pk), at("ben")])  # who comes later knows where
    until(of_ana, [])


def test_a_step_is_told_however_early_it_comes(server, article, open_round, ana, ben, sentence):
    of_ana = server.open(article, ana)
    until(of_ana, [])
    server.open(article, ben)  # whom nobody has been told of yet
    go(ben, article, sentence)
    until(of_ana, [at("ben", sentence.pk)])


def test_who_was_in_a_process_that_was_killed_is_forgotten(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("annotate.live.presence.monotonic", lambda: clock[0])
    roster = Roster("here")
    roster.tell(1, "here", {5: None})
    assert roster.tell(1, "killed", {6: 33})
    assert roster.people(1) == {5, 6}
    assert roster.shared() == {1}
    clock[0] = FORGOTTEN + 1
    assert roster.expire() == {1}
    assert roster.people(1) == {5}
    assert roster.shared() == set()
