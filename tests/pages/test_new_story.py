"""Checking a story in a browser: where a click may cut is where the server's list may."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from annotate.articles.models import Article
from tests.factories import PASSWORD, make_article
from tests.pages.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

AWKWARD = (
    "The 🧑‍🤝‍🧑 crowd (👍🏽 2,000—or more) said 👩🏽‍🚀: “yes”",
    "Cafe\u0301 mañ\u0303ana q\u0323\u0307 “No,” ‘never’ – he\u00a0said –maybe—perhaps",
    "东京都知事は「減税」を約束しました but 約束 𠮷野家 too",
    "قال العمدة «نعم» يوم الاثنين ثم 3 مرات",
    "Zero\u200bwidth \u2067right\u2069 tab\tend 𝒳 x",
)
# Where new.js would cut for a click at each place of a sentence, counted in code points.
STARTS = """
async (sentence) => {
  const { src } = document.querySelector("script[src*='js/new']");
  const { nearestWordStart } = await import(src);
  const text = sentence.textContent;
  const base = Number(sentence.dataset.start);
  const found = new Set();
  for (let at = 0; at <= text.length; at += 1) {
    const start = nearestWordStart(text, at);
    if (start !== null) found.add(base + [...text.slice(0, start)].length);
  }
  return [...found].sort((a, b) => a - b);
}
"""
# The middle of a character of a sentence, by its offset in code points.
PLACE = """
(sentence, offset) => {
  const points = [...sentence.textContent];
  const before = points.slice(0, offset - Number(sentence.dataset.start)).join("").length;
  const range = document.createRange();
  range.setStart(sentence.firstChild, before);
  range.setEnd(sentence.firstChild, before + points[offset - sentence.dataset.start].length);
  const box = range.getBoundingClientRect();
  const rtl = /\\p{Script=Arabic}/u.test(range);
  return [rtl ? box.right - 1 : box.left + 1, box.top + box.height / 2];
}
"""


@pytest.fixture
def check(browse, ana) -> Page:
    page = browse(ana).new_page()
    page.goto("/articles/new/")
    page.locator("textarea[name=text]").fill("A headline\n\n" + "\n\n".join(AWKWARD))
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("html.scripted")).to_be_attached()
    return page


def sentences(page: Page) -> list[str]:
    return page.locator("#sentences [data-start]").all_text_contents()


def press(paragraph: Locator, name: str) -> None:
    """Press a button by key, and wait until the focus is where the answer puts it."""
    button = paragraph.get_by_role("button", name=name, exact=True)
    before = button.element_handle()
    button.press("Enter")
    before.wait_for_element_state("hidden")
    expect(paragraph.locator(":focus")).to_be_visible()


def starts_of_the_server(page: Page, number: int) -> list[int]:
    """The words that the list of a paragraph's only sentence can be cut at."""
    paragraph = page.locator("#sentences ol").nth(number)
    press(paragraph, "Cut…")
    words = paragraph.locator("button[name=cut]")
    expect(words.first).to_be_visible()
    starts = [int(one.get_attribute("value")) for one in words.all()]
    press(paragraph, "Leave it whole")
    expect(words).to_have_count(0)
    return starts


def test_the_page_cuts_where_the_server_does(check):
    for number in range(len(AWKWARD)):
        sentence = check.locator("#sentences ol").nth(number).locator("[data-start]")
        assert sentence.count() == 1, sentences(check)
        assert sentence.evaluate(STARTS) == starts_of_the_server(check, number)


def test_a_cut_by_click_is_the_cut_by_key_and_a_join_takes_it_back(check):
    whole = sentences(check)
    for number in range(len(AWKWARD)):
        paragraph = check.locator("#sentences ol").nth(number)
        pieces = paragraph.locator("[data-start]")
        starts = starts_of_the_server(check, number)
        start = starts[len(starts) // 2]
        pieces.first.scroll_into_view_if_needed()
        check.mouse.click(*pieces.first.evaluate(PLACE, start))
        expect(pieces).to_have_count(2)
        expect(paragraph.locator(":focus")).to_be_visible()
        clicked = pieces.all_text_contents()
        assert int(pieces.last.get_attribute("data-start")) == start
        press(paragraph, "Join with the one before")
        assert sentences(check) == whole

        press(paragraph, "Cut…")
        paragraph.locator(f"button[name=cut][value='{start}']").press("Enter")
        expect(pieces).to_have_count(2)
        assert pieces.all_text_contents() == clicked
        paragraph.get_by_role("button", name="Join with the one before").click()
        expect(pieces).to_have_count(1)
        expect(paragraph.locator(":focus")).to_be_visible()
    assert sentences(check) == whole


def test_what_was_cut_and_joined_is_what_is_stored(check):
    first, *_ = starts_of_the_server(check, 2)
    sentence = check.locator("#sentences ol").nth(2).locator("[data-start]")
    sentence.scroll_into_view_if_needed()
    check.mouse.click(*sentence.evaluate(PLACE, first))
    expect(check.locator("#sentences [data-start]")).to_have_count(len(AWKWARD) + 1)
    shown = sentences(check)
    check.get_by_role("button", name="Open for tagging").click()
    expect(check.locator("#story")).to_be_visible()
    story = Article.objects.get()
    assert [story.text[one.start : one.end] for one in story.sentences.all()][1:] == shown


# --- Nothing of it is lost -----------------------------------------------------------------
BODY = "One is here. Two is here. Three is here."
ENDED = "Your session has ended. Sign in again in another tab, then press the button once more."
FAILED = "That did not reach the server, so nothing was changed. Press the button once more."


@pytest.fixture
def joined(browse, ana) -> Page:
    """A story to check whose first two sentences were joined, with an outlet put in."""
    page = browse(ana).new_page()
    page.goto("/articles/new/")
    page.locator("textarea[name=text]").fill(f"A headline\n\n{BODY}")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("html.scripted")).to_be_attached()
    page.get_by_role("button", name="Join with the one before").first.click()
    expect(page.locator("#sentences [data-start]")).to_have_count(2)
    page.get_by_label("Outlet").fill("The Daily Example")
    return page


def stands_as_it_was(page: Page) -> None:
    assert sentences(page) == ["One is here. Two is here.", "Three is here."]
    expect(page.get_by_label("Outlet")).to_have_value("The Daily Example")


def save(page: Page, button: str = "Open for tagging") -> None:
    page.get_by_role("button", name=button).click()


def is_stored(page: Page) -> Article:
    expect(page.locator("#story")).to_be_visible()
    story = Article.objects.get(title="A headline")
    assert (story.outlet, story.sentences.count()) == ("The Daily Example", 3)
    return story


def asked_on_leaving(page: Page) -> list[str]:
    """Collect what the browser asks; the answer is to stay."""
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    return asked


@pytest.mark.parametrize("link", ["Stories", "Start again"])
def test_leaving_it_unsaved_asks_first(joined, link):
    asked = asked_on_leaving(joined)
    with joined.expect_event("dialog"):
        joined.get_by_role("link", name=link, exact=True).click()
    assert asked == ["beforeunload"]
    stands_as_it_was(joined)


@pytest.mark.parametrize(
    ("button", "status"), [("Open for tagging", "open"), ("Save as draft", "draft")]
)
def test_saving_it_asks_nothing(joined, button, status):
    asked = asked_on_leaving(joined)
    save(joined, button)
    assert is_stored(joined).status == status
    assert asked == []


def test_it_is_kept_while_somebody_signs_in_again(joined, ana, watch):
    watch.expected = ("401",)
    other = joined.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/accounts/sign-in/**")
    for button in ("Open for tagging", "Save as draft", "Join with the one before"):
        save(joined, button)
        expect(joined.locator("#said")).to_have_text(ENDED)
        stands_as_it_was(joined)
    other.get_by_label("Name").fill(ana.username)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_role("button", name="Sign out")).to_be_visible()
    save(joined)
    assert is_stored(joined).submitted_by == ana


def test_nobody_else_saves_it(joined, ben, live_server, watch):
    watch.expected = ("401",)
    sign_in(joined.context, ben, live_server.url)
    save(joined)
    expect(joined.locator("#said")).to_have_text(ENDED)
    stands_as_it_was(joined)
    assert not Article.objects.exists()


def test_it_is_kept_without_a_connection(joined, watch):
    watch.expected = ("ERR_FAILED", "htmx:")
    joined.route("**/articles/new/", lambda route: route.abort())
    save(joined)
    expect(joined.locator("#said")).to_have_text(FAILED)
    stands_as_it_was(joined)
    joined.unroute("**/articles/new/")
    save(joined)
    is_stored(joined)


def test_it_is_kept_where_too_much_was_put_in(joined, settings, watch):
    watch.expected = ("429",)
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "stories": 1}
    save(joined)
    expect(joined.locator("#said")).to_contain_text("This was tried too often")
    stands_as_it_was(joined)


def test_enter_in_a_field_keeps_the_place(joined):
    joined.get_by_label("Outlet").press("Enter")
    expect(joined.locator("#said")).to_have_text("")
    stands_as_it_was(joined)
    expect(joined.get_by_label("Outlet")).to_be_focused()


# --- Why it is not saved is in view --------------------------------------------------------


def why_not(page: Page) -> Locator:
    alert = page.get_by_role("alert")
    expect(alert).to_be_in_viewport()
    expect(alert).to_be_focused()
    return alert


def test_joins_that_were_dropped_are_told_at_the_top(joined, watch):
    watch.expected = ("422",)
    joined.get_by_text("Correct the text").click()
    joined.get_by_label("Text", exact=True).fill(BODY.replace("Two", "Too"))
    save(joined)
    expect(why_not(joined)).to_have_text(
        "The story is not saved yet. The text was changed, so it was split again. "
        "Your 1 join or cut in the text as it was before had to be dropped: "
        "check the sentences."
    )
    assert sentences(joined) == ["One is here.", "Too is here.", "Three is here."]
    save(joined)
    expect(joined.locator("#story")).to_be_visible()


def test_a_field_to_correct_is_told_at_the_top(joined, watch):
    watch.expected = ("422",)
    joined.get_by_label("Web address").fill("nowhere")
    save(joined)
    expect(why_not(joined)).to_contain_text("The story is not saved yet.")
    stands_as_it_was(joined)


def test_a_text_that_stands_is_told_at_the_top(joined, watch):
    watch.expected = ("409",)
    make_article("A headline", BODY)
    save(joined)
    expect(why_not(joined)).to_contain_text("This text already stands as A headline.")
    stands_as_it_was(joined)


def test_a_text_split_again_says_so_in_view(joined):
    joined.get_by_text("Correct the text").click()
    joined.get_by_label("Text", exact=True).fill(BODY + " Four is here.")
    joined.get_by_role("button", name="Split again").last.click()
    count = joined.locator("#count")
    expect(count).to_contain_text("4 sentences in 1 paragraph. The text was changed")
    expect(count).to_be_focused()
    expect(count).to_be_in_viewport()
