"""What the server refuses is kept, and said why."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from annotate.annotations.models import Annotation
from annotate.articles.actions import set_status
from annotate.articles.models import Article
from tests.pages.conftest import FIRST, PHONE, SECOND, sign_in
from tests.pages.reading import FILL_STORAGE, log, lose, stored
from tests.pages.test_every_page import holds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def broken_connections_are_expected(watch):
    watch.expected = ("Failed to load resource",)


def test_a_story_locked_meanwhile_says_so(read, ana, article):
    story = read(ana).focus(1)
    Article.objects.update(status="locked")
    story.press("c", "c", "c")
    message = story.page.get_by_role("alert")
    expect(message).to_contain_text(f"“{article.title}” is locked: it takes no more changes.")
    expect(message).to_contain_text("Not saved is Claim on sentence 1.")
    story.saved()  # refused: nothing waits any more
    assert story.highlighted("saving-claim") == []
    assert stored(ana) == []


def kept(story):
    """The list of what was not saved, opened."""
    details = story.page.locator("#not-saved")
    expect(details).to_be_visible()
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    return details


def test_what_was_refused_is_kept_until_it_can_be_sent_again(read, ana, article):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    note = story.panel.get_by_label("Note")
    note.press_sequentially("Who")
    story.saved()
    Article.objects.update(status="locked")
    note.press_sequentially(" says")
    story.saved()
    note.press_sequentially(" so?")  # typed on: one note, not two
    story.saved()
    story.press("Escape")
    with story.posts(lose):  # no press is answered before the last
        story.focus(2).press("s", "s", "s")  # on, off, on: one tag
    story.reconnect().saved()
    summary = story.page.locator("#not-saved summary")
    expect(summary).to_have_text("Not saved: 2 changes")

    story.page.reload()  # of a story that is locked now
    expect(summary).to_have_text("Not saved: 2 changes")
    rows = kept(story).get_by_role("listitem")
    why = f"“{article.title}” is locked: it takes no more changes."
    expect(rows.nth(0)).to_have_text(
        f"The note of Claim on sentence 1{FIRST}Who says so?{why}Try againDismiss"
    )
    expect(rows.nth(1)).to_have_text(f"Speculation on sentence 2{SECOND}{why}Try againDismiss")
    rows.nth(1).get_by_role("button", name="Try again: Speculation on sentence 2").click()
    expect(rows.nth(1)).to_contain_text(why)  # refused again, and kept again

    Article.objects.update(status="open")
    story.reload()
    kept(story)
    rows.nth(0).get_by_role("button", name="Try again").click()
    expect(summary).to_have_text("Not saved: 1 change")
    expect(summary).to_be_focused()
    story.saved()
    rows.get_by_role("button", name="Dismiss: Speculation on sentence 2").click()
    expect(story.page.locator("#not-saved")).to_be_hidden()
    assert stored(ana) == [("claim", FIRST)]
    assert Annotation.objects.get().note == "Who says so?"
    story.reload().saved()
    expect(story.page.locator("#not-saved")).to_be_hidden()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
def test_the_list_of_what_was_refused_is_accessible(read, ana, options):
    story = read(ana, **options).focus(1)
    Article.objects.update(status="locked")
    for key in "cnu":  # each refused before the next: an undo that waits goes with its change
        story.press(key).saved()
    story.page.get_by_role("button", name="Close").click()
    rows = kept(story).get_by_role("listitem")
    expect(rows).to_have_count(3)
    assert rows.nth(2).get_by_role("button").all_inner_texts() == ["Dismiss"]  # of an undo
    holds(story.page, "what was refused")


def test_what_can_never_be_saved_cannot_be_sent_again(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    note = story.panel.get_by_label("Note")
    note.evaluate("field => field.removeAttribute('maxlength')")
    note.fill("x" * 10_001)
    story.saved()
    row = kept(story).get_by_role("listitem")
    expect(row).to_contain_text("Note: Ensure this value has at most 10000 characters")
    assert row.get_by_role("button").all_inner_texts() == ["Dismiss"]


def test_another_person_does_not_see_what_was_refused(read, ana, ben, live_server):
    story = read(ana).focus(1)
    Article.objects.update(status="locked")
    story.press("c").saved()
    expect(story.page.locator("#not-saved")).to_be_visible()
    sign_in(story.page.context, ben, live_server.url)
    story.page.reload()
    expect(story.page.get_by_text("This story is locked")).to_be_visible()
    expect(story.page.locator("#not-saved")).to_be_hidden()


def test_what_is_refused_from_another_page_says_of_which_story(read, ana, article):
    story = read(ana).focus(1)
    page = story.page
    page.on("dialog", lambda dialog: dialog.accept())
    with story.posts(lose):
        story.press("c")
        expect(story.state).to_contain_text("1 change not saved yet")
        page.goto("/")
        expect(page.locator("#unsent")).to_be_visible()
        Article.objects.update(status="locked")
    story.reconnect()
    expect(page.locator("#unsent")).to_be_hidden()
    row = kept(story).get_by_role("listitem")
    expect(row).to_contain_text(f"Claim on sentence 1 in {article.title}{FIRST}")
    holds(page, "what was refused, on the list")
    row.get_by_role("link", name=article.title).click()
    expect(page).to_have_url(re.compile(f"{article.get_absolute_url()}$"))
    expect(page.locator("#not-saved summary")).to_have_text("Not saved: 1 change")


def test_each_of_what_was_refused_can_be_sent_again(read, ana):
    story = read(ana).focus(1)
    Article.objects.update(status="locked")
    story.press("c", "j", "e").saved()
    Article.objects.update(status="open")
    details = kept(story)
    for left in (1, 0):
        details.get_by_role("button", name="Try again").first.click()
        expect(details.get_by_role("listitem")).to_have_count(left)
        story.saved()
    assert stored(ana) == [("claim", FIRST), ("evidence", SECOND)]


def test_a_story_that_is_locked_and_opened_while_it_is_read(read, article, ana, mo):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    note = story.panel.get_by_label("Note")
    note.fill("Who")
    story.saved()
    set_status(article, "locked", by=mo)
    expect(story.page.locator(".side .notice")).to_contain_text("This story is locked")
    note.press("End")
    note.press_sequentially(" says?")
    alert = story.page.get_by_role("alert")
    expect(alert).to_contain_text(f"“{article.title}” is locked: it takes no more changes.")
    story.page.get_by_role("button", name="Close").last.click()
    story.focus(2).press("e")
    expect(alert).to_contain_text("This story is locked: it takes no more tags.")
    assert story.page.locator("[data-saving]").count() == 0
    expect(story.page.locator("#not-saved summary")).to_have_text("Not saved: 1 change")

    set_status(article, "open", by=mo)
    story.press("e")  # looks whether it is still so
    expect(story.page.locator("#undo")).to_be_visible()
    story.press("e").saved()
    kept(story).get_by_role("button", name="Try again").click()
    expect(story.page.locator("#not-saved")).to_be_hidden()
    story.saved()
    assert stored(ana) == [("claim", FIRST), ("evidence", SECOND)]
    assert Annotation.objects.get(label__slug="claim").note == "Who says?"


def test_the_undo_of_what_is_refused_undoes_nothing_else(read, ana):
    story = read(ana).focus(2).press("e", "k", "c").saved()
    story.press("Enter")
    note = story.panel.get_by_label("Note")
    note.evaluate("field => field.removeAttribute('maxlength')")
    with story.posts(lose):
        note.fill("x" * 10_001)
        expect(story.state).to_contain_text("1 change not saved yet")
        story.page.locator("#undo").click()
        expect(story.state).to_contain_text("2 changes not saved yet")
    story.reconnect().saved()
    assert log(ana) == ["created", "created"]
    expect(story.page.locator("#not-saved")).to_be_hidden()  # the person took it back


def test_what_there_is_no_room_to_keep_asks_before_the_page_is_left(read, ana):
    story = read(ana).focus(1)
    page = story.page
    page.evaluate(FILL_STORAGE)
    Article.objects.update(status="locked")
    story.press("c").saved()
    expect(page.locator("#not-saved summary")).to_have_text("Not saved: 1 change")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]
