"""Flagging, being told, answering, being suspended: by key, by thumb, in axe."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotate.accounts.models import User
from annotate.annotations import actions as tagging
from annotate.discussion import actions as discussing
from annotate.moderation import cases, decisions, people
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Case, Decision, Flag
from annotate.reviews import actions as rounds
from tests.pages.conftest import PHONE
from tests.pages.test_every_page import barriers, both_looks, holds, look  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
Kind = Decision.Kind


@pytest.fixture
def round(article, ana, ben):
    return rounds.open_round(article, by=None, mode="open", reviewers=[ana, ben])


@pytest.fixture
def tag(article, round, ben, claim):
    sentence = article.sentences.get(position=1)
    return tagging.annotate(
        article=article, reviewer=ben, label=claim, start=sentence.start, end=sentence.end
    ).annotation


def decide(case: Case, by: User, kind: Kind, **more) -> Decision:
    verdict = Verdict(kind, note="See the second example.", **more)
    case.refresh_from_db()
    return decisions.decide({case.pk: case.version}, verdict, by=by).decided[0]


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on an element that begins with these words."""
    for _ in range(60):
        page.keyboard.press("Tab")
        script = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent"
        if page.evaluate(script).strip().startswith(words):
            return
    raise AssertionError(f"Tab does not come to “{words}”")


def test_flag_be_told_and_answer_by_keyboard(read, article, tag, ana, ben, mo):
    story = read(ana).focus(1).press("Enter")
    expect(story.panel.get_by_role("heading", name="Claim on sentence 1")).to_be_focused()
    tab_to(story.page, "Flag this tag")
    story.press("Enter")
    expect(story.panel.get_by_role("heading", name="Flag the tag Claim")).to_be_focused()
    story.press("Tab", "ArrowDown")
    expect(story.panel.get_by_label("Wrong passage")).to_be_checked()
    tab_to(story.page, "In a sentence")
    story.page.keyboard.type("The sentence after it.")
    tab_to(story.page, "Flag")
    story.press("Enter")
    expect(story.panel.get_by_role("heading", name="Thank you")).to_be_focused()
    expect(story.said).to_have_text("Saved")
    story.press("Escape")
    expect(story.panel).to_be_empty()
    expect(story.sentence(1)).to_be_focused()
    flag = Flag.objects.get()
    assert (flag.reason, flag.text) == ("wrong_passage", "The sentence after it.")

    decide(flag.case, mo, Kind.HIDE)
    page = read(ben).page
    page.goto("/")
    heading = page.get_by_role("heading", level=1)
    tab_to(page, "A decision about your work")
    page.keyboard.press("Enter")
    expect(heading).to_have_text("Decisions about my work")
    tab_to(page, "Hidden: your tag Claim on sentence 1")
    page.keyboard.press("Enter")
    expect(heading).to_have_text("A decision about your tag Claim on sentence 1")
    tab_to(page, "Your answer")
    page.keyboard.type("It is the right one.")
    tab_to(page, "Send my answer")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It went to another moderator, and waits.")).to_be_visible()
    assert Case.objects.get().appeal == "It is the right one."


def test_flag_be_told_and_answer_by_thumb(read, article, tag, ana, ben, mo, watch):
    watch.expected = ("422",)
    thread = discussing.begin_thread(article, by=ben, start=0, end=5, text="Rude words")
    story = read(ana, **PHONE).open(f"#thread-{thread.pk}").reload()
    story.panel.get_by_role("link", name="Flag the comment by ben").tap()
    story.panel.get_by_role("button", name="Flag", exact=True).tap()
    expect(story.panel.get_by_role("alert")).to_have_text("Choose a reason.")
    story.panel.get_by_label("Abusive").tap()
    story.panel.get_by_role("button", name="Flag", exact=True).tap()
    expect(story.panel.get_by_role("heading", name="Thank you")).to_be_visible()
    story.panel.get_by_role("link", name="Back to the discussion").tap()
    expect(story.panel.locator(".comment")).to_contain_text("Rude words")
    decide(Case.objects.get(), mo, Kind.HIDE)

    page = read(ben, **PHONE).page
    page.goto("/work/")
    page.get_by_role("link", name="A decision about your work").tap()
    page.get_by_role("link", name="Hidden: your comment on the headline").tap()
    page.get_by_label("Your answer").fill("They were meant well.")
    page.get_by_role("button", name="Send my answer").tap()
    expect(page.get_by_text("It went to another moderator, and waits.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_tagged_while_suspended_is_kept_and_goes_again(read, article, ana, mo, watch):
    watch.expected = ("403",)
    story = read(ana).focus(1)
    until = timezone.now() + datetime.timedelta(days=1)
    decisions.decide_about(ana, Verdict(Kind.SUSPEND, until=until), by=mo)
    story.press("c")
    kept = story.page.locator("#not-saved")
    expect(kept.locator("summary")).to_have_text("Not saved: 1 change")
    expect(kept).to_contain_text("Your account is suspended until")
    decisions.take_back(by=mo)
    story.reload()
    kept.locator("summary").click()
    kept.get_by_role("button", name="Try again").click()
    story.saved()
    assert article.annotations.get().label.slug == "claim"


@both_looks
def test_no_page_of_moderation_has_a_barrier(read, article, tag, ana, ben, mo, look, watch):  # noqa: F811
    watch.expected = ("403", "409", "422")
    thread = discussing.begin_thread(article, by=ben, start=0, end=5, text="Rude words")
    hidden = decide(cases.flag(tag, by=ana, reason="spam").case, mo, Kind.HIDE)
    cases.flag(thread.comments.get(), by=ana, reason="abusive", text="Read it.")
    story = read(ana, **look)
    page = story.page
    seat = rounds.Assignment.objects.get(reviewer=ben).number
    for address in (
        "/flags/",
        f"/comments/{thread.comments.get().pk}/flag/",
        f"/articles/{article.pk}/reviewers/{seat}/flag/",
        "/decisions/",
    ):
        page.goto(address)
        holds(page, address)
    page.get_by_role("link", name="ana").click()
    page.get_by_text("Ask for it…").click()
    holds(page, "the form of an erasure")
    story.open(f"#thread-{thread.pk}").reload()
    story.panel.get_by_role("link", name="Flag the comment by ben").click()
    story.panel.get_by_text("Change", exact=True).click()
    assert barriers(page) == []

    people.premoderate_article(article, True, by=mo)
    cases.appeal(hidden, by=ben, text="It is none.")
    restored = decide(hidden.case, User.objects.get(pk=mo.pk), Kind.RESTORE)
    told = read(ben, **look).page
    for address in (
        "/",
        "/decisions/",
        *(one.get_absolute_url() for one in (hidden, restored)),
    ):
        told.goto(address)
        holds(told, address)
    warned = decisions.decide_about(ben, Verdict(Kind.WARN), by=mo)
    told.goto(warned.get_absolute_url())
    told.get_by_role("button", name="Send my answer").click()
    told.wait_for_url("**/appeal/")
    holds(told, "an answer without words")
    decisions.decide_about(ben, Verdict(Kind.BAN), by=mo)
    told.goto("/")
    holds(told, "a banned person's page")
    moderating = read(mo, **look).page
    moderating.goto(f"/articles/{article.pk}/review/")
    holds(moderating, "the switch of pre-moderation")
