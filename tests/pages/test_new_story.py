"""Checking a story in a browser: where a click may cut is where the server's list may."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from annotate.articles.models import Article

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
