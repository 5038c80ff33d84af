"""Two tabs, and two devices, of one person stay true to each other."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.annotations.models import Annotation, Change
from tests.pages.reading import Reading as Story
from tests.pages.reading import stored

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = "The mayor said on Monday that taxes would fall."


@pytest.fixture
def one(read, ana):
    return read(ana)


@pytest.fixture
def other_tab(one):
    return Story(one.page.context.new_page(), one.article).open()


@pytest.fixture
def other_device(one, read, ana):
    return read(ana)


def test_another_tab_shows_what_is_done_at_once(one, other_tab, ana):
    one.focus(1).press("c", "j", "n").saved()
    expect(other_tab.sentence(1).locator(".tag")).to_have_text("C")
    expect(other_tab.sentence(2)).to_have_class("s read")
    expect(other_tab.page.locator("#progress-done")).to_have_text("2")
    other_tab.press("u", "u").saved()
    expect(one.sentence(1).locator(".tag")).to_have_count(0)
    assert stored(ana) == []


def test_what_waits_in_one_tab_is_shown_in_the_other_and_sent_once(one, other_tab, ana, watch):
    watch.expected = ("Failed to load resource",)
    with one.posts(lambda route: route.abort()):
        one.focus(1).press("c")
        expect(one.state).to_contain_text("1 change not saved yet")
        expect(other_tab.sentence(1)).to_have_attribute("data-saving", "C…")
        other_tab.focus(1).press("e")
    one.saved()
    other_tab.saved()
    assert list(Change.objects.values_list("kind", flat=True)) == ["created", "created"]
    assert stored(ana) == [("claim", FIRST), ("evidence", FIRST)]


def test_another_device_learns_it_by_itself(one, other_device, ana):
    one.focus(1).press("c", "j", "n", "j", "e").saved()
    expect(other_device.sentence(1).locator(".tag")).to_have_text("C")
    expect(other_device.sentence(2)).to_have_class("s read")
    expect(other_device.sentence(3).locator(".tag")).to_have_text("E")
    expect(other_device.page.locator("#progress-done")).to_have_text("3")
    other_device.focus(4).press("s").saved()
    expect(one.sentence(4).locator(".tag")).to_have_text("S")
    one.press("u").saved()  # the other device's speculation was last
    expect(one.sentence(4).locator(".tag")).to_have_count(0)
    assert [label for label, _ in stored(ana)] == ["claim", "evidence"]


def test_undo_and_redo_from_another_device(one, other_device, ana):
    one.focus(1).press("c").saved().press("Shift+ArrowRight", "e").saved()
    other_device.focus(1).press("n").saved()
    other_device.press("u", "u").saved()
    assert stored(ana) == [("claim", FIRST)]
    expect(other_device.sentence(1).locator(".tag")).to_have_text("C")
    one.press("Shift+U").saved()
    expect(one.sentence(1).locator(".tag")).to_have_count(2)
    one.press("c").saved()  # takes it off: the page knew that it stands
    assert stored(ana) == [("evidence", "The")]


def test_a_tab_that_fell_behind_does_not_skip_what_another_device_did(
    one, other_tab, other_device, ana
):
    other_device.focus(6).press("s").saved()
    one.reload()  # knows of it; the other tab does not
    one.focus(1).press("c").saved()
    expect(other_tab.sentence(1).locator(".tag")).to_have_text("C")
    other_tab.focus(2).press("e").saved()
    expect(other_tab.sentence(6).locator(".tag")).to_have_text("S")


def test_what_arrives_disturbs_neither_focus_nor_passage(one, other_tab):
    other_tab.focus(1).press("Shift+ArrowRight", "Shift+ArrowRight")
    other_tab.page.evaluate("document.activeElement.before = scrollY")
    one.focus(1).press("c", "j", "e").saved()
    expect(other_tab.sentence(1).locator(".tag")).to_have_text("C")
    expect(other_tab.sentence(1)).to_be_focused()
    assert other_tab.highlighted("passage") == ["The mayor"]
    other_tab.press("s").saved()
    assert Annotation.objects.get(label__slug="speculation").exact == "The mayor"


def test_what_arrives_disturbs_no_selection_and_no_typing(one, other_tab):
    one.focus(4).press("c").saved()
    one.badge(Annotation.objects.get()).click()
    note = one.panel.get_by_label("Note")
    note.press_sequentially("half a wo")
    other_tab.focus(4).press("e")
    one.saved()
    expect(one.sentence(4).locator(".tag")).to_have_count(2)
    expect(note).to_be_focused()
    note.press_sequentially("rd")
    one.saved()
    assert Annotation.objects.get(label__slug="claim").note == "half a word"
    one.page.evaluate("document.activeElement.blur()")
    other_tab.drag("said on Monday")
    one.focus(1).press("c").saved()
    expect(other_tab.sentence(1).locator(".tag")).to_have_text("C")
    assert other_tab.page.evaluate("String(getSelection())") == "said on Monday"


def test_an_open_tag_is_shown_as_the_other_tab_left_it(one, other_tab):
    one.focus(1).press("c").saved().press("Enter")
    expect(one.panel).to_contain_text("Claim on sentence 1")
    expect(other_tab.sentence(1).locator(".tag")).to_have_text("C")
    other_tab.focus(1).press("Enter")
    other_tab.panel.get_by_role("radio", name="Evidence").check()
    expect(one.panel.get_by_role("radio", name="Evidence")).to_be_checked()
