"""A whole story by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.annotations.models import Annotation, Reading
from tests.factories import PASSWORD, make_article
from tests.pages.conftest import TITLE
from tests.pages.reading import Reading as Story
from tests.pages.reading import stored

pytestmark = pytest.mark.django_db(transaction=True)

GROUP = "🧑‍🤝‍🧑"  # one character to a reader, five code points, eight UTF-16 units


def tab_to(page, locator, most: int = 40) -> None:
    for _ in range(most):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {locator}")


def test_a_whole_story_from_the_sign_in_on(browse, ana, article):
    page = browse().new_page()
    page.goto("/")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name=TITLE)
    expect(link).to_be_visible()
    tab_to(page, link)
    page.keyboard.press("Enter")
    story = Story(page, article).ready()

    story.press(
        "j", "c", "j", "e", "ArrowDown", "s", "j", "n", "j", "c", "e", "j", "n", "j", "c"
    )
    story.press("k", "n", "n")
    story.saved()

    texts = {one.position: article.text[one.start : one.end] for one in article.sentences.all()}
    assert stored(ana) == [
        ("claim", texts[0]),
        ("evidence", texts[1]),
        ("speculation", texts[2]),
        ("claim", texts[4]),
        ("evidence", texts[4]),
        ("claim", texts[6]),
    ]
    read = Reading.objects.live().filter(reviewer=ana)
    assert sorted(read.values_list("sentence__position", flat=True)) == [3, 5]
    expect(page.locator("#counts")).to_contain_text("7 of 7 sentences")
    expect(page.locator("#count-claim")).to_have_text("3")


def test_tab_reaches_one_sentence_and_its_tags(read, ana):
    story = read(ana)
    page = story.page
    tab_to(page, story.sentence(0))
    story.press("j", "c").saved()
    expect(story.sentence(1)).to_be_focused()
    story.press("Tab")
    expect(story.sentence(1).locator(".n")).to_be_focused()
    story.press("Tab")
    expect(story.sentence(1).locator(".tag")).to_be_focused()
    story.press("Tab")
    assert page.evaluate("document.activeElement.closest('.s')") is None
    story.press("Shift+Tab", "Shift+Tab", "Shift+Tab")
    expect(story.sentence(1)).to_be_focused()
    assert page.locator(".s[tabindex='0']").count() == 1


def test_the_number_of_a_sentence_opens_its_palette_by_key(read, ana):
    story = read(ana).focus(2).press("Tab", "Enter")
    expect(story.palette).to_be_visible()
    expect(story.palette.get_by_role("button", name="Claim")).to_be_focused()
    story.press("Tab", "Enter").saved()
    assert stored(ana) == [("evidence", "“We have the money,” she said.")]
    expect(story.sentence(2)).to_be_focused()
    expect(story.palette).to_be_hidden()


def test_the_same_key_again_takes_the_tag_off(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.press("c").saved()
    assert stored(ana) == []
    story.press("c", "c", "c").saved()  # quicker than the server
    assert [label for label, _ in stored(ana)] == ["claim"]


def test_the_same_key_again_on_a_passage_takes_that_tag_off_alone(read, ana):
    passage = ("Shift+ArrowRight", "Shift+ArrowRight", "c")
    story = read(ana).focus(5).press("c", *passage).saved()
    assert stored(ana)[1] == ("claim", f"Nobody {GROUP}")
    story.press(*passage).saved()
    assert stored(ana) == [("claim", f"Nobody {GROUP} asked Sam Doe.")]


def test_a_passage_grows_and_shrinks_by_words_and_characters(read, ana):
    story = read(ana).focus(1)
    story.press("Shift+ArrowRight")
    assert story.highlighted("passage") == ["The"]
    story.press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown")
    assert story.highlighted("passage") == ["mayor said"]
    story.press(
        "Shift+ArrowLeft", "Shift+ArrowUp", "Alt+Shift+ArrowLeft", "Alt+Shift+ArrowDown"
    )
    assert story.highlighted("passage") == ["he mayo"]
    expect(story.said).to_have_text("he mayo")
    story.press("Alt+Shift+ArrowRight", "Alt+Shift+ArrowRight")  # past the space
    assert story.highlighted("passage") == ["he mayor s"]
    story.press("e").saved()
    assert stored(ana) == [("evidence", "he mayor s")]
    assert story.highlighted("passage") == []
    story.press("Shift+ArrowRight", "Escape", "c").saved()  # let go: the whole sentence
    assert stored(ana)[0] == ("claim", "The mayor said on Monday that taxes would fall.")


def test_a_passage_over_sentences_and_paragraphs(read, ana):
    story = read(ana).focus(2)
    for _ in range(7):
        story.press("Shift+ArrowRight")
    story.press("Shift+ArrowUp", "Shift+ArrowUp", "s").saved()
    assert stored(ana) == [("speculation", "would fall. “We have the money,” she said.\n\nA")]
    tag = Annotation.objects.get()
    assert (tag.first_position, tag.last_position) == (1, 3)
    assert story.page.locator(f"mark[data-annotations='{tag.pk}']").count() == 3
    assert story.badge(tag).count() == 1


def test_an_emoji_is_never_cut(read, ana):
    story = read(ana).focus(5)
    story.press("Shift+ArrowRight", "Alt+Shift+ArrowRight", "Alt+Shift+ArrowRight")
    assert story.highlighted("passage") == [f"Nobody {GROUP} a"]
    story.press("Alt+Shift+ArrowLeft", "c", "Shift+ArrowRight", "Shift+ArrowRight")
    story.press("Shift+ArrowDown", "e").saved()
    assert stored(ana) == [("claim", f"Nobody {GROUP}"), ("evidence", GROUP)]
    # After the emoji, units and code points are no longer the same number.
    story.press(*["Shift+ArrowRight"] * 4, *["Shift+ArrowDown"] * 2)
    story.press("Alt+Shift+ArrowLeft", "s").saved()
    assert stored(ana)[2:] == [("speculation", "asked Sa")]


def test_text_from_right_to_left(read, ana):
    body = "המועצה מתכנסת ביום שני. המסים יירדו, אמר ראש העיר.\n\nThey wrote “שלום עולם” twice."
    story = read(ana, make_article("כותרת", body)).focus(1)
    assert (
        story.sentence(1).evaluate("one => getComputedStyle(one.parentElement).direction")
        == "rtl"
    )
    story.press("Shift+ArrowRight", "Shift+ArrowRight", "c").saved()
    story.focus(3).press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    story.press("Shift+ArrowDown", "Shift+ArrowDown", "Alt+Shift+ArrowDown", "e").saved()
    assert stored(ana) == [("claim", "המועצה מתכנסת"), ("evidence", "שלום")]


def test_a_tag_is_opened_changed_and_taken_back(read, ana):
    story = read(ana).focus(1).press("c").saved()
    page = story.page
    story.press("Enter")
    expect(page.locator("#annotation-title")).to_be_focused()
    expect(story.panel).to_contain_text("Claim on sentence 1")
    tag = Annotation.objects.get()

    tab_to(page, story.panel.get_by_role("radio", name="Claim"))
    story.press("ArrowRight").saved()
    expect(story.sentence(1).locator(".tag")).to_have_text("E")
    tab_to(page, story.panel.get_by_role("textbox", name="Note"))
    page.keyboard.type("Who says so?")
    story.saved()
    tab_to(page, story.panel.get_by_role("radio", name="none"))
    story.press("ArrowRight", "ArrowRight").saved()
    tab_to(page, story.panel.get_by_role("button", name="Start later"))
    story.press("Enter", "Tab", "Enter").saved()
    tag.refresh_from_db()
    assert (tag.label.slug, tag.note, tag.confidence) == ("evidence", "Who says so?", 2)
    assert stored(ana) == [("evidence", "mayor said on Monday that taxes would")]

    story.press("Escape")
    expect(story.panel).to_be_empty()
    expect(story.sentence(1)).to_be_focused()
    story.press("Enter")
    expect(page.locator("#annotation-title")).to_be_focused()
    tab_to(page, story.panel.get_by_role("button", name="Take this tag back"))
    story.press("Enter").saved()
    expect(story.panel).to_be_empty()
    expect(story.sentence(1)).to_be_focused()
    assert stored(ana) == []


def test_one_of_several_tags_is_chosen_in_the_palette(read, ana):
    story = read(ana).focus(1).press("c", "e").saved()
    story.press("Enter")
    expect(story.palette.get_by_role("button", name="Claim")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(story.palette.get_by_role("button", name="Speculation")).to_have_attribute(
        "aria-pressed", "false"
    )
    tab_to(story.page, story.palette.get_by_role("link", name="Open Evidence"))
    story.press("Enter")
    expect(story.panel).to_contain_text("Evidence on sentence 1")
    story.press("Escape", "Enter")
    expect(story.palette).to_be_visible()
    story.press("Escape")
    expect(story.palette).to_be_hidden()
    expect(story.sentence(1)).to_be_focused()


def test_undo_and_redo(read, ana):
    story = read(ana).focus(1).press("c", "j", "n", "k", "Shift+ArrowRight", "s").saved()
    done = [
        ("claim", "The mayor said on Monday that taxes would fall."),
        ("speculation", "The"),
    ]
    assert stored(ana) == done
    undo = story.page.locator("#undo")
    story.press("u", "u", "u").saved()
    assert stored(ana) == []
    assert not Reading.objects.live().exists()
    expect(undo).to_be_disabled()
    story.press("u", "Shift+U", "Shift+U", "Shift+U").saved()
    assert stored(ana) == done
    assert Reading.objects.live().count() == 1
    expect(story.page.locator("#redo")).to_be_disabled()
    expect(story.sentence(1)).to_be_focused()
    story.press("u", "j", "e").saved()  # something new: nothing is left to redo
    expect(story.page.locator("#redo")).to_be_disabled()


def test_caps_lock_makes_no_redo_of_an_undo(read, ana):
    story = read(ana).focus(1).press("c").saved()
    key = "new KeyboardEvent('keydown', {key: 'U', bubbles: true})"
    story.sentence(1).evaluate(f"one => one.dispatchEvent({key})")
    story.saved()
    assert stored(ana) == []


def test_the_next_sentence_that_is_not_read(read, ana):
    story = read(ana).focus(0).press("n", "j", "j", "c").saved()
    story.focus(0).press("]")
    expect(story.sentence(1)).to_be_focused()
    story.press("]")
    expect(story.sentence(3)).to_be_focused()
    story.press("n", "]", "n", "]", "n", "]", "n", "]", "n").saved()
    story.press("]")
    expect(story.said).to_have_text("Every sentence is tagged or read")


@pytest.mark.parametrize(("key", "dialog"), [("?", "Keys"), ("g", "What each label means")])
def test_help_and_guideline_open_and_close(read, ana, key, dialog):
    story = read(ana).focus(1).press(key)
    opened = story.page.get_by_role("dialog", name=dialog)
    expect(opened).to_be_visible()
    expect(opened.get_by_role("heading", level=2)).to_be_focused()  # read from the top
    expect(opened.get_by_role("heading", level=2)).to_be_in_viewport()
    story.press("c", "Escape")  # keys are not for the story behind
    expect(opened).to_be_hidden()
    expect(story.sentence(1)).to_be_focused()
    story.saved()
    assert stored(ana) == []


def test_the_help_shows_the_persons_own_keys(read, ana):
    ana.preferences = {"keys": {"claim": "x", "next": "d", "undo": "z"}}
    ana.save()
    story = read(ana).press("d", "x", "d", "e").saved()
    assert [label for label, _ in stored(ana)] == ["claim", "evidence"]
    story.press("c", "u", "z").saved()
    assert [label for label, _ in stored(ana)] == ["claim"]
    story.press("?")
    keys = story.page.get_by_role("dialog", name="Keys").locator("div", has_text="Claim on the")
    expect(keys.locator("kbd")).to_have_text("x")


def test_after_a_tag_the_focus_can_move_on(read, ana):
    ana.preferences = {"move_on": True}
    ana.save()
    story = read(ana).focus(1).press("c", "n", "s").saved()
    expect(story.sentence(4)).to_be_focused()
    assert [text[:4] for _, text in stored(ana)] == ["The ", "A le"]


def test_keys_can_be_off(read, ana):
    ana.preferences = {"keys_on": False}
    ana.save()
    story = read(ana).focus(1).press("c", "n", "u", "?", "j")
    expect(story.sentence(1)).to_be_focused()
    expect(story.page.locator("#help")).to_be_hidden()
    story.press("ArrowDown", "Enter", "Enter").saved()  # what is no single letter still works
    assert stored(ana) == [("claim", "“We have the money,” she said.")]


def test_the_browsers_own_keys_stay_the_browsers(read, ana):
    read(ana).focus(1).press("Control+c", "Control+e", "Alt+s").saved()
    assert stored(ana) == []


def test_what_a_screen_reader_hears(read, ana):
    story = read(ana).focus(4)
    expect(story.sentence(4)).to_have_accessible_name(
        "Sentence 4, not read yet. Some expect the vote to be close."
    )
    expect(story.sentence(4)).to_have_role("group")
    story.press("c")
    expect(story.said).to_have_text("Claim on sentence 4")
    expect(story.sentence(4)).to_have_accessible_name(
        "Sentence 4, Claim. Some expect the vote to be close."
    )
    expect(story.sentence(4)).to_match_aria_snapshot(
        """
        - group "Sentence 4, Claim. Some expect the vote to be close.":
          - link "4"
          - mark: "Claim: Some expect the vote to be close."
          - 'link "Claim: open this tag"'
        """
    )
    story.press("u")
    expect(story.said).to_have_text("Undid: Claim on sentence 4")
    story.press("n")
    expect(story.said).to_have_text("Nothing to tag in sentence 4")
    expect(story.sentence(4)).to_have_accessible_name(
        "Sentence 4, nothing to tag. Some expect the vote to be close."
    )
    expect(story.said).to_have_role("status")
