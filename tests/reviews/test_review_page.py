"""The page of a story's review: what each sees there, and what moderators do."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.reviews import actions
from annotate.reviews.models import Assignment, Round
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def blind(article, ana, ben, mo):
    return actions.open_round(article, by=mo, reviewers=[ana, ben], needed=2)


def address(article) -> str:
    return f"/articles/{article.pk}/review/"


def main(response) -> str:
    return response.text.split('<main id="main"')[1].split("</main>")[0]


def post(client, article, **data):
    return client.post(address(article), data)


def messages(client) -> str:
    return main(client.get("/guideline/"))


def test_without_a_round(client, article, ana, mo):
    client.force_login(ana)
    page = main(client.get(address(article)))
    assert "This story has no review yet: everybody tags it for themselves." in page
    assert "Open the round" not in page
    client.force_login(mo)
    assert "Open the round" in main(client.get(address(article)))


def test_a_moderator_opens_a_round(client, article, ana, ben, mo):
    client.force_login(mo)
    due = timezone.localdate() + datetime.timedelta(days=7)
    form = {"do": "open", "mode": "blind", "needed": "2", "due": due, "pseudonyms": "on"}
    done = post(client, article, **form, reviewers=[ana.pk, ben.pk])
    assert (done.status_code, done["Location"]) == (303, address(article))
    round = Round.objects.get()
    assert (round.mode, round.needed, round.due, round.pseudonyms) == ("blind", 2, due, True)
    assert {one.reviewer for one in round.assignments.all()} == {ana, ben}
    assert "Round 1 is open." in messages(client)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("mode", "secret", "Select a valid choice."),
        ("needed", "0", "Ensure this value is greater than or equal to 1."),
        ("due", "2020-01-01", "This day is over. Choose today or a later day, or none."),
        ("reviewers", "0", "Select a valid choice. 0 is not one of the available choices."),
    ],
)
def test_what_is_wrong_with_a_new_round_is_said_beside_it(
    client, article, mo, field, value, error
):
    client.force_login(mo)
    form = {"do": "open", "mode": "blind", "needed": "7", field: value}
    wrong = post(client, article, **form)
    assert wrong.status_code == 422
    page = main(wrong)
    assert "Nothing was changed yet: something is to be corrected below." in page
    assert error in page
    assert field == "needed" or 'value="7"' in page
    assert not Round.objects.exists()


def test_settings_are_changed(client, article, blind, mo, ana):
    client.force_login(mo)
    post(client, article, do="set", needed="3", due="2099-01-31")
    assert "The settings are saved." in messages(client)
    blind.refresh_from_db()
    assert (blind.needed, blind.due) == (3, datetime.date(2099, 1, 31))
    page = main(client.get(address(article)))
    assert "mo changed reviewers needed: 2 → 3; due date: none → 2099-01-31" in page
    actions.submit(article, by=ana)
    post(client, article, do="set", needed="1", due="")
    words = "The settings are saved. As many as are needed have submitted: it is revealed."
    assert words in messages(client)


def test_more_reviewers(client, article, blind, mo):
    cleo, dan = make_user("cleo"), make_user("dan")
    client.force_login(mo)
    assert "Choose somebody." in main(post(client, article, do="assign"))
    post(client, article, do="assign", reviewers=[cleo.pk, dan.pk])
    assert "cleo and dan are now in the round." in messages(client).replace(
        "dan and cleo", "cleo and dan"
    )
    assert blind.assignments.count() == 4


def test_who_cannot_sign_in_or_is_no_reviewer_is_not_offered(client, article, blind, mo, ada):
    gone = make_user("gone")
    gone.is_active = False
    gone.save()
    client.force_login(mo)
    for person in (gone, ada):
        wrong = post(client, article, do="assign", reviewers=[person.pk])
        assert wrong.status_code == 422
    assert blind.assignments.count() == 2


@pytest.fixture
def late(blind):
    Round.objects.update(due=timezone.localdate() - datetime.timedelta(days=1))
    return blind


def test_a_late_part_is_handed_on(client, article, late, ana, ben, mo):
    cleo = make_user("cleo")
    part = late.assignments.get(reviewer=ana)
    client.force_login(mo)
    page = main(client.get(address(article)))
    assert "Hand on a late part" in page
    assert f'<option value="{part.pk}">ana</option>' in page
    post(client, article, do="hand_on", assignment=part.pk, to=cleo.pk)
    assert "ana’s part is handed on to cleo." in messages(client)
    assert set(late.assignments.active().values_list("reviewer", flat=True)) == {
        ben.pk,
        cleo.pk,
    }
    said = main(client.get(address(article)))
    assert "mo handed on the part of ana" in said
    assert "mo assigned cleo" in said


def test_a_late_part_goes_to_whoever_has_least(client, article, late, ana, mo):
    from tests.factories import make_article

    busy, free, own = make_user("busy"), make_user("free"), make_user("a_own")
    actions.open_round(make_article("Another", "One sentence."), by=mo, reviewers=[busy])
    type(article).objects.filter(pk=article.pk).update(submitted_by=own)
    part = late.assignments.get(reviewer=ana)
    client.force_login(mo)
    post(client, article, do="hand_on", assignment=part.pk, to="")
    assert late.assignments.filter(reviewer=free).exists()


def test_what_cannot_be_handed_on_is_said(client, article, blind, ana, mo):
    part = blind.assignments.get(reviewer=ana)
    client.force_login(mo)
    nobody = post(client, article, do="hand_on", assignment=part.pk)
    assert nobody.status_code == 422
    assert (
        "Nobody is left who could take this part over: everybody else has a part in this "
        "round or put the story in."
    ) in main(nobody)
    cleo = make_user("cleo")
    early = main(post(client, article, do="hand_on", assignment=part.pk, to=cleo.pk))
    assert (
        "ana’s part is not late: only what is unfinished past its due date is handed on."
        in early
    )
    for wrong, words in (
        ({}, "Choose whose part to hand on."),
        ({"assignment": "0"}, "This part is not one of this round."),
        ({"assignment": part.pk, "to": mo.pk}, "This person cannot take the part over."),
    ):
        assert words in main(post(client, article, do="hand_on", **wrong))
    assert Assignment.objects.count() == 2


@pytest.mark.parametrize("do", ["", "nothing", "set"])
def test_nothing_to_do_is_said(client, article, mo, do):
    client.force_login(mo)
    wrong = post(client, article, do=do)
    assert (wrong.status_code, "Choose what to do." in main(wrong)) == (422, True)


def test_reviewers_do_nothing_here(as_ana, article, blind):
    refused = post(as_ana, article, do="set", needed="1")
    assert (refused.status_code, "Only moderators may do this." in refused.text) == (403, True)


# --- Blind ---------------------------------------------------------------------------------


def test_in_a_blind_round_nothing_is_told_of_others(client, article, blind, ana, ben, claim):
    client.force_login(ana)
    before = main(client.get(address(article)))
    assert '<span dir="auto">ben</span>' in before
    assert "How far the others are is told when the round is revealed." in before
    tagging.annotate(article=article, reviewer=ben, label=claim, start=0, end=5)
    tagging.read_the_rest(article, by=ben)
    actions.submit(article, by=ben)
    assert strip(main(client.get(address(article)))) == strip(before)


def strip(page: str) -> str:
    """Without the tokens of forms, which differ each time."""
    import re

    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_pseudonyms_stand_for_names(client, article, ana, ben, mo):
    round = actions.open_round(article, by=mo, pseudonyms=True, reviewers=[ana, ben])
    number = {one.reviewer_id: one.number for one in round.assignments.all()}
    client.force_login(ana)
    for _ in range(2):
        page = main(client.get(address(article)))
        assert f"Reviewer {number[ben.pk]}" in page
        assert f"Reviewer {number[ana.pk]} (you)" in page
        assert "ben" not in page.replace("number", "")
        actions.reveal(round, by=mo)


def test_who_has_no_part_learns_only_that_there_is_a_round(client, article, blind):
    client.force_login(make_user("cleo"))
    page = main(client.get(address(article)))
    assert "Round 1 of this story is reviewed by others. A moderator can assign you." in page
    assert "ana" not in page.replace("manage", "")


def test_after_the_reveal_reviewers_see_how_far_all_are(client, article, blind, ana, ben, mo):
    tagging.read_the_rest(article, by=ben)
    actions.reveal(blind, by=mo)
    client.force_login(ana)
    page = main(client.get(address(article)))
    total = article.sentences.count()
    assert f"<span>{total} of {total}</span>" in page
    assert "What was done" not in page


def test_moderators_see_the_log_in_words(client, article, blind, ana, ben, mo):
    for person in (ana, ben):
        actions.submit(article, by=person)
    actions.close(blind, by=mo)
    client.force_login(mo)
    page = main(client.get(address(article)))
    for words in (
        "mo opened the round, blind",
        "mo assigned ana",
        "ana submitted",
        "The round was revealed: all who were needed had submitted",
        "mo closed the round",
    ):
        assert words in page
    actions.open_round(article, by=mo, mode="open", reviewers=[ana])
    page = main(client.get(address(article)))
    assert "Earlier rounds" in page
    assert "Round 1, blind: opened" in page
    actions.join(article.rounds.get(latest=True), ben)
    assert "ben joined by beginning to work" in main(client.get(address(article)))


@pytest.mark.parametrize("who", ["ana", "mo"])
def test_the_page_costs_the_same_for_many_reviewers(
    request, client, article, blind, ana, mo, who, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(request.getfixturevalue(who))
    client.get(address(article))
    with CaptureQueriesContext(connection) as few:
        client.get(address(article))
    actions.assign(blind, [make_user(f"person{number}") for number in range(6)], by=mo)
    for number in range(6, 9):
        make_user(f"person{number}")
    with django_assert_max_num_queries(len(few)):
        client.get(address(article))
