"""Tagging on a phone, by touch."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.annotations.models import Annotation
from tests.pages.conftest import PHONE
from tests.pages.reading import stored

pytestmark = pytest.mark.django_db(transaction=True)

SELECT = """
([first, last]) => {
  const story = document.querySelector("#story");
  const texts = document.createTreeWalker(story, NodeFilter.SHOW_TEXT);
  let start, end;
  while (texts.nextNode()) {
    const { data } = texts.currentNode;
    if (!start && data.includes(first)) start = [texts.currentNode, data.indexOf(first)];
    if (data.includes(last)) end = [texts.currentNode, data.indexOf(last) + last.length];
  }
  getSelection().setBaseAndExtent(...start, ...end);
}
"""


@pytest.fixture
def story(read, ana):
    return read(ana, **PHONE)


def fits(page) -> bool:
    """Whether nothing reaches beyond the side of the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_tap_opens_a_sheet_at_the_bottom(story, ana):
    story.tap("taxes would")
    expect(story.palette).to_be_visible()
    box = story.palette.bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    assert box["y"] + box["height"] == pytest.approx(760, abs=1)
    for button in story.palette.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44, button.inner_text()
    story.palette.get_by_role("button", name="Claim").tap()
    story.saved()
    expect(story.palette).to_be_hidden()
    story.tap("ledger").palette.get_by_role("button", name="Nothing to tag").tap()
    story.saved()
    assert stored(ana) == [("claim", "The mayor said on Monday that taxes would fall.")]
    expect(story.page.locator("#counts")).to_contain_text("2 of 7 sentences")


def test_the_sentence_stays_in_view_above_the_sheet(story):
    story.tap("council meets")
    sheet = story.palette.bounding_box()
    sentence = story.sentence(6).bounding_box()
    assert sentence["y"] + sentence["height"] <= sheet["y"]


def test_a_selection_opens_the_sheet(story, ana):
    story.page.evaluate(SELECT, ["money", "A ledger"])
    expect(story.palette).to_contain_text("The passage “money,” she said. A ledger”")
    story.page.evaluate(SELECT, ["the money", "shows"])  # the handles are moved
    expect(story.palette).to_contain_text("The passage “the money,”")
    story.palette.get_by_role("button", name="Evidence").tap()
    story.saved()
    assert stored(ana) == [("evidence", "the money,” she said.\n\nA ledger shows")]
    assert story.page.evaluate("getSelection().isCollapsed")


def test_undo_and_redo_stay_in_reach(story, ana):
    story.tap("taxes would").palette.get_by_role("button", name="Claim").tap()
    story.saved()
    for name, left in (("Undo", 0), ("Redo", 1)):
        button = story.page.get_by_role("button", name=name)
        expect(button).to_be_in_viewport(ratio=1)
        assert button.bounding_box()["height"] >= 40
        button.tap()
        story.saved()
        assert len(stored(ana)) == left


def test_a_tag_opens_as_a_sheet(story, ana):
    story.tap("taxes would").palette.get_by_role("button", name="Claim").tap()
    story.saved().tap("taxes would")
    story.palette.get_by_role("link", name="Open Claim").tap()
    expect(story.panel).to_contain_text("Claim on sentence 1")
    box = story.panel.bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    assert box["y"] > 0
    bar = story.page.locator(".bar").bounding_box()  # with progress and what is being saved
    assert box["y"] + box["height"] == pytest.approx(bar["y"], abs=1)
    assert bar["y"] + bar["height"] == pytest.approx(760, abs=1)
    story.panel.get_by_role("radio", name="Speculation").tap()
    story.panel.get_by_label("Note").fill("by thumb")
    story.panel.get_by_role("button", name="Save").tap()
    story.saved()
    tag = Annotation.objects.get()
    assert (tag.label.slug, tag.note) == ("speculation", "by thumb")
    assert fits(story.page)
    # The small badge itself opens it as well.
    story.badge(tag).tap()
    expect(story.panel).to_contain_text("Speculation on sentence 1")
    story.panel.get_by_role("button", name="Take this tag back").tap()
    story.saved()
    assert stored(ana) == []
