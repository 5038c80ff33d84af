"""Spreading work: properties of the choice, and the pages that show it and do it."""

from __future__ import annotations

import re
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.annotations import actions as tagging
from annotate.articles.actions import set_status
from annotate.reviews import actions
from annotate.reviews.assigning import Need, spread
from annotate.reviews.models import Assignment, Round
from tests.factories import make_article, make_user

# --- The choice --------------------------------------------------------------------------


@st.composite
def situations(draw, most_people=7, most_articles=8, most_wanted=4):
    """Needs of articles, loads of people, and a seed."""
    people = draw(st.integers(1, most_people))
    loads = {one: draw(st.integers(0, 4)) for one in range(people)}
    needs = [
        Need(
            article,
            draw(st.integers(0, most_wanted)),
            frozenset(draw(st.sets(st.integers(0, people - 1), max_size=people))),
        )
        for article in range(draw(st.integers(0, most_articles)))
    ]
    return needs, loads, draw(st.integers(0, 2**31))


def loads_after(loads, chosen):
    return sorted(
        load + sum(person in found for found in chosen.values())
        for person, load in loads.items()
    )


@given(situations())
def test_each_article_gets_as_many_as_it_can_have(situation):
    needs, loads, seed = situation
    chosen = spread(needs, loads, seed=seed)
    for need in needs:
        found = chosen[need.article]
        assert len(found) == len(set(found)) == min(need.wanted, len(set(loads) - need.barred))
        assert not need.barred & set(found)


@given(situations())
def test_the_same_seed_chooses_the_same(situation):
    needs, loads, seed = situation
    shuffled = dict(reversed(loads.items()))
    assert spread(needs, loads, seed=seed) == spread(needs[::-1], shuffled, seed=seed)


@given(situations(most_people=4, most_articles=6, most_wanted=2))
def test_no_other_choice_is_more_even(situation):
    needs, loads, seed = situation
    ways = []
    for need in needs:
        free = sorted(set(loads) - need.barred)
        ways.append(list(combinations(free, min(need.wanted, len(free)))))
    best = min(
        sum(load**2 for load in loads_after(loads, dict(enumerate(choice))))
        for choice in product(*ways)
    )
    chosen = spread(needs, loads, seed=seed)
    assert sum(load**2 for load in loads_after(loads, chosen)) == best


@given(st.integers(1, 9), st.integers(0, 30), st.integers(1, 9), st.integers(0, 2**31))
def test_with_nobody_barred_loads_differ_by_one_at_most(people, articles, wanted, seed):
    needs = [Need(article, wanted) for article in range(articles)]
    after = loads_after(
        dict.fromkeys(range(people), 0),
        spread(needs, dict.fromkeys(range(people), 0), seed=seed),
    )
    assert after[-1] - after[0] <= 1


def test_different_seeds_choose_differently():
    needs = [Need(article, 1) for article in range(6)]
    loads = dict.fromkeys(range(6), 0)
    assert len({str(spread(needs, loads, seed=seed)) for seed in range(5)}) > 1


@pytest.mark.parametrize("seed", range(10))
def test_work_moves_along_a_chain(seed):
    """Story 3 is for 0 alone: so 1 has to take story 1, and 2 story 2."""
    needs = [
        Need(1, 1, frozenset({2})),
        Need(2, 1, frozenset({0})),
        Need(3, 1, frozenset({1, 2})),
    ]
    chosen = spread(needs, {0: 0, 1: 0, 2: 0}, seed=seed)
    assert chosen == {1: [1], 2: [2], 3: [0]}


# --- The pages ---------------------------------------------------------------------------


@pytest.fixture
def stories(labels, ana):
    return [
        make_article(f"Story {number}", f"Its sentence {number}.", submitted_by=ana)
        for number in range(1, 4)
    ]


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


def form(stories, **fields):
    asked = {"how": "spread", "needed": "2", "mode": "blind", "seed": "7"}
    asked |= {"not_submitter": "on", **fields}
    return {"articles": [one.pk for one in stories]} | {
        name: value for name, value in asked.items() if value is not None
    }


def preview(client, stories, **fields):
    return client.post("/reviews/assign/", {**form(stories, **fields), "step": "preview"})


def plan_of(response) -> str:
    return re.search(r'name="plan" value="([^"]*)"', response.text)[1]


def assign(client, stories, plan, **fields):
    sent = {**form(stories, **fields), "step": "assign", "plan": plan}
    return client.post("/reviews/assign/", sent)


def said(client) -> str:
    return client.get("/guideline/").text.split("</header>")[1].split("<h1")[0]


@pytest.mark.django_db
def test_spread_is_shown_first_then_done(as_mo, stories, ana, ben):
    cleo = make_user("cleo")
    shown = preview(as_mo, stories)
    assert "Nothing is assigned yet. This is what will be: 6 parts." in shown.text
    assert not Round.objects.exists()
    done = assign(as_mo, stories, plan_of(shown))
    assert (done.status_code, done["Location"]) == (303, "/reviews/")
    assert "Assigned: 6 parts." in said(as_mo)
    # `ana` put all three in.
    for story in stories:
        seats = story.rounds.get().assignments.all()
        assert {one.reviewer for one in seats} == {ben, cleo}


@pytest.mark.django_db
def test_what_cannot_be_filled_is_said(as_mo, stories, ana, ben):
    shown = preview(as_mo, stories[:1])
    words = "“Story 1” gets 1 of 2 reviewers: of 2 people to choose from, 1 put the story in."
    assert words in shown.text
    assign(as_mo, stories[:1], plan_of(shown))
    assert words in said(as_mo)
    shown = preview(as_mo, stories[:1], needed="9")
    assert (
        "“Story 1” gets 1 of 2 reviewers: of 2 people to choose from, 1 has or had a part "
        "already and 1 put the story in."
    ) in shown.text
    shown = preview(as_mo, stories[1:2], needed="9", not_submitter=None)
    words = "“Story 2” gets 2 of 9 reviewers: there are only 2 people to choose from."
    assert words in shown.text


@pytest.mark.django_db
def test_by_hand_everybody_gets_every_story(as_mo, stories, ana, ben):
    wrong = preview(as_mo, stories, how="each")
    assert (wrong.status_code, "Choose who gets the stories." in wrong.text) == (422, True)
    fields = {"how": "each", "reviewers": [ana.pk, ben.pk], "mode": "open", "needed": "3"}
    fields["due"] = "2099-05-01"
    shown = preview(as_mo, stories, **fields)
    assert "“Story 1” has 2 of 3 reviewers then." in shown.text
    assign(as_mo, stories, plan_of(shown), **fields)
    assert Assignment.objects.count() == 6
    rounds = Round.objects.values_list("mode", "needed", "due__year", "opened_by__username")
    assert set(rounds) == {("open", 3, 2099, "mo")}


@pytest.mark.django_db
def test_a_round_that_is_open_is_filled_up(as_mo, stories, ana, ben, mo):
    cleo = make_user("cleo")
    round = actions.open_round(stories[0], by=mo, reviewers=[cleo], needed=2)
    shown = preview(as_mo, stories[:1], needed="5")
    assign(as_mo, stories[:1], plan_of(shown), needed="5")
    assert {one.reviewer for one in round.assignments.all()} == {ben, cleo}


@pytest.mark.django_db
def test_who_worked_in_a_story_counts_as_a_reviewer(as_mo, stories, ana, ben, claim):
    make_user("cleo")
    tagging.annotate(article=stories[0], reviewer=ana, label=claim, start=0, end=5)
    shown = preview(as_mo, stories[:1])
    assign(as_mo, stories[:1], plan_of(shown))
    people = {one.reviewer for one in Assignment.objects.all()}
    assert ana in people
    assert len(people) == 2


@pytest.mark.django_db
def test_a_revealed_round_gets_nobody(as_mo, stories, ben, mo):
    actions.reveal(actions.open_round(stories[0], by=mo), by=mo)
    shown = preview(as_mo, stories[:1])
    words = "“Story 1”: round 1 is revealed already. Close it, then open another one."
    assert words in shown.text
    assert 'value="assign"' not in shown.text


@pytest.mark.django_db
def test_a_plan_that_changed_meanwhile_is_shown_again(as_mo, stories, ana, ben, mo):
    shown = preview(as_mo, stories)
    actions.open_round(stories[0], by=mo, reviewers=[ben])
    again = assign(as_mo, stories, plan_of(shown))
    assert again.status_code == 409
    assert "Something changed meanwhile: this is what would be assigned now." in again.text
    assert Round.objects.count() == 1
    assert assign(as_mo, stories, plan_of(again)).status_code == 303


@pytest.mark.django_db
def test_a_second_click_assigns_nothing(as_mo, stories, ben):
    plan = plan_of(preview(as_mo, stories))
    assert assign(as_mo, stories, plan).status_code == 303
    again = assign(as_mo, stories, plan)
    assert (again.status_code, "0 parts." in again.text) == (409, True)
    assert Assignment.objects.count() == 3


@pytest.mark.django_db
def test_going_back_keeps_what_was_chosen(as_mo, stories, ben):
    sent = {**form(stories, needed="4", reviewers=[ben.pk]), "step": "back"}
    page = as_mo.post("/reviews/assign/", sent)
    assert page.status_code == 200
    assert 'name="needed" value="4"' in page.text
    assert re.search(rf'name="reviewers" value="{ben.pk}"[^>]* checked', page.text)


@pytest.mark.django_db
def test_stories_are_chosen_in_the_address(as_mo, stories):
    set_status(stories[2], "archived")
    chosen = "&".join(f"article={one.pk}" for one in stories)
    page = as_mo.get(f"/reviews/assign/?{chosen}").text
    assert page.count('name="articles"') == 2
    assert page.count(" checked") == 2 + 3  # how, what reviewers see, nobody reviews their own
    assert "No story is chosen." in as_mo.get("/reviews/assign/?article=x").text


@pytest.mark.django_db
def test_an_unchosen_story_stays_on_the_form(as_mo, stories, ana):
    sent = {**form([]), "shown": [stories[0].pk], "step": "preview"}
    page = as_mo.post("/reviews/assign/", sent)
    assert page.status_code == 422
    assert "Choose at least one story." in page.text
    assert "Story 1" in page.text


@pytest.mark.django_db
def test_only_active_people_with_the_role_are_chosen(as_mo, stories, ada, ben):
    ben.is_active = False
    ben.save()
    cleo = make_user("cleo")
    assign(as_mo, stories, plan_of(preview(as_mo, stories)))
    assert {one.reviewer for one in Assignment.objects.all()} == {cleo}


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["preview", "assign"])
def test_assigning_is_for_moderators(as_ana, stories, step):
    refused = as_ana.post("/reviews/assign/", {**form(stories), "step": step})
    assert (refused.status_code, "Only moderators may do this." in refused.text) == (403, True)
