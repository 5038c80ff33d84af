"""A whole story by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotate.annotations.models import Annotation, Change, Reading
from tests.factories import PASSWORD, TITLE, make_article
from tests.pages.reading import Reading as Story
from tests.pages.reading import stored

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_whole_story_from_the_sign_in_on(browse, ana, article):
    page = browse().new_page()
    page.goto("/")
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name=TITLE)
    expect(link).to_be_visible()
    for _ in range(40):
        if link.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    story = Story(page, article).ready()

    story.press(
        "j", "c", "j", "e", "ArrowDown", "s", "j", "n", "j", "c", "e", "j", "n", "j", "c"
    )
    story.press("k", "n", "n")
    story.saved()

    sentences = {
        one.position: article.text[one.start : one.end] for one in article.sentences.all()
    }
    assert stored(ana) == [
        ("claim", sentences[0]),
        ("evidence", sentences[1]),
        ("speculation", sentences[2]),
        ("claim", sentences[4]),
        ("evidence", sentences[4]),
        ("claim", sentences[6]),
    ]
    read = Reading.objects.live().filter(reviewer=ana)
    assert sorted(read.values_list("sentence__position", flat=True)) == [3, 5]
    expect(page.locator("#counts")).to_contain_text("7 of")
