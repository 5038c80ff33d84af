"""Keys do what was meant: held down, in another script, with the focus elsewhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from annotate.annotations.models import Annotation, Reading
from annotate.articles.models import Article
from tests.factories import make_article
from tests.pages.conftest import DESKTOP, FIRST, SECOND
from tests.pages.reading import log, lose, stored

pytestmark = pytest.mark.django_db(transaction=True)


def hold(story, key: str, times: int = 6) -> None:
    for _ in range(times):
        story.page.keyboard.down(key)  # again, without an up between: it repeats
    story.page.keyboard.up(key)


def grow(story, times: int) -> None:
    story.page.keyboard.down("Shift")
    hold(story, "ArrowRight", times)
    story.page.keyboard.up("Shift")


@pytest.fixture
def long_story(labels):
    sentences = [f"Sentence number {number} says a little." for number in range(1, 241)]
    body = "\n\n".join(" ".join(sentences[at : at + 4]) for at in range(0, 240, 4))
    return make_article("A long story", body)


def test_a_key_that_is_held_tags_once(read, ana):
    story = read(ana).focus(1)
    hold(story, "c")
    story.press("j")
    hold(story, "n")
    hold(story, "Enter")  # opens the palette, and chooses nothing in it
    story.saved()
    expect(story.palette.get_by_role("button", name="Claim")).to_be_focused()
    assert log(ana) == ["created", "read"]
    story.press("Enter").saved()
    assert stored(ana) == [("claim", FIRST), ("claim", SECOND)]


def test_a_key_that_is_held_moves_on_and_the_sentence_stays_in_sight(read, ana, long_story):
    story = read(ana, long_story, reduced_motion="no-preference").focus(1)
    hold(story, "j", 150)
    expect(story.sentence(151)).to_be_focused()
    expect(story.sentence(151)).to_be_in_viewport()
    grow(story, 2)
    expect(story.said).to_have_text("Sentence number")


def test_the_end_of_a_passage_that_moves_stays_in_sight_and_is_said(read, ana, long_story):
    story = read(ana, long_story).focus(1)
    grow(story, 200)
    expect(story.said).to_have_text(
        re.compile("^… .* Sentence number 33 says a little. Sentence number$")
    )
    expect(story.sentence(34)).to_be_in_viewport()
    expect(story.sentence(1)).not_to_be_in_viewport()
    story.press("Shift+ArrowDown")
    expect(story.said).to_have_text(re.compile("^number 1 says a little. Sentence .* …$"))
    expect(story.sentence(1)).to_be_in_viewport()


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["script", "no"])
def test_the_address_of_a_sentence_shows_it(browse, ana, long_story, options):
    page = browse(ana, reduced_motion="no-preference", **options).new_page()
    row = long_story.sentences.get(position=200)
    page.goto(f"{long_story.get_absolute_url()}#sentence-{row.pk}")
    sentence = page.locator(f"#sentence-{row.pk}")
    expect(sentence).to_be_in_viewport()
    assert 0 <= sentence.bounding_box()["y"] < DESKTOP["viewport"]["height"] / 2


def test_nobody_tags_what_they_do_not_see(read, ana, long_story):
    story = read(ana, long_story)
    page = story.page
    expect(story.sentence(0)).to_be_in_viewport()
    page.mouse.wheel(0, 3000)
    expect(story.sentence(0)).not_to_be_in_viewport()
    story.press("c")
    expect(story.sentence(0)).to_be_focused()
    expect(story.sentence(0)).to_be_in_viewport()
    story.saved()
    assert stored(ana) == []
    story.press("c").saved()
    assert stored(ana) == [("claim", "A long story")]


def test_what_is_typed_into_an_open_panel_tags_nothing(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    expect(story.page.locator("#annotation-title")).to_be_focused()
    story.press("e", "c", "n", "u", "t").saved()
    assert log(ana) == ["created"]
    story.press("j")  # goes back to where the person reads
    expect(story.sentence(1)).to_be_focused()

    story.focus(2).press("t", *"cesnu")  # typed before it is there: swallowed
    field = story.panel.get_by_role("textbox", name="New discussion")
    expect(field).to_be_focused()
    story.page.keyboard.type("A census")
    expect(field).to_have_value(re.compile("A census$"))
    story.saved()
    assert log(ana) == ["created"]


def test_a_keyboard_of_another_script(read, ana):
    story = read(ana)
    # Cyrillic, Greek, Hebrew; and what is told of a key that an input method takes.
    for position, key in enumerate(("с", "ψ", "ב", "Process"), start=1):
        story.focus(position)
        event = f"new KeyboardEvent('keydown', {{key: '{key}', code: 'KeyC', bubbles: true}})"
        story.sentence(position).evaluate(f"one => one.dispatchEvent({event})")
    story.saved()
    assert [label for label, _ in stored(ana)] == ["claim"] * 4


def test_a_persons_own_key_in_another_script_goes_first(read, ana):
    ana.preferences = {"keys": {"evidence": "с"}}
    ana.save()
    story = read(ana).focus(1)
    event = "new KeyboardEvent('keydown', {key: 'с', code: 'KeyC', bubbles: true})"
    story.sentence(1).evaluate(f"one => one.dispatchEvent({event})")
    story.saved()
    assert stored(ana) == [("evidence", FIRST)]


def test_a_bracket_that_a_mac_makes_with_option(read, ana):
    story = read(ana).focus(1)
    event = "new KeyboardEvent('keydown', {key: ']', altKey: true, bubbles: true})"
    story.sentence(1).evaluate(f"one => one.dispatchEvent({event})")
    expect(story.sentence(2)).to_be_focused()


def test_a_key_after_an_undo_that_is_not_answered_does_what_was_meant(read, ana, watch):
    watch.expected = ("Failed to load resource",)
    story = read(ana).focus(1).press("c", "j", "n", "k").saved()

    def later(*keys):
        with story.posts(lose):
            story.press(*keys)
            expect(story.state).to_contain_text(f"{sum(key not in 'jk' for key in keys)} ")
        story.reconnect().saved()

    later("u", "u", "c")  # the reading, the claim; and the claim again
    assert stored(ana) == [("claim", FIRST)]
    story.press("c").saved()
    later("u", "c")  # it is back, and off again
    assert stored(ana) == []
    later("u", "c", "c", "c")
    assert stored(ana) == []
    story.press("j", "n").saved()
    later("u", "n")
    assert Reading.objects.live().count() == 1
    later("n", "u", "n")  # of this undo the page knows
    assert not Reading.objects.live().exists()
    expect(story.said).not_to_have_text("Undoing")


def test_undo_is_said_at_once(read, ana, watch):
    watch.expected = ("Failed to load resource",)
    story = read(ana).focus(1).press("c").saved()
    with story.posts(lose):
        story.press("u")
        expect(story.said).to_have_text("Undoing")


def test_moving_on_is_for_what_was_put(read, ana):
    ana.preferences = {"move_on": True}
    ana.save()
    story = read(ana).focus(1).press("c", "k", "c").saved()
    expect(story.sentence(1)).to_be_focused()
    assert stored(ana) == []


def test_keys_that_are_off_are_not_offered(read, ana):
    ana.preferences = {"keys_on": False}
    ana.save()
    story = read(ana).focus(1).press("Enter")
    expect(story.palette).to_be_visible()
    assert story.page.locator("kbd:visible").count() == 0
    story.press("Escape")
    story.page.get_by_role("button", name="Keys").click()
    keys = story.page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("You have turned the keys for labels and actions off.")
    expect(keys.get_by_text("Claim on the sentence")).to_be_hidden()
    expect(keys.get_by_text("Grow or shrink a passage at its end")).to_be_visible()


def test_words_of_a_script_without_spaces(read, ana):
    story = read(ana, make_article("市長の発言", "市長は月曜日に税金が下がると述べた。")).focus(
        1
    )
    story.press("Shift+ArrowRight")
    assert story.highlighted("passage") == ["市長"]
    story.press("Shift+ArrowRight", "Shift+ArrowDown", "c").saved()
    assert stored(ana) == [("claim", "は")]


def test_the_message_that_is_closed_gives_the_focus_back(read, ana, watch):
    watch.expected = ("Failed to load resource",)
    story = read(ana).focus(2)
    Article.objects.update(status="locked")
    story.press("c").saved()
    story.page.get_by_role("button", name="Close").press("Enter")
    expect(story.sentence(2)).to_be_focused()
    assert not Annotation.objects.exists()
