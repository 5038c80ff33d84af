"""Everything works with JavaScript off."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from annotate.annotations.actions import annotate
from annotate.annotations.models import Annotation, Reading
from annotate.articles.models import Article
from tests.factories import PASSWORD
from tests.pages.conftest import PHONE, TITLE
from tests.pages.reading import Reading as Story
from tests.pages.reading import stored

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(browse, ana):
    return browse(ana, java_script_enabled=False).new_page()


@pytest.fixture
def story(page, article):
    page.goto(article.get_absolute_url())
    return Story(page, article)


def test_sign_in_read_and_sign_out(browse, ana, article):
    page = browse(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_nothing_is_offered_that_needs_a_script(story):
    for gone in ("#palette", "#panel", "#state", ".needs-script", "#help"):
        for element in story.page.locator(gone).all():
            expect(element).to_be_hidden()


def test_a_sentence_is_tagged_read_and_undone(story, ana):
    page = story.page
    story.sentence(1).locator(".n").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sentence 1")
    page.get_by_role("button", name="Claim").first.click()
    assert page.url.endswith(f"#sentence-{story.row(1).pk}")
    expect(story.sentence(1).locator("mark")).to_contain_text("The mayor")
    story.sentence(2).locator(".n").click()
    page.get_by_role("button", name="Nothing to tag here").click()
    assert stored(ana) == [("claim", "The mayor said on Monday that taxes would fall.")]
    assert Reading.objects.live().count() == 1
    expect(page.locator("#counts")).to_contain_text("2 of 7 sentences")
    for name, left in (("Undo", 1), ("Undo", 0), ("Redo", 1)):
        page.get_by_role("button", name=name).click()
        assert len(stored(ana)) == left or name == "Undo"
    assert len(stored(ana)) == 1
    assert not Reading.objects.live().exists()
    page.get_by_role("link", name="History").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator("tbody tr").first).to_contain_text("Did again: Claim on sentence 1")


def test_a_passage_by_its_first_and_last_word(story, ana):
    page = story.page
    story.sentence(2).locator(".n").click()
    page.get_by_label("First word").select_option(label="have")
    last = page.get_by_label("Last word")
    last.select_option(value=last.locator("option", has_text="ledger").get_attribute("value"))
    page.get_by_role("button", name="Evidence").last.click()
    assert stored(ana) == [("evidence", "have the money,” she said.\n\nA ledger")]


def test_a_tag_is_changed_and_taken_back(story, ana):
    page = story.page
    story.sentence(1).locator(".n").click()
    page.get_by_role("button", name="Claim").first.click()
    story.sentence(1).locator(".tag").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Claim on sentence 1")
    page.get_by_role("radio", name="Speculation").check()
    page.get_by_label("Note").fill("Two\nlines")
    page.get_by_label("5", exact=True).check()
    page.get_by_label("First word").select_option(label="Monday")
    page.get_by_role("button", name="Save").click()
    tag = Annotation.objects.get()
    exact = "Monday that taxes would fall."
    assert (tag.label.slug, tag.exact, tag.confidence) == ("speculation", exact, 5)
    assert tag.note.splitlines() == ["Two", "lines"]
    story.sentence(1).locator(".tag").click()
    page.get_by_role("button", name="Take this tag back").click()
    assert stored(ana) == []
    page.get_by_role("button", name="Undo").click()
    assert stored(ana) == [("speculation", exact)]


def test_words_in_the_wrong_order_are_said_in_words_and_still_chosen(story, ana, watch):
    watch.expected = ("422",)
    page = story.page
    story.sentence(1).locator(".n").click()
    page.get_by_label("First word").select_option(label="taxes")
    page.get_by_label("Last word").select_option(label="mayor")
    page.get_by_role("button", name="Claim").last.click()
    expect(page.get_by_role("alert")).to_contain_text("The last word stands before the first")
    last = page.get_by_label("Last word")
    expect(last).to_be_focused()
    last.select_option(label="fall.")
    page.get_by_role("button", name="Claim").last.click()
    assert stored(ana) == [("claim", "taxes would fall.")]
    story.sentence(1).locator(".tag").click()
    page.get_by_label("Note").fill("Kept")
    page.get_by_label("Last word").select_option(label="mayor")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("The last word stands before the first")
    expect(page.get_by_label("Note")).to_have_value("Kept")
    page.get_by_label("First word").select_option(label="The")
    page.get_by_role("button", name="Save").click()
    assert stored(ana) == [("claim", "The mayor")]
    assert Annotation.objects.get().note == "Kept"


def test_a_story_is_put_in(page):
    page.goto("/articles/new/")
    page.locator("textarea[name=text]").fill("A short headline\n\nOne sentence. Two sentences.")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the story")
    page.get_by_role("button", name="Join with the one before").click()
    page.get_by_role("button", name="Open for tagging").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("A short headline")
    article = Article.objects.get(title="A short headline")
    assert article.is_open
    assert article.sentences.count() == 2


def test_the_tags_are_taken_out(story, ana):
    page = story.page
    story.sentence(1).locator(".n").click()
    page.get_by_role("button", name="Claim").first.click()
    for name, content in (
        ("Export as JSONL", '"type": ?"annotation"'),
        ("Tags as CSV", "claim"),
    ):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert re.search(content, download.value.path().read_text())


def test_the_admin(browse, ana, mo, article, claim):
    """Its menu, filters and actions are links, forms and what the browser opens by itself."""
    tag = annotate(article=article, reviewer=ana, label=claim, start=0, end=5).annotation
    page = browse(mo, java_script_enabled=False, **PHONE).new_page()
    page.goto("/admin/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Annotations", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Annotations")
    page.locator(".action-select").first.check()
    page.get_by_label("With the chosen rows").select_option("hide")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("status")).to_have_text("1 tag is hidden.")
    page.get_by_role("button", name="Filters").click()
    page.locator("#changelist-filter").get_by_role("link", name="Hidden").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.goto(f"/admin/annotations/annotation/{tag.pk}/change/")
    page.get_by_role("button", name="Show again").click()
    expect(page.get_by_role("status")).to_have_text("1 tag is shown again.")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Back to the stories").click()
    expect(page).to_have_url(re.compile(r"/$"))


def test_note_sent_after_the_session_ended_is_kept_and_sent_again(
    page, ana, article, claim, watch
):
    watch.expected = ("401", "403")
    tag = annotate(article=article, reviewer=ana, label=claim, start=0, end=5).annotation
    page.goto(tag.get_absolute_url())
    page.get_by_label("Note").fill("Two words")
    page.context.clear_cookies(name="sessionid")

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your session has ended")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="sign in in another tab").click()
    other = opened.value
    other.get_by_label("Username").fill("ana")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Tag")
    expect(other.get_by_label("Note")).to_have_value("")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This page was out of date")
    expect(page.get_by_label("What you wrote")).to_have_value("Two words")
    page.get_by_role("button", name="Send again").click()
    expect(page).to_have_url(re.compile(r"/articles/\d+/#sentence"))
    tag.refresh_from_db()
    assert tag.note == "Two words"
