"""Several people at one story at once: what others do appears, and disturbs nobody."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.accounts.actions import set_role
from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation
from annotate.reviews import actions
from tests.pages.conftest import PHONE
from tests.pages.reading import Reading

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def open_round(article, ana, ben, mo):
    return actions.open_round(article, by=mo, mode="open", reviewers=[ana, ben])


@pytest.fixture
def blind(article, ana, ben, mo):
    return actions.open_round(article, by=mo, reviewers=[ana, ben], needed=2)


def tag(article, person, label, position) -> Annotation:
    row = article.sentences.get(position=position)
    return tagging.annotate(
        article=article, reviewer=person, label=label, start=row.start, end=row.end
    ).annotation


def live(story):
    """Wait until the page hears what happens: it is told who else is here."""
    expect(story.page.locator("#here")).to_be_visible()
    return story


def test_a_tag_appears_at_everybody_elses_by_itself(read, article, open_round, ana, ben, mo):
    of_ana, of_ben, of_mo = read(ana), read(ben, **PHONE), read(mo)
    of_ana.focus(2).press("c").saved()
    for story in (of_ben, of_mo):
        expect(story.sentence(2).locator("a.tag")).to_have_accessible_name(
            "Claim by ana: open this tag"
        )
        expect(story.page.locator("#count-claim")).to_have_text("1")
    of_ben.focus(2).press("e").saved()
    expect(of_ana.sentence(2).locator("a.tag")).to_have_count(2)
    expect(of_ana.said).to_have_text("ben changed sentence 2")
    of_ana.focus(2).press("u").saved()
    expect(of_ben.sentence(2).locator("a.tag")).to_have_count(1)


def test_what_arrives_disturbs_nobody(read, article, open_round, ana, ben, evidence):
    own = tag(article, ana, evidence, 3)
    story = live_with(read, ana, ben)
    story.focus(2).press("Shift+ArrowRight")
    passage = story.highlighted("passage")
    tag(article, ben, evidence, 2)
    expect(story.sentence(2).locator("a.tag")).to_have_count(1)
    expect(story.sentence(2)).to_be_focused()
    assert story.highlighted("passage") == passage != []
    story.press("Escape")
    story.badge(own).click()
    note = story.panel.get_by_label("Note")
    note.fill("Half a wo")
    tag(article, ben, evidence, 4)
    expect(story.sentence(4).locator("a.tag")).to_have_count(1)
    expect(note).to_be_focused()
    note.press_sequentially("rd")
    story.saved()
    own.refresh_from_db()
    assert own.note == "Half a word"


def live_with(read, person, other):
    """The story as `person` has it open, while `other` is there, too."""
    story = read(person)
    read(other)
    return live(story)


def test_a_blind_round_shows_nothing_until_the_reveal(
    read, article, blind, ana, ben, mo, claim
):
    of_ana, of_mo = read(ana), read(mo)
    live(of_mo)
    tag(article, ben, claim, 2)
    expect(of_mo.sentence(2).locator("a.tag")).to_have_count(1)
    of_ana.focus(3).press("c").saved()
    expect(of_ana.sentence(3).locator("a.tag")).to_have_count(1)
    expect(of_ana.sentence(2).locator("a.tag")).to_have_count(0)
    expect(of_ana.page.locator("#here")).to_have_count(0)
    actions.reveal(blind, by=mo)
    expect(of_ana.sentence(2).locator("a.tag")).to_have_count(1)
    expect(of_ana.page.locator("#review")).to_contain_text("All tags are shown.")
    expect(of_ana.sentence(3)).to_be_focused()
    live(of_ana)


def test_who_is_here_and_where(read, article, open_round, ana, ben, mo):
    of_ana, of_ben = read(ana), read(ben, **PHONE)
    live(of_ana), live(of_ben)
    of_ben.focus(4)
    here = of_ana.page.locator("#here")
    expect(here).to_have_text("Here now: ben at sentence 4")
    expect(here.get_by_role("link")).to_have_attribute(
        "href", f"#sentence-{article.sentences.get(position=4).pk}"
    )
    expect(of_ana.sentence(4)).to_have_attribute("data-here", "ben")
    of_ben.page.close()
    expect(here).to_be_hidden()


def test_pseudonyms_hold_for_who_is_here(read, article, ana, ben, mo):
    round = actions.open_round(
        article, by=mo, mode="open", pseudonyms=True, reviewers=[ana, ben]
    )
    number = round.assignments.get(reviewer=ben).number
    of_ana, of_ben = read(ana), read(ben)
    expect(of_ana.page.locator("#here")).to_contain_text(f"Reviewer {number}")
    of_ben.focus(2).press("c").saved()
    expect(of_ana.said).to_have_text(f"Reviewer {number} changed sentence 2")


def test_what_was_missed_without_a_connection_comes_when_it_is_back(
    read, article, open_round, ana, ben, claim, watch
):
    watch.expected = ("ERR_INTERNET_DISCONNECTED",)
    story = live_with(read, ana, ben)
    story.page.context.set_offline(True)
    tag(article, ben, claim, 5)
    story.page.context.set_offline(False)
    story.reconnect()
    expect(story.sentence(5).locator("a.tag")).to_have_count(1)


def test_without_any_stream_the_page_asks_when_it_is_looked_at(
    browse, article, open_round, ana, ben, claim, watch
):
    watch.expected = ("ERR_FAILED",)
    context = browse(ana)
    context.route("**/live/", lambda route: route.abort())
    story = Reading(context.new_page(), article).open()
    tag(article, ben, claim, 5)
    story.reconnect()
    expect(story.sentence(5).locator("a.tag")).to_have_count(1)


def test_a_story_that_is_locked_says_so(read, article, open_round, ana, mo):
    story = read(ana)
    actions.close(open_round, by=mo)
    expect(story.page.locator(".side .notice")).to_contain_text("This story is locked")


def test_a_moderator_who_is_none_any_more_sees_less(read, article, blind, ana, mo, claim):
    tag(article, ana, claim, 2)
    story = read(mo)
    expect(story.sentence(2).locator("a.tag")).to_have_count(1)
    set_role(mo, "reviewer")
    expect(story.sentence(2).locator("a.tag")).to_have_count(0)
