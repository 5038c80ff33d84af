"""What a person does outlives a dropped connection, a reload, an ended session."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from annotate.annotations.models import Annotation, Reading
from tests.factories import PASSWORD, make_article
from tests.pages.conftest import FIRST, SECOND, sign_in
from tests.pages.reading import FILL_STORAGE, log, lose, stored
from tests.pages.reading import Reading as Story
from tests.pages.test_every_page import holds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def broken_connections_are_expected(watch):
    watch.expected = ("Failed to load resource",)


def do_and_lose(route) -> None:
    """The server does it, and the answer never comes."""
    route.fetch()
    route.abort("connectionreset")


# --- Without a connection -----------------------------------------------------------


def test_work_without_a_connection_is_kept_shown_and_sent(read, ana):
    story = read(ana).focus(1)
    page = story.page
    page.context.set_offline(True)
    story.press("c", "j", "n")
    expect(story.state).to_have_text(
        "2 changes not saved yet: no connection. Kept in this browser, sent when it is back."
    )
    expect(story.state).to_have_attribute("data-state", "waiting")
    expect(story.sentence(1)).to_have_attribute("data-saving", "C…")
    expect(story.sentence(2)).to_have_attribute("data-saving", "✓…")
    assert story.highlighted("saving-claim") == [FIRST]
    story.press("j", "s", "s", "e", "u")  # one taken off again, one undone: neither is shown
    assert story.highlighted("saving-speculation") == story.highlighted("saving-evidence") == []
    assert stored(ana) == []
    page.context.set_offline(False)
    story.saved()
    assert stored(ana) == [("claim", FIRST)]
    assert log(ana) == ["created", "read", "created", "withdrawn", "created", "undone"]
    assert page.locator("[data-saving]").count() == 0
    assert story.highlighted("saving-claim") == []


def test_an_undo_that_waits_is_shown_and_counts(read, ana):
    story = read(ana).focus(1).press("e").saved()
    story.page.context.set_offline(True)
    story.press("c", "u")
    expect(story.state).to_contain_text("2 changes")
    assert story.highlighted("saving-claim") == []
    story.press("c")  # the undone tag again, not its withdrawal
    assert story.highlighted("saving-claim") == [FIRST]
    story.page.context.set_offline(False)
    story.saved()
    assert log(ana) == ["created", "created", "undone", "created"]
    assert stored(ana) == [("evidence", FIRST), ("claim", FIRST)]


def test_a_note_and_a_withdrawal_without_a_connection(read, ana):
    story = read(ana).focus(1).press("c", "j", "e").saved()
    claim, evidence = Annotation.objects.order_by("created_at")
    page = story.page
    story.badge(claim).click()
    note = story.panel.get_by_label("Note")
    expect(note).to_be_visible()
    page.context.set_offline(True)
    note.fill("typed on the train")
    expect(story.state).to_contain_text("1 change not saved yet")
    story.badge(evidence).click()
    expect(page.get_by_role("alert")).to_contain_text(
        "There is no connection: the tag can be opened when it is back."
    )
    story.focus(2).press("e")
    expect(story.badge(evidence)).to_have_class("tag going")
    page.context.set_offline(False)
    story.saved()
    claim.refresh_from_db()
    assert claim.note == "typed on the train"
    assert stored(ana) == [("claim", FIRST)]


def test_unsent_work_outlives_a_reload_and_arrives_in_order_once(read, ana):
    story = read(ana).focus(1)
    with story.posts(lose):
        story.press("c", "j", "n", "k", "e", "Shift+ArrowRight", "s")
        expect(story.state).to_contain_text("4 changes not saved yet")
        story.page.once("dialog", lambda dialog: dialog.accept())  # warns: see below
        story.reload()
        expect(story.state).to_contain_text("4 changes not saved yet")
        expect(story.sentence(1)).to_have_attribute("data-saving", "C… E… S…")
        expect(story.sentence(2)).to_have_attribute("data-saving", "✓…")
        assert story.highlighted("saving-speculation") == ["The"]
    story.saved()
    assert log(ana) == ["created", "read", "created", "created"]
    assert stored(ana) == [("claim", FIRST), ("evidence", FIRST), ("speculation", "The")]
    story.reload().saved()
    assert len(log(ana)) == 4


def test_what_the_server_did_without_an_answer_is_not_done_again(read, ana):
    story = read(ana).focus(1)
    keys = ["c", "n", "n", "e", "e", "j", "s", "u", "Shift+U", "k", "u"]
    for key in keys:
        if key in "jk":
            story.press(key)
            continue
        with story.posts(do_and_lose) as lost:
            story.press(key)
            expect(story.state).to_have_attribute("data-state", "waiting")
        story.reconnect().saved()
        assert lost
    assert log(ana) == [
        *("created", "read", "unread", "created", "withdrawn", "created"),
        *("undone", "redone", "undone"),
    ]
    assert stored(ana) == [("claim", FIRST)]
    assert not Reading.objects.live().exists()


def test_words_typed_after_an_answer_was_lost_are_saved_too(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    note = story.panel.get_by_label("Note")
    with story.posts(do_and_lose):
        note.fill("first")
        expect(story.state).to_have_attribute("data-state", "waiting")
        note.fill("first and second")
    story.saved()
    assert Annotation.objects.get().note == "first and second"


def test_a_tag_taken_off_before_it_had_a_number(read, ana):
    story = read(ana).focus(1)
    with story.posts(do_and_lose):
        story.press("c", "c", "c", "c", "e")
        expect(story.state).to_contain_text("5 changes")
    story.saved()
    assert log(ana) == ["created", "withdrawn", "created", "withdrawn", "created"]
    assert stored(ana) == [("evidence", FIRST)]


def test_closing_the_page_warns_while_something_is_unsent(read, ana):
    story = read(ana).focus(1).press("c").saved()
    page = story.page
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with story.posts(lose):
        story.press("e")
        expect(story.state).to_contain_text("1 change not saved yet")
        with page.expect_event("close"):
            page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


def test_closing_the_page_does_not_warn_when_all_is_saved(read, ana):
    story = read(ana).focus(1).press("c").saved()
    asked = []
    story.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with story.page.expect_event("close"):
        story.page.close(run_before_unload=True)
    assert asked == []


def test_work_left_in_one_story_is_sent_from_another(read, ana):
    story = read(ana).focus(1)
    page = story.page
    other = make_article("Another story", "It has a sentence of its own.")
    page.on("dialog", lambda dialog: dialog.accept())
    with story.posts(lose):
        story.press("c")
        expect(story.state).to_contain_text("1 change not saved yet")
        there = Story(page, other).open()
        expect(there.state).to_contain_text("1 change not saved yet")
    there.saved()
    assert stored(ana) == [("claim", FIRST)]


def test_leaving_any_page_warns_while_something_is_unsent(read, ana):
    story = read(ana).focus(1)
    page = story.page
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with story.posts(lose):
        story.press("c")
        expect(story.state).to_contain_text("1 change not saved yet")
        page.goto("/")
        expect(page.locator("#unsent")).to_be_visible()
        assert len(asked) == 1
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert asked == ["beforeunload"] * 2
    with page.expect_response(re.compile("/annotations/$")):
        fill_in(page, "ana")
    expect(page.get_by_role("link", name="My work")).to_be_visible()
    expect(page.locator("#unsent")).to_be_hidden()
    assert stored(ana) == [("claim", FIRST)]


# --- A server in trouble ------------------------------------------------------------


def test_a_server_that_answers_503_gets_it_later(read, ana):
    story = read(ana).focus(1)
    with story.posts(lambda route: route.fulfill(status=503, body="away")):
        story.press("c")
        expect(story.state).to_contain_text("1 change not saved yet")
        expect(story.sentence(1)).to_have_attribute("data-saving", "C…")
    story.saved()
    assert stored(ana) == [("claim", FIRST)]


def test_an_answer_that_is_not_the_sites_own_saves_nothing(read, ana):
    story = read(ana).focus(1)
    with story.posts(lambda route: route.fulfill(status=200, body="<h1>Free wifi</h1>")):
        story.press("c")
        expect(story.state).to_contain_text("1 change not saved yet")
    story.reconnect().saved()
    assert log(ana) == ["created"]


# --- A browser in trouble ----------------------------------------------------------


def test_a_note_for_which_there_is_no_more_room_is_saved_whole(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    note = story.panel.get_by_label("Note")
    with story.posts(lose):
        note.press_sequentially("first")
        expect(story.state).to_contain_text("Kept in this browser")
        story.page.evaluate(FILL_STORAGE)
        note.press_sequentially(" and last")
        expect(story.state).to_have_text(
            "1 change not saved yet: no connection. "
            "Leave this page open: this browser cannot keep it."
        )
    story.reconnect().saved()
    assert Annotation.objects.get().note == "first and last"


def test_a_clock_that_is_set_back_changes_no_order(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    with story.posts(lose):
        story.panel.get_by_label("Note").press_sequentially("why?")
        story.page.evaluate("{ const now = Date.now; Date.now = () => now() - 600_000; }")
        story.press("Escape").focus(2).press("e", "e", "n")
        expect(story.state).to_contain_text("4 changes not saved yet")
    story.reconnect().saved()
    assert log(ana) == ["created", "edited", "created", "withdrawn", "read"]


# --- From any page ------------------------------------------------------------------


def modules(page) -> list[str]:
    """The scripts of ours that the page has loaded."""
    script = "performance.getEntriesByType('resource').map((one) => one.name)"
    return [name for name in page.evaluate(script) if "/reading/" in name]


def test_work_left_unsent_is_sent_from_any_page(read, ana):
    story = read(ana).focus(1)
    page = story.page
    page.on("dialog", lambda dialog: dialog.accept())
    with story.posts(lose):
        story.press("c", "j", "n")
        expect(story.state).to_contain_text("2 changes not saved yet")
        page.goto("/")
        unsent = page.locator("#unsent")
        expect(unsent).to_have_text(
            "2 changes not saved yet. Kept in this browser, sent when it can be."
        )
        holds(page, "unsent work")
    story.reconnect()
    expect(unsent).to_be_hidden()
    assert log(ana) == ["created", "read"]
    page.goto("/guideline/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert modules(page) == []  # nothing waits: nothing is loaded for it


def test_an_ended_session_is_said_on_any_page(read, ana):
    story = read(ana).focus(1)
    page = story.page
    page.on("dialog", lambda dialog: dialog.accept())
    with story.posts(lose):
        story.press("c")
        expect(story.state).to_contain_text("1 change not saved yet")
        page.goto("/guideline/")
        expect(page.locator("#unsent")).to_be_visible()
        Session.objects.all().delete()
    story.reconnect()
    page.get_by_role("link", name="Sign in to send").click()
    with page.expect_response(re.compile("/annotations/$")):
        fill_in(page, "ana")
    expect(page).to_have_url(re.compile("/guideline/$"))
    expect(page.locator("#unsent")).to_be_hidden()
    assert stored(ana) == [("claim", FIRST)]


# --- Sessions -----------------------------------------------------------------------


def fill_in(page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("everything", [False, True], ids=["session", "all cookies"])
def test_an_ended_session_asks_to_sign_in_and_then_sends(read, ana, everything):
    story = read(ana).focus(1)
    page = story.page
    page.on("dialog", lambda dialog: dialog.accept())
    if everything:
        page.context.clear_cookies()
    else:
        Session.objects.all().delete()
    story.press("c", "j", "n")
    expect(story.state).to_have_text(
        "2 changes not saved yet: your session has ended. Sign in to send"
    )
    story.state.get_by_role("link", name="Sign in to send").click()
    fill_in(page, "ana")
    story.ready().saved()
    assert page.url.endswith(story.article.get_absolute_url())
    assert stored(ana) == [("claim", FIRST)]
    assert log(ana) == ["created", "read"]


def test_signed_in_again_in_another_tab_sends(read, ana, live_server):
    story = read(ana).focus(1)
    Session.objects.all().delete()
    story.press("c")
    expect(story.state).to_contain_text("your session has ended")
    sign_in(story.page.context, ana, live_server.url)
    story.press("j", "e").saved()
    assert stored(ana) == [("claim", FIRST), ("evidence", SECOND)]


def test_another_person_in_the_same_browser_sends_nothing_of_the_first(
    read, ana, ben, live_server
):
    story = read(ana).focus(1)
    page = story.page
    page.on("dialog", lambda dialog: dialog.accept())
    with story.posts(lose):
        story.press("c")
        expect(story.state).to_contain_text("1 change not saved yet")
    sign_in(page.context, ben, live_server.url)
    story.press("e")  # on ana's page, which stayed open
    expect(story.state).to_contain_text("2 changes not saved yet: your session has ended")
    bens = story.reload().saved()
    bens.focus(2).press("s").saved()
    assert stored(ben) == [("speculation", SECOND)]
    assert stored(ana) == []
    sign_in(page.context, ana, live_server.url)
    story.reload().saved()
    assert stored(ana) == [("claim", FIRST), ("evidence", FIRST)]
    assert stored(ben) == [("speculation", SECOND)]


# --- As it happens ------------------------------------------------------------------


def test_a_tag_shows_within_the_frame_of_the_key_and_is_saved_only_after_the_answer(read, ana):
    story = read(ana).focus(1)
    held = []
    with story.posts(held.append):
        shown = story.page.evaluate(
            """() => {
              const key = new KeyboardEvent("keydown", { key: "c", bubbles: true });
              document.activeElement.dispatchEvent(key);
              return [
                document.activeElement.dataset.saving,
                String([...CSS.highlights.get("saving-claim")][0]),
                document.getElementById("state").textContent,
              ];
            }"""
        )
        assert shown == ["C…", FIRST, "Saving 1 change…"]
        expect(story.said).to_have_text("Saving Claim on sentence 1")
        story.press("j", "n")
        expect(story.state).to_have_text("Saving 2 changes…")
        story.sends(held, 1)
        assert len(held) == 1  # one at a time: the order holds
        assert story.page.locator("#state[data-state='saved'], .tag").count() == 0
        held[0].continue_()
        expect(story.sentence(1).locator(".tag")).to_be_visible()
        expect(story.state).to_have_text("Saving 1 change…")
        story.sends(held, 2)
        held[1].continue_()
        story.saved()
    assert stored(ana) == [("claim", FIRST)]


# --- Notes --------------------------------------------------------------------------


def test_a_note_outlives_a_reload_in_the_middle_of_a_word(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.page.on("dialog", lambda dialog: dialog.accept())
    story.press("Enter")
    note = story.panel.get_by_label("Note")
    note.press_sequentially("Accordi")
    story.reload()
    expect(note).to_have_value("Accordi")
    story.saved()
    assert Annotation.objects.get().note == "Accordi"
    note.press("End")
    note.press_sequentially("ng to whom?")
    story.saved().reload()
    expect(note).to_have_value("According to whom?")


def test_undo_takes_back_the_whole_typing(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    note = story.panel.get_by_label("Note")
    for piece in ("Who ", "says ", "so?"):
        note.press_sequentially(piece)
        story.saved()
    assert log(ana) == ["created", "edited", "edited", "edited"]
    story.page.locator("#undo").click()
    expect(note).to_have_value("")
    story.saved()
    assert Annotation.objects.get().note == ""
    assert [label for label, _ in stored(ana)] == ["claim"]
    story.page.locator("#redo").click()
    expect(note).to_have_value("Who says so?")


def test_a_long_note_in_any_script_arrives(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.press("Enter")
    words = "政治新聞" * 2_400  # 86 kB on the way: more than a closed page may still send
    story.panel.get_by_label("Note").fill(words)
    story.saved()
    assert Annotation.objects.get().note == words


def test_what_an_open_panel_shows_after_a_reload_is_what_was_done(read, ana):
    story = read(ana).focus(1).press("c").saved()
    story.page.on("dialog", lambda dialog: dialog.accept())
    story.press("Enter")
    with story.posts(lose):
        story.panel.get_by_role("radio", name="Speculation").check()
        story.panel.get_by_label("3", exact=True).check()
        expect(story.state).to_contain_text("2 changes not saved yet")
        story.reload()
        expect(story.panel.get_by_role("radio", name="Speculation")).to_be_checked()
        expect(story.panel.get_by_label("3", exact=True)).to_be_checked()
    story.saved()
    tag = Annotation.objects.get()
    assert (tag.label.slug, tag.confidence) == ("speculation", 3)
