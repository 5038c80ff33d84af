"""The review beside a story and what its reviewers said, by key, on a phone, and by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.annotations import actions as tagging
from annotate.reviews import actions
from tests.factories import make_user
from tests.pages.conftest import PHONE
from tests.pages.reading import stored
from tests.pages.test_every_page import LOOKS, holds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def blind(article, ana, ben, mo):
    return actions.open_round(article, by=mo, reviewers=[ana, ben], needed=2)


@pytest.fixture
def revealed(article, blind, ana, ben, mo, labels):
    """Three reviewers agree on sentence 1, differ a little on 2, and most on 4."""
    cleo = make_user("cleo")
    actions.assign(blind, [cleo], by=mo)
    said = {
        1: ("claim", "claim", "claim"),
        2: ("claim", "claim", "evidence"),
        4: ("claim", "evidence", "speculation"),
    }
    for position, slugs in said.items():
        row = article.sentences.get(position=position)
        for person, slug in zip((ana, ben, cleo), slugs, strict=True):
            tagging.annotate(
                article=article,
                reviewer=person,
                label=labels[slug],
                start=row.start,
                end=row.end,
            )
    return actions.reveal(blind, by=mo)


def test_contested_sentences_by_key(read, ana, revealed):
    story = read(ana)
    story.page.get_by_role("link", name="Contested 2").click()
    story.ready()
    story.press("]")
    expect(story.sentence(4)).to_be_focused()
    expect(story.sentence(4)).to_have_attribute(
        "aria-label", story_label(story, 4, "Reviewers: 1 Claim, 1 Evidence, 1 Speculation")
    )
    story.press("]")
    expect(story.sentence(2)).to_be_focused()
    story.press("[")
    expect(story.sentence(4)).to_be_focused()


def story_label(story, position: int, strip: str) -> str:
    return f"Sentence {position}, Claim, Evidence by ben, Speculation by cleo. {strip}. " + (
        story.row_text(position)
    )


def test_unread_sentences_by_key_there_and_back(read, ana, revealed):
    story = read(ana).focus(1)
    story.press("]")
    expect(story.sentence(3)).to_be_focused()
    story.press("]")
    expect(story.sentence(5)).to_be_focused()
    story.press("[")
    expect(story.sentence(3)).to_be_focused()


def test_a_tag_in_a_view_keeps_the_view(read, ana, ben, revealed):
    story = read(ana)
    story.page.get_by_role("link", name="Mine").click()
    story.ready().focus(4)
    expect(story.sentence(4).locator(".tag")).to_have_count(1)
    story.press("e").saved()
    expect(story.sentence(4).locator(".tag")).to_have_count(2)
    expect(story.sentence(4).locator(".strip")).to_have_attribute(
        "aria-label", "Reviewers: 1 Claim, 2 Evidence, 1 Speculation"
    )


def test_a_panel_leads_to_the_others_on_its_passage(read, ana, revealed):
    story = read(ana).focus(4)
    story.sentence(4).get_by_role("link", name="Evidence by ben: open this tag").click()
    expect(story.panel.get_by_role("heading", level=2)).to_have_text("Evidence on sentence 4")
    story.panel.get_by_role("link", name="Speculation by cleo").click()
    expect(story.panel.get_by_role("heading", level=2)).to_have_text(
        "Speculation on sentence 4"
    )
    story.press("Escape")
    expect(story.sentence(4)).to_be_focused()


@pytest.mark.parametrize("look", ["wide", "phone dark"])
def test_axe_on_a_story_under_review(read, ana, mo, blind, look):
    story = read(ana, **LOOKS[look])
    holds(story.page, "a blind round")
    actions.reveal(blind, by=mo)
    expect(story.page.locator("#review")).to_contain_text("Revealed")
    holds(story.page, "revealed while the page is open")
    story.page.goto(f"{story.article.get_absolute_url()}?view=contested")
    holds(story.ready().page, "contested")
    moderator = read(mo, **LOOKS[look])
    expect(story.page.locator("#here")).to_contain_text("mo")
    holds(story.page, "somebody else is here")
    holds(moderator.page, "a moderator's story")


@pytest.mark.parametrize("look", [{}, PHONE], ids=["wide", "phone"])
def test_a_submit_waits_for_what_is_not_saved(read, ana, article, blind, look):
    story = read(ana, **look)
    held = []
    with story.posts(held.append):
        story.focus(1).press("c")
        expect(story.state).to_have_attribute("data-state", "saving")
        story.page.get_by_role("button", name="Submit my review").click()
        expect(story.said).to_have_text("Your review is submitted when everything is saved")
        story.sends(held, 1)
        held[0].continue_()
    expect(story.page.get_by_role("heading", level=1)).to_have_text("Submit your review")
    assert stored(ana) == [("claim", story.row_text(1))]
    story.page.get_by_role("button", name="Mark the rest as read").click()
    expect(story.page.get_by_role("button", name="Reopen my review")).to_be_visible()
    expect(story.page.locator("#progress-done")).to_have_text(str(article.sentences.count()))


def test_who_submitted_is_told_at_once_and_sends_nothing(read, ana, article, blind):
    actions.submit(article, by=ana)
    story = read(ana).focus(1)
    with story.posts(lambda route: route.continue_()) as sent:
        story.press("c")
        expect(story.page.get_by_role("alert")).to_contain_text(
            "You have submitted your review."
        )
        assert sent == []
    story.page.get_by_role("button", name="Reopen my review").click()
    story.ready().focus(1).press("c").saved()
    assert len(stored(ana)) == 1
