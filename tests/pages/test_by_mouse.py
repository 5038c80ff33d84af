"""Tagging by mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.annotations.models import Annotation, Reading
from tests.pages.reading import stored

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_click_on_a_sentence_offers_what_can_be_said_of_it(read, ana):
    story = read(ana).click("would fall")
    expect(story.palette).to_be_visible()
    expect(story.palette).to_contain_text("The whole of sentence 1")
    story.palette.get_by_role("button", name="Speculation").click()
    expect(story.palette).to_be_hidden()
    story.click("expect").palette.get_by_role("button", name="Nothing to tag").click()
    story.saved()
    assert stored(ana) == [("speculation", "The mayor said on Monday that taxes would fall.")]
    assert Reading.objects.live().get().sentence.position == 4

    story.click("taxes would")
    button = story.palette.get_by_role("button", name="Speculation")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    story.saved()
    assert stored(ana) == []


def test_the_palette_stands_beside_the_click_and_goes_away(read, ana):
    story = read(ana)
    x, y = story.place("council")
    story.page.mouse.click(x, y)
    box = story.palette.bounding_box()
    assert abs(box["x"] - x) < 60
    assert 0 < box["y"] - y < 60 or 0 < y - box["y"] - box["height"] < 60
    story.page.locator(".source, .side").first.click(position={"x": 2, "y": 2})
    expect(story.palette).to_be_hidden()
    story.click("council").press("Escape")
    expect(story.palette).to_be_hidden()
    story.click("council").palette.get_by_role("button", name="Close").click()
    expect(story.palette).to_be_hidden()


@pytest.mark.parametrize(
    ("first", "last", "exact"),
    [
        ("mayor said", "mayor said", "mayor said"),
        ("Monday", "have the", "Monday that taxes would fall. “We have the"),
        ("money", "ledger", "money,” she said.\n\nA ledger"),
        ("taxes may", "The mayor", "taxes may fall\n\nThe mayor"),
        ("🧑‍🤝‍🧑", "asked", "🧑‍🤝‍🧑 asked"),
    ],
    ids=["words", "sentences", "paragraphs", "headline", "emoji"],
)
def test_a_selection_is_tagged(read, ana, first, last, exact):
    story = read(ana).drag(first, last)
    expect(story.palette).to_be_visible()
    expect(story.palette).to_contain_text("The passage “")
    expect(story.palette.get_by_role("button", name="Nothing to tag")).to_be_hidden()
    story.palette.get_by_role("button", name="Evidence").click()
    story.saved()
    assert stored(ana) == [("evidence", exact)]


def test_selections_across_tags_overlap_and_nest(read, ana):
    story = read(ana).focus(1).press("c")
    for first, last, label in [
        ("Monday", "We have", "Evidence"),  # over the sentence's end
        ("taxes would", "taxes would", "Speculation"),  # inside both
        ("mayor", "taxes would", "Evidence"),  # begins in one, ends at the end of another
    ]:
        story.saved().drag(first, last)
        story.palette.get_by_role("button", name=label).click()
    story.saved()
    assert stored(ana) == [
        ("claim", "The mayor said on Monday that taxes would fall."),
        ("evidence", "mayor said on Monday that taxes would"),
        ("evidence", "Monday that taxes would fall. “We have"),
        ("speculation", "taxes would"),
    ]
    # Each can be told apart, and opened.
    story.press("Escape")
    lanes = story.page.locator("mark", has_text="taxes would").get_attribute("class").split()
    assert sorted(name[:2] for name in lanes) == ["l0", "l1", "l2", "l3"]
    for tag in Annotation.objects.all():
        story.badge(tag).click()
        expect(story.page.locator(f"#annotation-{tag.pk}")).to_be_visible()
        expect(story.panel.locator("blockquote")).to_have_text(tag.exact)
    story.panel.get_by_role("button", name="Close").click()
    story.click("would fall")
    expect(story.palette.get_by_role("link")).to_have_count(4)
    story.palette.get_by_role("link", name="Open Speculation: “taxes would”").click()
    expect(story.panel).to_contain_text("Speculation on sentence 1")


def test_a_selection_is_tagged_by_key_too(read, ana):
    story = read(ana).drag("surplus", "million").press("c").saved()
    assert stored(ana) == [("claim", "surplus of $1.2 million")]
    expect(story.sentence(3)).to_be_focused()
    assert story.page.evaluate("getSelection().isCollapsed")


def test_white_space_and_numbers_are_no_part_of_a_selection(read, ana):
    story = read(ana).drag(" said on ", " said on ").press("e").saved()
    story.page.evaluate(
        """() => {
          const [first, second] = document.querySelectorAll(".body p");
          getSelection().setBaseAndExtent(first, 0, second, 0);
        }"""
    )
    story.page.mouse.move(*story.place("asked"))
    story.page.locator("body").dispatch_event("pointerup", {"pointerType": "mouse"})
    expect(story.palette).to_be_visible()
    story.press("c").saved()
    whole = "The mayor said on Monday that taxes would fall. “We have the money,” she said."
    assert stored(ana) == [("claim", whole), ("evidence", "said on")]


def test_a_tag_is_changed_in_its_panel(read, ana):
    story = read(ana).focus(2).press("c").saved()
    tag = Annotation.objects.get()
    story.badge(tag).click()
    panel = story.panel
    expect(panel.get_by_role("heading")).to_be_visible()
    box, text = panel.bounding_box(), story.page.locator("#story").bounding_box()
    assert box["x"] + box["width"] <= text["x"]  # beside the text
    panel.get_by_label("Last word").select_option(label="money,”")
    story.saved()
    panel.get_by_role("button", name="End earlier").click()
    story.saved()
    assert stored(ana) == [("claim", "“We have the")]
    panel.get_by_label("4", exact=True).check()
    panel.get_by_role("button", name="Save").click()
    expect(panel).to_be_empty()
    story.saved()
    tag.refresh_from_db()
    assert tag.confidence == 4

    story.page.locator("#undo").click()
    story.page.locator("#undo").click()
    story.saved()
    assert stored(ana) == [("claim", "“We have the money,”")]
    story.page.locator("#redo").click()
    story.saved()
    assert stored(ana) == [("claim", "“We have the")]


def test_what_is_refused_is_said_and_the_panel_shows_what_stands(read, ana, watch):
    watch.expected = ("422",)
    story = read(ana).focus(2).press("c", "e").saved()
    story.badge(Annotation.objects.get(label__slug="claim")).click()
    story.panel.get_by_role("radio", name="Evidence").check()
    message = story.page.get_by_role("alert")
    expect(message).to_contain_text("You already have a tag with this label on this passage.")
    expect(story.panel.get_by_role("radio", name="Claim")).to_be_checked()
    expect(story.panel.get_by_role("heading", level=2)).to_contain_text("Claim")
    message.get_by_role("button", name="Close").click()
    expect(message).to_be_empty()
    story.saved()


def test_undo_shows_in_the_open_panel(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.badge(Annotation.objects.get()).click()
    story.panel.get_by_role("radio", name="Evidence").check()
    story.saved().page.locator("#undo").click()
    expect(story.panel.get_by_role("radio", name="Claim")).to_be_checked()
    expect(story.page.locator("#undo")).to_be_focused()


@pytest.mark.parametrize("width", [1000, 1279, 1280])
def test_an_open_tag_covers_neither_progress_nor_its_own_sentence(read, ana, width):
    story = read(ana, viewport={"width": width, "height": 800}).focus(6).press("c").saved()
    story.sentence(6).evaluate("sentence => sentence.scrollIntoView({ block: 'end' })")
    story.badge(Annotation.objects.get()).click()
    expect(story.panel.get_by_role("heading")).to_be_visible()
    panel = story.panel.bounding_box()
    for seen in (story.sentence(6), *map(story.page.locator, ("#counts", "#controls"))):
        expect(seen).to_be_in_viewport()
        assert not overlap(panel, seen.bounding_box())


def overlap(one: dict, other: dict) -> bool:
    return all(
        one[place] < other[place] + other[size] and other[place] < one[place] + one[size]
        for place, size in (("x", "width"), ("y", "height"))
    )
