"""Discussing beside the story: two people, by key, by thumb, with what is typed kept."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from annotate.discussion import actions
from annotate.discussion.models import Comment, Thread
from annotate.reviews import actions as reviews
from tests.factories import PASSWORD
from tests.pages.conftest import PHONE
from tests.pages.reading import Reading
from tests.pages.test_every_page import barriers, both_looks, holds, look  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def revealed(article, ana, ben, mo):
    round = reviews.open_round(article, by=mo, reviewers=[ana, ben])
    return reviews.reveal(round, by=mo)


def test_two_people_discuss_by_key(read, article, revealed, ana, ben):
    story = read(ana).focus(2)
    story.press("t")
    field = story.panel.get_by_role("textbox", name="New discussion")
    expect(field).to_be_focused()
    story.page.keyboard.type("Is this a claim, @ben? See #1.")
    story.press("Tab", "Enter")
    expect(story.panel.get_by_role("heading", name="Discussion of sentence 2")).to_be_focused()
    expect(story.panel.locator(".mention")).to_have_text("@ben")
    thread = Thread.objects.get()
    assert thread.exact == story.row_text(2)

    # The mark at the sentence leads to it.
    story.press("Escape")
    story.sentence(2).get_by_role("link", name="1 unresolved thread: open").click()
    expect(story.palette).to_be_hidden()
    story.panel.get_by_role("link", name="Sentence 2").click()
    expect(story.panel.locator(".comment")).to_have_count(1)

    mine = story.panel.get_by_role("textbox", name="Comment")
    mine.fill("Half a thou")
    other = read(ben).focus(2).press("t")
    other.panel.get_by_role("link", name="Sentence 2").click()
    other.panel.get_by_role("textbox", name="Comment").fill("I think so.")
    other.panel.get_by_role("button", name="Comment").click()
    expect(other.panel.locator(".comment")).to_have_count(2)
    expect(other.panel.get_by_role("textbox", name="Comment")).to_be_focused()

    # What another said arrives by itself, and what is being typed does not go away.
    expect(story.panel.locator(".comment")).to_have_count(2)
    expect(mine).to_have_value("Half a thou")
    expect(mine).to_be_focused()
    story.panel.get_by_role("link", name="#1").click()
    expect(story.sentence(1)).to_be_focused()
    story.press("Escape")
    expect(story.panel).to_be_empty()


def test_what_is_typed_survives_a_reload_and_a_lost_connection(read, article, ana, watch):
    watch.expected = ("Failed to load resource",)
    story = read(ana).focus(1).press("t")
    story.panel.get_by_role("textbox", name="New discussion").fill("Half a question")
    story.reload().focus(1).press("t")
    field = story.panel.get_by_role("textbox", name="New discussion")
    expect(field).to_have_value("Half a question")
    story.page.context.set_offline(True)
    begin = story.panel.get_by_role("button", name="Begin a discussion")
    begin.click()
    expect(story.panel.get_by_role("alert")).to_contain_text("No answer came")
    expect(field).to_have_value("Half a question")
    story.page.context.set_offline(False)
    begin.click()
    expect(story.panel.locator(".comment")).to_have_count(1)
    assert Comment.objects.get().text == "Half a question"
    story.panel.get_by_role("button", name="Close").click()
    story.press("t")
    expect(story.panel.get_by_role("textbox", name="New discussion")).to_have_value("")


def test_a_session_that_ended_keeps_what_is_typed_until_the_next_one(read, ana, watch):
    watch.expected = ("Failed to load resource",)
    story = read(ana).focus(1).press("t")
    story.panel.get_by_role("textbox", name="New discussion").fill("Half a question")
    Session.objects.all().delete()
    begin = story.panel.get_by_role("button", name="Begin a discussion")
    begin.click()
    expect(story.panel.get_by_role("alert")).to_contain_text("Your session has ended.")
    tab = story.page.context.new_page()  # a sign-in changes the token that the form has
    tab.goto("/accounts/sign-in/")
    tab.get_by_label("Username").fill("ana")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("link", name="My work")).to_be_visible()
    begin.click()
    expect(story.panel.locator(".comment")).to_contain_text("Half a question")


def test_an_answer_that_is_not_the_sites_own_keeps_what_is_typed(read, ana):
    story = read(ana).focus(1).press("t")
    story.panel.get_by_role("textbox", name="New discussion").fill("Half a question")
    story.page.route(
        "**/threads/new/**", lambda route: route.fulfill(body="<h1>Free wifi</h1>"), times=1
    )
    story.panel.get_by_role("button", name="Begin a discussion").click()
    expect(story.panel.get_by_role("alert")).to_contain_text("What you wrote is kept")
    story.reload().focus(1).press("t")
    field = story.panel.get_by_role("textbox", name="New discussion")
    expect(field).to_have_value("Half a question")


def test_a_comment_is_sent_where_storage_is_forbidden(browse, article, ana):
    context = browse(ana)
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage',"
        " { get() { throw new DOMException('no') } })"
    )
    story = Reading(context.new_page(), article).open().focus(1).press("t")
    story.panel.get_by_role("textbox", name="New discussion").fill("A question")
    story.panel.get_by_role("button", name="Begin a discussion").click()
    expect(story.panel.locator(".comment")).to_contain_text("A question")
    story.focus(1).press("c").saved()


def test_an_answer_that_got_lost_is_not_said_twice(read, article, ana, watch):
    watch.expected = ("Failed to load resource",)
    story = read(ana).focus(1).press("t")
    story.panel.get_by_role("textbox", name="New discussion").fill("Once only")

    def lose(route):
        route.fetch()
        route.abort()

    story.page.route("**/threads/new/**", lose)
    begin = story.panel.get_by_role("button", name="Begin a discussion")
    begin.click()
    expect(story.panel.get_by_role("alert")).to_be_visible()
    story.page.unroute_all(behavior="wait")
    story.reload().focus(1).press("t")
    story.panel.get_by_role("button", name="Begin a discussion").click()
    expect(story.panel.locator(".comment")).to_have_count(1)
    assert Comment.objects.count() == 1


def test_a_refused_comment_stays_to_be_copied(read, article, revealed, ana, mo, watch):
    watch.expected = ("409",)
    thread = actions.begin_thread(article, by=ana, start=0, end=5, text="A question")
    story = read(ana).open(f"#thread-{thread.pk}").reload()
    story.panel.get_by_role("textbox", name="Comment").fill("Too late")
    reviews.close(revealed, by=mo)
    story.panel.get_by_role("button", name="Comment").click()
    expect(story.panel.get_by_label("What you wrote")).to_have_value("Too late")
    expect(story.panel.get_by_role("alert")).to_contain_text("it takes no more changes")


def test_edit_withdraw_resolve_and_reopen_by_thumb(read, article, ana):
    story = read(ana, **PHONE)
    story.tap("The mayor")
    story.palette.get_by_role("button", name="Discuss").tap()
    panel = story.panel
    panel.get_by_role("textbox", name="New discussion").fill("First")
    panel.get_by_role("button", name="Begin a discussion").tap()
    panel.get_by_role("link", name="Edit").tap()
    panel.get_by_role("textbox", name="Comment").fill("Second")
    panel.get_by_role("button", name="Save").tap()
    expect(panel.locator(".comment")).to_contain_text("edited")
    panel.get_by_text("Resolve", exact=True).first.tap()
    panel.get_by_label("Both are right").check()
    panel.get_by_role("button", name="Resolve").tap()
    expect(panel.locator(".outcome")).to_contain_text("Both are right")
    panel.get_by_role("button", name="Reopen").tap()
    expect(panel.locator(".outcome")).to_have_count(0)
    panel.get_by_role("button", name="Withdraw").tap()
    expect(panel.locator(".comment")).to_contain_text("This comment was withdrawn.")
    assert story.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript(browse, article, ana):
    page = browse(ana, java_script_enabled=False).new_page()
    sentence = article.sentences.get(position=1)
    page.goto(f"/sentences/{sentence.pk}/")
    page.get_by_role("link", name="Discuss this sentence").click()
    page.get_by_role("textbox", name="New discussion").fill("A question")
    page.get_by_role("button", name="Begin a discussion").click()
    page.get_by_role("textbox", name="Comment").fill("Another")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".comment")).to_have_count(2)
    page.get_by_role("link", name="Edit").last.click()
    page.get_by_role("textbox", name="Comment").fill("Another, edited")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Withdraw").first.click()
    page.get_by_text("Resolve", exact=True).first.click()
    page.get_by_label("Relabel").check()
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator(".outcome")).to_contain_text("Relabel")


@both_looks
def test_no_page_of_a_discussion_has_a_barrier(read, article, revealed, ana, mo, look, claim):  # noqa: F811
    thread = actions.begin_thread(article, by=ana, start=0, end=5, text="@mo see #1 and #H")
    other = actions.begin_thread(article, by=ana, start=0, end=5, text="Once more")
    actions.resolve(other, by=mo, outcome="gap", label=claim, text="A title is a claim.")
    story = read(mo, **look).focus(1).press("t")
    expect(story.panel.get_by_role("heading", name="Discuss sentence 1")).to_be_visible()
    assert barriers(story.page) == []
    story.open(f"#thread-{thread.pk}").reload()
    story.panel.get_by_text("Resolve", exact=True).first.click()
    assert barriers(story.page) == []
    for address in (
        f"/articles/{article.pk}/threads/",
        f"/articles/{article.pk}/threads/new/?start=0&end=5",
        f"/threads/{thread.pk}/",
        f"/threads/{other.pk}/",
        "/guideline/",
        "/guideline/claim/",
    ):
        story.page.goto(address)
        holds(story.page, address)
