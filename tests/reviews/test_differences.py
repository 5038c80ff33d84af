"""What all reviewers said of a sentence, where they differ, and the views of their tags."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.annotations import actions as tagging
from annotate.annotations.differences import Said, Strip
from annotate.annotations.story import article_paragraphs
from annotate.reviews import actions
from annotate.reviews.parts import part_of
from tests.factories import make_user, set_hidden

HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(ana, ben):
    return {"ana": ana, "ben": ben, "cleo": make_user("cleo"), "dee": make_user("dee")}


@pytest.fixture
def round(article, team, mo):
    return actions.open_round(article, by=mo, reviewers=list(team.values()), needed=4)


@pytest.fixture
def tagged(article, round, team, labels):
    """Four reviewers, who agree on sentence 2 alone."""
    said = {
        1: {"ana": "claim", "ben": "claim", "cleo": "evidence", "dee": None},
        2: dict.fromkeys(team, "claim"),
        3: {"dee": "claim"},
        4: {"ana": "claim", "ben": "evidence", "cleo": "speculation", "dee": None},
    }
    for position, by_name in said.items():
        sentence = article.sentences.get(position=position)
        for name, label in by_name.items():
            if label is None:
                tagging.set_reading(sentence, by=team[name])
                continue
            tagging.annotate(
                article=article,
                reviewer=team[name],
                label=labels[label],
                start=sentence.start,
                end=sentence.end,
            )


def strips(article, person) -> dict[int, str]:
    paragraphs = article_paragraphs(article, part_of(article, person))
    return {
        one.position: one.strip.words
        for paragraph in paragraphs
        for one in paragraph
        if one.strip
    }


def test_strips_count_every_answer(article, round, tagged, ana, mo):
    actions.reveal(round, by=mo)
    found = strips(article, ana)
    assert found == strips(article, mo)
    assert [found[at] for at in range(6)] == [
        "4 not read",
        "2 Claim, 1 Evidence, 1 nothing",
        "4 Claim",
        "1 Claim, 3 not read",
        "1 Claim, 1 Evidence, 1 Speculation, 1 nothing",
        "4 not read",
    ]


def test_strips_are_for_moderators_alone_before_the_reveal(article, round, tagged, ana, mo):
    assert strips(article, ana) == {}
    assert strips(article, mo)[2] == "4 Claim"


def test_a_hidden_tag_counts_for_nobody(article, round, tagged, ana, mo):
    tag = article.annotations.get(reviewer=ana, first_position=2)
    set_hidden(tag, by=mo, hidden=True)
    assert strips(article, mo)[2] == "3 Claim, 1 not read"


@pytest.mark.parametrize(
    ("counts", "nothing", "entropy"),
    [([4], 0, 0.0), ([2, 2], 0, 1.0), ([1, 1, 1], 1, 2.0), ([1], 3, 0.811), ([], 0, 0.0)],
)
def test_entropy_is_in_bits(counts, nothing, entropy):
    said = tuple(Said("x", "X", "x", count) for count in counts)
    assert Strip(said, nothing, unread=9).entropy == pytest.approx(entropy, abs=0.001)


def test_contested_sentences_come_by_entropy(client, article, round, tagged, ana, mo):
    actions.reveal(round, by=mo)
    client.force_login(ana)
    page = client.get(f"/articles/{article.pk}/?view=contested").text
    listed = re.findall(r'<li><a href="#sentence-\d+">([^<]+)</a>', page)
    assert listed == ["Sentence 4", "Sentence 1"]


def drawn(page: str) -> set[str]:
    return set(re.findall(r'class="tag"[^>]* aria-label="([^"]+): open this tag"', page))


def test_views_draw_whose_tags_they_say(client, article, round, tagged, ana, ben, mo):
    actions.reveal(round, by=mo)
    client.force_login(ana)
    address = f"/articles/{article.pk}/"
    mine = drawn(client.get(f"{address}?view=mine").text)
    assert mine == {"Claim"}
    number = round.assignments.get(reviewer=ben).number
    his = drawn(client.get(f"{address}?reviewer={number}").text)
    assert his == {"Claim by ben", "Evidence by ben"}
    everyone = drawn(client.get(address).text)
    assert "Claim by you, ben" in everyone
    for nonsense in ("?view=<b>", "?reviewer=x", "?view=", "?reviewer=٣"):
        assert client.get(address + nonsense).status_code == 200


def test_an_answer_keeps_the_view(client, article, round, tagged, ana, mo):
    actions.reveal(round, by=mo)
    client.force_login(ana)
    sentence = article.sentences.get(position=1)
    body = {"start": sentence.start, "end": sentence.end, "label": "evidence", "view": "mine"}
    address = f"/articles/{article.pk}/annotations/"
    answer = client.post(address, body, headers=HTMX)
    assert drawn(answer.text) == {"Claim", "Evidence"}
    assert 'aria-label="Reviewers: 2 Claim, 2 Evidence, 1 nothing"' in answer.text


def test_views_show_nothing_of_others_in_a_blind_round(client, article, round, tagged, ana):
    client.force_login(ana)
    for asked in ("", "?view=all", "?view=contested", "?reviewer=2", "?reviewer=1"):
        page = client.get(f"/articles/{article.pk}/{asked}").text
        assert drawn(page) == {"Claim"}
        assert 'id="views"' not in page
        assert 'class="strip"' not in page


def test_a_panel_tells_of_others_on_its_passage(client, article, round, team, mo, claim):
    for name, start, end in (("ana", 10, 20), ("ben", 10, 20), ("cleo", 12, 25)):
        tagging.annotate(
            article=article, reviewer=team[name], label=claim, start=start, end=end
        )
    tag = article.annotations.get(reviewer=team["ana"])
    client.force_login(team["ana"])
    assert "Others here" not in client.get(f"/annotations/{tag.pk}/").text
    actions.reveal(round, by=mo)
    page = re.sub(r"<[^>]+>", "", client.get(f"/annotations/{tag.pk}/").text)
    assert "Claim by ben the same passage" in page
    assert "Claim by cleo differs only at its ends: starts later and ends later" in page


@pytest.mark.parametrize("place", ["annotations", "sentences"])
def test_pseudonyms_hold_on_the_pages_of_one_tag(client, article, ana, ben, mo, claim, place):
    round = actions.open_round(
        article, by=mo, mode="open", pseudonyms=True, reviewers=[ana, ben]
    )
    tag = tagging.annotate(
        article=article, reviewer=ben, label=claim, start=0, end=5
    ).annotation
    client.force_login(ana)
    pk = tag.pk if place == "annotations" else article.sentences.get(position=0).pk
    page = client.get(f"/{place}/{pk}/").text
    assert f"Reviewer {round.assignments.get(reviewer=ben).number}" in page
    assert "ben" not in re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)


def test_queries_do_not_grow_with_reviewers_and_tags(
    client, article, round, tagged, ana, ben, mo, claim
):
    actions.reveal(round, by=mo)
    client.force_login(ana)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/articles/{article.pk}/?view=contested").status_code == 200
        return len(queries)

    before = count()
    for number in range(6):
        person = make_user(f"more{number}")
        actions.assign(round, [person], by=mo)
        for start in range(0, 30, 3):
            tagging.annotate(
                article=article, reviewer=person, label=claim, start=start, end=start + 2
            )
    assert count() == before
