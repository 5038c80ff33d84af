"""Lists of the admin over more rows than anybody reads: counted and paged to a limit."""

from __future__ import annotations

import re

import pytest
from django.utils.html import strip_tags

from annotate import admin_pages, wordsearch
from annotate.annotations.actions import annotate
from annotate.annotations.models import Annotation
from tests.factories import make_article

pytestmark = pytest.mark.django_db
TAGS = "/admin/annotations/annotation/"


def words(response) -> str:
    return " ".join(strip_tags(response.text).split())


@pytest.fixture
def three_tags(ana, ben, claim, evidence, article):
    for person, label, end in ((ana, claim, 5), (ana, evidence, 5), (ben, claim, 10)):
        annotate(article=article, reviewer=person, label=label, start=0, end=end)


def test_a_list_of_very_many_rows_says_that_it_has_the_first(
    client, mo, three_tags, monkeypatch
):
    client.force_login(mo)
    monkeypatch.setattr(admin_pages, "MOST_LISTED", 3)
    assert "3 annotations" in words(client.get(TAGS))

    monkeypatch.setattr(admin_pages, "MOST_LISTED", 2)
    page = client.get(TAGS)

    assert (
        "- More than 2 annotations: here are the first. Search or filter for others."
        in words(page)
    )
    assert "Choose all" not in words(page)


def test_nothing_is_done_to_more_rows_than_a_list_has(client, mo, three_tags, monkeypatch):
    client.force_login(mo)
    monkeypatch.setattr(admin_pages, "MOST_LISTED", 2)
    sent = {
        "action": "hide",
        "select_across": "1",
        "_selected_action": [Annotation.objects.first().pk],
    }

    page = client.post(TAGS, sent, follow=True)

    assert "More than 2 are chosen. Search or filter for fewer." in words(page)
    assert not Annotation.objects.exclude(hidden_at=None).exists()


@pytest.mark.parametrize("most_named", [0, 1_000])
@pytest.mark.parametrize(
    ("asked", "found"),
    [("ana", 2), ("ben mayor", 1), ('"mayor says"', 3), ("nobody", 0), ("MAYOR", 3)],
)
def test_people_and_stories_are_found_by_parts_of_their_names(
    client, mo, three_tags, monkeypatch, asked, found, most_named
):
    monkeypatch.setattr(wordsearch, "MOST", most_named)
    client.force_login(mo)
    page = client.get("/admin/annotations/change/", {"q": asked})
    assert len(re.findall(r'name="_selected_action"|class="field-at', page.text)) == found


def test_tags_are_found_by_words_of_passages_and_notes(
    client, mo, ana, ben, claim, monkeypatch
):
    story = make_article(title="Paper", body="The mayor says no. Mayors never say why.")
    text = story.text
    for person, passage, note in (
        (ana, "The mayor says no.", "I have seen it."),
        (ben, "Mayors never say", ""),
        (ana, "why", ""),
    ):
        start = text.index(passage)
        end = start + len(passage)
        annotate(article=story, reviewer=person, label=claim, start=start, end=end, note=note)
    client.force_login(mo)

    def number_found(words: str) -> int:
        page = client.get(TAGS, {"q": words})
        return len(re.findall(r'name="_selected_action"', page.text))

    wanted = {"mayo": 2, "MAYOR": 2, "says": 1, '"mayor says"': 1, "ben": 1, "zzz": 0}
    wanted |= {"seen": 1, "see": 1, '"seen it"': 1, "mayor seen": 1, "mayor ben": 1}
    assert {words: number_found(words) for words in wanted} == wanted
    # Without the indexes, where very many have the words.
    monkeypatch.setattr(wordsearch, "MOST", 0)
    assert {words: number_found(words) for words in wanted} == wanted


def test_a_thread_is_found_once_by_several_of_its_comments(client, mo, ana, article):
    from annotate.discussion.actions import begin_thread, comment

    thread = begin_thread(article, by=ana, start=0, end=5, text="Who said so?")
    comment(thread, by=ana, text="The mayor said so.")
    begin_thread(
        make_article(title="Other", body="Another one."), by=ana, start=0, end=5, text="?"
    )
    client.force_login(mo)

    page = client.get("/admin/discussion/thread/", {"q": "said so"})

    assert "1 thread" in words(page)
