"""Reviewers flag what they see, change that, take it back; nobody is told that it was they."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from annotate.annotations import actions as tagging
from annotate.discussion import actions as discussing
from annotate.moderation import cases
from annotate.moderation.models import Case, Flag
from annotate.reviews import actions as rounds
from tests.factories import make_article, make_user
from tests.moderation.test_decisions import Kind, decide

HTMX = {"HX-Request": "true"}


@pytest.fixture
def round(article, ana, ben):
    return rounds.open_round(article, by=None, mode="open", reviewers=[ana, ben])


@pytest.fixture
def tag(article, round, ben, claim):
    """Ben's, which ana sees."""
    made = tagging.annotate(article=article, reviewer=ben, label=claim, start=0, end=5)
    return made.annotation


@pytest.fixture
def comment(article, round, ben):
    thread = discussing.begin_thread(article, by=ben, start=0, end=5, text="Rude words")
    return thread.comments.get()


def main(response) -> str:
    """The text of a page, without tags and white space."""
    page = response.text.partition('<main id="main"')[2] or response.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def flag_page(thing) -> str:
    kind = "annotation" if hasattr(thing, "label") else "comment"
    return reverse(f"flag_{kind}", args=[thing.pk])


def seat_page(article, person, round) -> str:
    number = round.assignments.get(reviewer=person).number
    return reverse("flag_reviewer", args=[article.pk, number])


def test_flag_a_tag_change_the_flag_and_take_it_back(as_ana, tag):
    page = as_ana.get(flag_page(tag))
    assert "Flag the tag Claim on the headline by ben" in main(page)
    assert "The person is not told who flagged." in main(page)
    done = as_ana.post(flag_page(tag), {"reason": "off_guideline", "text": "No.\r\nReally."})
    assert (done.status_code, done["Location"]) == (303, tag.get_absolute_url())
    assert "Thank you: a moderator looks at it." in main(as_ana.get(done["Location"]))
    flag = Flag.objects.get()
    assert (flag.reason, flag.text) == ("off_guideline", "No.\nReally.")

    again = main(as_ana.get(flag_page(tag)))
    assert "You flagged it: Off guideline" in again
    assert "waits for a moderator" in again
    as_ana.post(flag_page(tag), {"reason": "spam"})
    flag.refresh_from_db()
    assert (flag.reason, flag.text, Flag.objects.count()) == ("spam", "", 1)

    back = as_ana.post(reverse("withdraw_flag", args=[flag.pk]))
    assert (back.status_code, back["Location"]) == (303, "/flags/")
    assert Case.objects.get().state == "gone"
    assert "You flagged it" not in main(as_ana.get(flag_page(tag)))


def test_a_flag_from_the_panel_is_answered_in_it(as_ana, tag):
    answer = as_ana.post(flag_page(tag), {"reason": "spam"}, headers=HTMX)
    assert (answer.status_code, answer["Vary"].count("HX-Request")) == (200, 1)
    assert answer.text.lstrip().startswith('<section id="flag"')
    assert "Thank you: a moderator looks at it." in main(answer)
    back = as_ana.post(reverse("withdraw_flag", args=[Flag.objects.get().pk]), headers=HTMX)
    assert "Your flag is taken back." in main(back)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a reason."),
        ({"reason": "boredom"}, "Choose a reason."),
        ({"reason": "other", "text": " "}, "Say in a sentence what a moderator is to look at."),
        ({"reason": "spam", "text": "x" * 1_001}, "Say it in at most 1,000 characters."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(as_ana, tag, sent, said):
    answer = as_ana.post(flag_page(tag), sent)
    assert answer.status_code == 422
    assert said in main(answer)
    assert sent.get("text", "").strip() in answer.text
    assert not Flag.objects.exists()


def test_flag_a_comment(as_ana, comment):
    thread = comment.thread.get_absolute_url()
    assert flag_page(comment) in as_ana.get(thread).text
    as_ana.post(flag_page(comment), {"reason": "abusive"})
    assert Case.objects.get().comment == comment


def test_flag_how_somebody_works_by_their_number(as_ana, article, tag, round, ben):
    page = seat_page(article, ben, round)
    assert page in as_ana.get(tag.get_absolute_url()).text
    as_ana.post(page, {"reason": "bad_faith", "text": "All in a minute."})
    case = Case.objects.get()
    assert (case.kind, case.person, case.article) == ("person", ben, article)


def test_one_does_not_flag_oneself(as_ana, article, round, ana, ben, claim):
    mine = tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    thread = discussing.begin_thread(article, by=ana, start=0, end=5, text="Mine")
    for page in (
        flag_page(mine.annotation),
        flag_page(thread.comments.get()),
        seat_page(article, ana, round),
    ):
        for ask in (as_ana.get, as_ana.post):
            answer = ask(page)
            assert answer.status_code == 403
            assert "This is your own. You can change it or take it back" in main(answer)
    assert flag_page(mine.annotation) not in as_ana.get(mine.annotation.get_absolute_url()).text


def test_what_a_person_may_not_know_of_they_cannot_flag(as_ana, article, tag, round, ben):
    """Hidden by a moderator, or in a blind round, where nobody can be named by a number."""
    case = cases.flag(tag, by=make_user("cleo"), reason="spam").case
    decide(case, make_user("mia", "moderator"), Kind.HIDE)
    other = make_article("Another story", "It has a sentence.")
    blind = rounds.open_round(other, by=None, reviewers=[ben])
    for page in (flag_page(tag), seat_page(other, ben, blind), "/annotations/1/flag/"):
        for ask in (as_ana.get, as_ana.post):
            assert ask(page).status_code == 404


def test_somebody_elses_flag_cannot_be_taken_back(client, tag, ana, ben):
    flag = cases.flag(tag, by=ana, reason="spam")
    client.force_login(ben)
    assert client.post(reverse("withdraw_flag", args=[flag.pk])).status_code == 404


def test_my_flags_tell_their_state(as_ana, tag, comment, ana, ben, mo):
    looked_at = cases.flag(tag, by=ana, reason="spam").case
    decide(looked_at, mo, Kind.KEEP)
    cases.withdraw_flag(cases.flag(comment, by=ana, reason="abusive"), by=ana)
    cases.flag(ben, by=ana, reason="other", text="Odd.", round=tag.round)
    said = main(as_ana.get("/flags/"))
    assert re.findall(r"\b(waits|looked at|taken back)\b", said) == [
        "waits",
        "taken back",
        "looked at",
    ]
    assert "How ben works in round 1 waits" in said
    decide(looked_at, mo, Kind.HIDE)
    said = main(as_ana.get("/flags/"))
    assert "Something that you do not see any more looked at" in said
    assert tag.exact not in said.partition("Something that you do not see")[2]


def test_flagged_again_for_what_was_seen_to_does_not_wait(as_ana, tag, ana, ben, mo):
    case = cases.flag(tag, by=ana, reason="spam").case
    decide(case, mo, Kind.KEEP)
    flag = cases.flag(tag, by=ana, reason="spam", text="Still spam.")
    assert not flag.waits
    flag = cases.flag(tag, by=ana, reason="abusive")
    assert Flag.objects.select_related("case").get(pk=flag.pk).waits


def test_flags_in_several_rounds_do_not_tell_who_is_behind_pseudonyms(
    as_ana, article, ana, ben, claim
):
    pages, other = [], make_article("Another story", "It has a sentence.")
    for story in (article, other):
        round = rounds.open_round(
            story, by=None, mode="open", reviewers=[ana, ben], pseudonyms=True
        )
        pages.append(seat_page(story, ben, round))
    as_ana.post(pages[0], {"reason": "bad_faith"})
    assert "You flagged it" in main(as_ana.get(pages[0]))
    assert "You flagged it" not in main(as_ana.get(pages[1]))
    as_ana.post(pages[1], {"reason": "spam"})
    assert Flag.objects.count() == 2
    said = main(as_ana.get("/flags/"))
    assert len(re.findall(r"How Reviewer \d works in round 1", said)) == 2
    assert "ben" not in said
    assert Case.objects.get().flags_standing == 2


def test_my_flags_show_nothing_of_a_blind_round(client, article, tag, ana, ben, mo, labels):
    """Flagged in an open round; then the same reviewers work blind, and flag nothing."""
    cases.flag(tag, by=ana, reason="spam")
    cases.flag(ben, by=ana, reason="other", text="Odd.", round=tag.round)
    rounds.close(tag.round, by=mo)
    blind = rounds.open_round(article, by=mo, reviewers=[ana, ben])
    client.force_login(ana)
    before = client.get("/flags/").text
    secret = tagging.annotate(
        article=article, reviewer=ben, label=labels["evidence"], start=6, end=10, note="Secret"
    ).annotation
    thread = discussing.begin_thread(article, by=ben, start=0, end=5, text="Secret")
    rest = re.compile(r'(csrfmiddlewaretoken" value|nonce|X-CSRFToken": )="?[^"]*"|: "\w{64}"')
    assert rest.sub("", client.get("/flags/").text) == rest.sub("", before)
    assert f"Claim on the headline by {ben}" in main(client.get("/flags/"))
    for page in (
        flag_page(secret),
        flag_page(thread.comments.get()),
        seat_page(article, ben, blind),
    ):
        assert client.get(page).status_code == 404
    # How ben worked in the round that everybody saw is flagged no more: the address is of now.
    assert not re.search(r"reviewers/\d+/flag", client.get("/flags/").text)


def test_my_flags_cost_the_same_for_any_number(
    as_ana, article, round, ana, ben, labels, django_assert_num_queries
):
    def flag_all(start: int) -> None:
        for label in labels.values():
            made = tagging.annotate(
                article=article, reviewer=ben, label=label, start=start, end=20
            )
            cases.flag(made.annotation, by=ana, reason="spam")
        thread = discussing.begin_thread(article, by=ben, start=start, end=20, text="Rude")
        cases.flag(thread.comments.get(), by=ana, reason="abusive")

    rounds.change_round(round, by=None, pseudonyms=True)
    flag_all(0)
    cases.flag(ben, by=ana, reason="other", text="Odd.", round=round)
    with django_assert_num_queries(8):
        as_ana.get("/flags/")
    flag_all(1)
    other = make_article("Another story", "It has a sentence.")
    second = rounds.open_round(
        other, by=None, mode="open", reviewers=[ana, ben], pseudonyms=True
    )
    cases.flag(ben, by=ana, reason="other", text="Odd.", round=second)
    with django_assert_num_queries(8):
        as_ana.get("/flags/")


def test_the_flagged_person_learns_of_no_flag(tag, ana, ben):
    client = Client()
    client.force_login(ben)
    pages = [tag.get_absolute_url(), "/flags/", "/decisions/", "/articles/1/history/"]
    before = [main(client.get(page)) for page in pages]
    cases.flag(tag, by=ana, reason="spam", text="Told by ana")
    assert [main(client.get(page)) for page in pages] == before
