"""What the eye sees selected is what is tagged, and what opens for it covers it not."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.annotations.models import Annotation
from tests.factories import make_article
from tests.pages.conftest import PHONE
from tests.pages.reading import stored

pytestmark = pytest.mark.django_db(transaction=True)

PARAGRAPH = "The mayor said on Monday that taxes would fall. “We have the money,” she said."
SELECTED = "getSelection().toString()"
TO_THE_FOOT = """(one) => {
  const { bottom } = one.getBoundingClientRect();
  scrollBy({ top: bottom - innerHeight + 160, behavior: "instant" }); // just above the bar
}"""


@pytest.fixture
def long_story(labels):
    sentences = [f"Sentence number {number} says a little more." for number in range(1, 81)]
    body = "\n\n".join(" ".join(sentences[at : at + 4]) for at in range(0, 80, 4))
    return make_article("A long story", body)


def test_a_story_from_right_to_left_stays_so_when_it_is_tagged(read, ana, labels):
    story = read(ana, make_article("כותרת", "המועצה מתכנסת ביום שני.\n\n– שלום\n\nOne line."))
    direction = "element => getComputedStyle(element.parentElement).direction"
    story.focus(0).press("c", "j", "c", "j", "e", "j", "e").saved()
    for _ in range(2):
        assert [story.sentence(at).evaluate(direction) for at in range(4)] == [
            *("rtl", "rtl", "rtl", "ltr")
        ]
        story.reload()


def test_escape_lets_go_of_a_selection(read, ana):
    story = read(ana).drag("mayor said").press("Escape")
    expect(story.palette).to_be_hidden()
    assert story.page.evaluate(SELECTED) == ""
    story.press("c").saved()
    assert stored(ana) == [("claim", "The mayor said on Monday that taxes would fall.")]


def test_a_selection_that_ends_over_an_open_tag_counts(read, ana):
    story = read(ana, viewport={"width": 1400, "height": 800}).focus(3).press("c").saved()
    story.press("Enter")
    expect(story.panel).to_contain_text("Claim on sentence 3")
    panel = story.panel.bounding_box()
    x, y = story.place("Monday", end=True)
    mouse = story.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 100, y)
    mouse.move(panel["x"] + panel["width"] - 20, y)
    mouse.up()
    expect(story.palette).to_contain_text("The passage")
    seen = story.page.evaluate(SELECTED).split()
    story.press("e").saved()
    [words] = [text.split() for label, text in stored(ana) if label == "evidence"]
    assert words == seen[: len(words)]  # and not the whole of a sentence


def test_three_clicks_select_the_paragraph_across_its_tags(read, ana):
    story = read(ana).focus(1).press("Shift+ArrowRight", "Shift+ArrowRight", "c", "e").saved()
    x, y = story.place("on Monday")
    mouse = story.page.mouse
    mouse.click(x, y, click_count=2)
    expect(story.palette).to_contain_text("The passage")
    mouse.down(click_count=3)
    mouse.move(x + 3, y, steps=3)  # no hand is quite still, and the browser selects anew then
    mouse.up(click_count=3)
    expect(story.palette).to_contain_text("she said.”")
    story.press("s").saved()
    assert ("speculation", PARAGRAPH) in stored(ana)


def test_what_is_copied_has_no_words_of_ours(read, ana):
    story = read(ana).focus(1).press("c", "e", "j", "s").saved()
    story.drag("mayor", "money")
    assert story.page.evaluate(SELECTED) == PARAGRAPH[4 : PARAGRAPH.index("money") + 5]


def test_a_tag_clicked_while_something_is_selected_opens_alone(read, ana):
    story = read(ana).focus(2).press("c").saved()
    story.drag("taxes would")
    story.badge(Annotation.objects.get()).click()
    expect(story.panel).to_contain_text("Claim on sentence 2")
    expect(story.palette).to_be_hidden()


def test_the_palette_of_a_long_selection_is_in_sight(read, ana, long_story):
    story = read(ana, long_story)
    page = story.page
    x, y = story.place("number 2 says")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y + 20)
    page.mouse.wheel(0, 900)
    expect(story.sentence(2)).not_to_be_in_viewport()
    page.mouse.move(x + 60, 790)
    page.mouse.up()
    expect(story.palette).to_be_visible()
    box = story.palette.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= page.viewport_size["height"]


@pytest.mark.parametrize("what", ["palette", "panel", "palette of a selection"])
def test_a_sheet_covers_not_what_it_is_about(read, ana, long_story, what):
    story = read(ana, long_story, **PHONE)
    sentence = story.sentence(9)
    if what == "panel":
        story.focus(9).press("c").saved()
    sentence.evaluate(TO_THE_FOOT)
    if what == "panel":
        sentence.locator(".tag").tap()
    elif what == "palette":
        box = sentence.bounding_box()
        story.page.touchscreen.tap(box["x"] + 60, box["y"] + box["height"] / 2)
    else:
        sentence.evaluate("one => getSelection().selectAllChildren(one)")
    sheet = story.panel if what == "panel" else story.palette
    expect(sheet).to_be_visible()
    expect(sentence).to_be_in_viewport()
    box = sentence.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= sheet.bounding_box()["y"]


def test_a_finger_on_a_screen_that_has_a_mouse_as_well(read, ana):
    story = read(ana)
    story.page.evaluate(
        "document.body.dispatchEvent(new PointerEvent('pointerdown',"
        " { pointerType: 'touch', bubbles: true }))"
    )
    story.sentence(2).evaluate("one => getSelection().selectAllChildren(one)")
    expect(story.palette).to_be_visible()


def test_the_passage_of_a_tag_is_shown_where_lines_do_not_suffice(read, ana):
    story = read(ana).focus(1).press("Shift+ArrowRight", "Shift+ArrowRight", "c", "e").saved()
    passage = story.badge(Annotation.objects.get(label__slug="claim"))
    passage.hover()
    assert story.highlighted("tag") == ["The mayor"]
    story.page.mouse.move(5, 5)
    story.click("money").press("Escape")
    assert story.highlighted("tag") == []
    passage.click()
    expect(story.panel).to_contain_text("Claim on sentence 1")
    assert story.highlighted("tag") == ["The mayor"]
    story.panel.get_by_role("button", name="End later").click()
    story.saved()
    expect(story.panel.locator(".quoted")).to_have_text("The mayor said")
    assert story.highlighted("tag") == ["The mayor said"]
    story.press("Escape")
    assert story.highlighted("tag") == []


def test_words_that_are_longer_than_the_screen(read, browse, ana, mo, labels):
    word = "Donaudampfschifffahrtsgesellschaft" * 2
    ana.public_name = word
    ana.save()
    story = read(ana, make_article(word, f"{word} {word}. It ended."), **PHONE)
    story.focus(1).press("c").saved().press("Enter")
    story.panel.get_by_label("Note").fill("https://a.example/" + "x" * 400)
    story.saved()
    page = browse(mo, **PHONE).new_page()
    tag = Annotation.objects.get()
    for address in (story.article.get_absolute_url(), f"/annotations/{tag.pk}/", "/"):
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, address
