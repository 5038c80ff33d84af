"""A tag that is open shows what stands, while it is changed here and elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.annotations import actions
from annotate.annotations.models import Annotation
from tests.pages.conftest import PHONE
from tests.pages.reading import lose, stored

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def story(read, ana):
    """A claim on sentence 3, open."""
    story = read(ana).focus(3).press("c").saved()
    story.press("Enter")
    expect(story.page.locator("#annotation-title")).to_be_focused()
    return story


def test_it_follows_its_passage(story, ana):
    later = story.panel.get_by_role("button", name="End later")
    for _ in range(3):
        later.click()
        story.saved()
    heading = story.panel.get_by_role("heading", level=2)
    expect(heading).to_have_text("Claim on sentences 3 to 4")
    expect(story.panel.locator(".quoted")).to_have_text(stored(ana)[0][1])
    assert stored(ana)[0][1].endswith("Some expect the")
    for _ in range(12):  # to the end of its paragraph and beyond
        later.click()
        story.saved()
    assert Annotation.objects.get().last_position > 4
    expect(later).to_be_focused()


def test_it_says_when_it_was_taken_back(story):
    story.panel.get_by_role("button", name="Close").focus()
    story.focus(3).press("c").saved()
    expect(story.panel).to_contain_text("taken back")
    expect(story.panel.get_by_label("Note")).to_have_count(0)


def test_the_arrow_keys_pass_over_a_label_that_cannot_be(read, ana):
    story = read(ana).focus(3).press("c", "e").saved()
    story.badge(Annotation.objects.get(label__slug="claim")).click()
    expect(story.panel).to_contain_text("Claim on sentence 3")
    story.panel.locator("[data-edit]").evaluate(  # at once, as a quick hand does
        "form => form.querySelectorAll('[name=label]').forEach((one) => one.click())"
    )
    story.saved()
    expect(story.page.locator("#not-saved")).to_be_hidden()
    assert sorted(label for label, _ in stored(ana)) == ["evidence", "speculation"]


def test_what_another_device_undid_is_shown_when_typing_is_over(story, article, ana):
    note = story.panel.get_by_label("Note")
    note.fill("abc")
    story.saved()
    expect(note).to_be_focused()
    actions.undo(article, by=ana)  # on another device
    expect(story.page.locator("#undo")).to_be_enabled()
    expect(story.page.locator("#redo")).to_be_enabled()
    expect(note).to_have_value("abc")
    story.press("Tab")
    expect(note).to_have_value("")


def test_a_note_that_is_too_long_says_so(story):
    note = story.panel.get_by_label("Note")
    note.fill("x" * 9_999)
    story.saved()
    note.press("End")
    note.press_sequentially("yz")
    expect(story.page.get_by_role("alert")).to_contain_text("at most 10000 characters")
    story.saved()
    assert Annotation.objects.get().note.endswith("xy")


def test_what_is_being_saved_stays_in_view_on_a_phone(read, ana, watch):
    watch.expected = ("Failed to load resource",)
    story = read(ana, **PHONE).focus(3).press("c").saved()
    story.press("Enter")
    expect(story.panel).to_contain_text("Claim on sentence 3")
    with story.posts(lose):
        story.panel.get_by_label("Note").fill("by thumb")
        expect(story.state).to_contain_text("1 change not saved yet")
        for seen in (story.state, *map(story.page.locator, ("#counts", "#undo"))):
            expect(seen).to_be_in_viewport()
            box, panel = seen.bounding_box(), story.panel.bounding_box()
            assert box["y"] >= panel["y"] + panel["height"]
    story.reconnect().saved()
