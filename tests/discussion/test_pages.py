"""The pages of a discussion: who sees what of it, in each phase, and what they answer."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.annotations.models import Precedent
from annotate.articles.actions import set_status
from annotate.discussion import actions, queries
from annotate.discussion.models import Comment, Thread
from annotate.reviews import actions as reviews
from tests.factories import make_article

from .conftest import begin

HTMX = {"HX-Request": "true"}
SECRET = "What only its readers may know"


def seen(client, person, article, thread) -> set[str]:
    """Where `person` finds what was written in a thread."""
    client.force_login(person)
    pages = {
        "threads": f"/articles/{article.pk}/threads/",
        "new": f"/articles/{article.pk}/threads/new/?start=0&end=5",
        "thread": f"/threads/{thread.pk}/",
    }
    found = {name: client.get(address) for name, address in pages.items()}
    assert found["threads"].status_code == found["new"].status_code == 200
    here = {name for name, page in found.items() if f"/threads/{thread.pk}/" in page.text}
    words = {f"{name}: words" for name, page in found.items() if SECRET in page.text}
    return here | words


ALL = {"threads", "new", "thread", "thread: words"}


def test_in_a_blind_round_a_thread_is_its_own_persons_and_moderators(
    client, article, blind, ana, ben, mo, cleo
):
    thread = begin(article, ana, text=SECRET)
    assert seen(client, ana, article, thread) == ALL
    assert seen(client, mo, article, thread) == ALL
    assert seen(client, ben, article, thread) == set()
    assert seen(client, cleo, article, thread) == set()
    reviews.reveal(blind, by=mo)
    assert seen(client, ben, article, thread) == ALL
    assert seen(client, cleo, article, thread) == set()


def test_in_a_blind_round_a_reviewer_sees_only_their_own_comments(
    client, article, blind, ana, mo
):
    thread = begin(article, ana, text="Mine")
    actions.comment(thread, by=mo, text=SECRET)
    assert seen(client, ana, article, thread) == ALL - {"thread: words"}
    answer = Comment.objects.get(author=mo)
    assert client.get(f"/comments/{answer.pk}/").status_code == 404
    reviews.reveal(blind, by=mo)
    assert seen(client, ana, article, thread) == ALL
    assert client.get(f"/comments/{answer.pk}/").status_code == 403


def test_without_a_review_a_thread_is_its_own_persons_and_moderators(
    client, article, ana, ben, mo
):
    thread = begin(article, ana, text=SECRET)
    assert seen(client, ana, article, thread) == seen(client, mo, article, thread) == ALL
    assert seen(client, ben, article, thread) == set()


def test_in_an_open_round_everybody_sees_it(client, article, ana, ben, mo, cleo):
    reviews.open_round(article, by=mo, mode="open", reviewers=[ana])
    thread = begin(article, ana, text=SECRET)
    assert seen(client, cleo, article, thread) == ALL


def test_what_others_do_in_a_hidden_thread_is_not_there(client, article, blind, ana, ben):
    thread = begin(article, ana)
    comment = thread.comments.get()
    client.force_login(ben)
    for address in (
        f"/threads/{thread.pk}/comments/",
        f"/threads/{thread.pk}/resolve/",
        f"/threads/{thread.pk}/reopen/",
        f"/comments/{comment.pk}/",
        f"/comments/{comment.pk}/withdraw/",
    ):
        assert client.post(address, {"text": "?", "outcome": "both"}).status_code == 404
    assert Comment.objects.get().withdrawn_at is None


def test_pseudonyms_are_on_every_page_but_moderators_see_names(client, article, ana, ben, mo):
    round = reviews.open_round(
        article, by=mo, mode="open", pseudonyms=True, reviewers=[ana, ben]
    )
    called = round.assignments.get(reviewer=ben).pseudonym
    thread = begin(article, ben, text="Is it?")
    actions.comment(thread, by=mo, text="@ben: yes.")
    actions.resolve(thread, by=ben, outcome="both")
    for address in (f"/threads/{thread.pk}/", f"/articles/{article.pk}/threads/"):
        client.force_login(ana)
        page = client.get(address).text
        assert called in page
        assert ">ben<" not in page
        assert "by ben" not in page
        assert "@ben" not in page
        client.force_login(mo)
        assert f"ben ({called})" in client.get(address).text


# --- Writing ---------------------------------------------------------------------------------


@pytest.fixture
def as_ana(client, ana):
    client.force_login(ana)
    return client


def test_begin_a_thread_on_a_sentence_and_answer_it(as_ana, article, ana, sentence):
    address = f"/articles/{article.pk}/threads/new/?sentence={sentence.pk}"
    page = as_ana.get(address)
    assert "Discuss sentence 1" in page.text
    request = uuid.uuid4()
    for _ in range(2):
        done = as_ana.post(address, {"text": " A question.\r\n", "request": request})
    thread = Thread.objects.get()
    assert (done.status_code, done["Location"]) == (303, f"/threads/{thread.pk}/")
    assert thread.comments.get().text == "A question."
    done = as_ana.post(f"/threads/{thread.pk}/comments/", {"text": "And?"}, headers=HTMX)
    assert done.status_code == 200
    assert done.text.lstrip().startswith(f'<section id="thread-{thread.pk}"')
    assert "HX-Request" in done["Vary"]
    last = Comment.objects.latest("created_at")
    done = as_ana.post(f"/comments/{last.pk}/", {"text": "And then?"})
    assert done["Location"] == f"/threads/{thread.pk}/#comment-{last.pk}"
    assert ">edited<" in as_ana.get(f"/threads/{thread.pk}/").text
    as_ana.post(f"/comments/{last.pk}/withdraw/")
    page = as_ana.get(f"/threads/{thread.pk}/").text
    assert "This comment was withdrawn." in page
    assert "And then?" not in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Write a comment first."),
        (" \n ", "Write a comment first."),
        ("x" * 10_001, "Ensure this value has at most 10000 characters (it has 10001)."),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_a_comment_that_cannot_be_is_told_why_and_kept(as_ana, article, ana, text, message):
    thread = begin(article, ana)
    for address in (
        f"/threads/{thread.pk}/comments/",
        f"/comments/{thread.comments.get().pk}/",
        f"/articles/{article.pk}/threads/new/?start=0&end=5",
    ):
        done = as_ana.post(address, {"text": text})
        assert done.status_code == 422
        assert message in done.text
        assert text.strip() in done.text
    assert Comment.objects.count() == 1


def test_a_refused_comment_is_kept(as_ana, article, ana):
    thread = begin(article, ana)
    set_status(article, "locked")
    refused = f"“{article}” is locked: it takes no more changes."
    for address in (
        f"/threads/{thread.pk}/comments/",
        f"/comments/{thread.comments.get().pk}/",
        f"/articles/{article.pk}/threads/new/?start=0&end=5",
    ):
        for headers in ({}, HTMX):
            done = as_ana.post(address, {"text": "Typed for an hour"}, headers=headers)
            assert done.status_code == 409
            assert refused in done.text
            assert "Typed for an hour" in done.text
    done = as_ana.post(f"/threads/{thread.pk}/resolve/", {"outcome": "both"})
    assert done.status_code == 409


def test_who_may_not_write_is_told_why(client, article, ana, mo, cleo):
    reviews.open_round(article, by=mo, mode="open", reviewers=[ana])
    thread = begin(article, ana)
    comment = thread.comments.get()
    client.force_login(cleo)
    done = client.post(f"/comments/{comment.pk}/withdraw/")
    assert done.status_code == 403
    assert "This is another person&#x27;s comment" in done.text


@pytest.mark.parametrize(
    "where", ["", "?start=5", "?start=5&end=5", "?start=x&end=9", "?start=9000&end=9001"]
)
def test_no_such_passage(as_ana, article, where):
    assert as_ana.get(f"/articles/{article.pk}/threads/new/{where}").status_code == 404


def test_a_sentence_of_another_story_is_not_here(as_ana, article):
    other = make_article("Another", "It has one sentence.")
    pk = other.sentences.first().pk
    page = as_ana.get(f"/articles/{article.pk}/threads/new/?sentence={pk}")
    assert page.status_code == 404


def test_resolving_as_a_guideline_gap(client, article, revealed, ana, mo, claim):
    thread = begin(article, ana)
    address = f"/threads/{thread.pk}/resolve/"
    client.force_login(ana)
    page = client.get(f"/threads/{thread.pk}/").text
    assert "Guideline gap" not in page
    assert "a moderator can make it a precedent" in page
    done = client.post(address, {"outcome": "gap", "label": "claim", "sentence": "So."})
    assert done.status_code == 422
    assert "Only moderators resolve a discussion as a guideline gap" in done.text
    assert "Choose an outcome." in client.post(address, {}).text
    client.force_login(mo)
    done = client.post(address, {"outcome": "gap", "sentence": ""})
    assert done.status_code == 422
    assert "Choose the label whose guideline has the gap." in done.text
    assert "Write the sentence that decides the case." in done.text
    done = client.post(address, {"outcome": "gap", "label": "claim", "sentence": "So it is."})
    assert done.status_code == 303
    assert "precedent 1 of Claim" in client.get(f"/threads/{thread.pk}/").text
    assert "So it is." in client.get("/guideline/").text


def test_precedents_show_their_example_to_who_may_see_the_story(client, ana, ben, mo, claim):
    draft = make_article("A secret title", "One.", submitted_by=ana, status="draft")
    Precedent.objects.create(
        **{"label": claim, "number": 1, "version": 1, "text": "A <b>title</b> is no claim."},
        **{"article": draft, "start": 0, "end": 8, "exact": "A secret", "by": mo},
    )
    for address in ("/guideline/", "/guideline/claim/"):
        for person, shown in ((ana, True), (ben, False), (mo, True)):
            client.force_login(person)
            page = client.get(address).text
            assert "A &lt;b&gt;title&lt;/b&gt; is no claim." in page
            assert ("A secret" in page) == shown


def test_versions_of_a_guideline(as_ana, mo, claim):
    from annotate.annotations.guideline import set_guideline

    set_guideline(claim, "The <i>second</i> text.", by=mo, why="It was too long")
    page = as_ana.get("/guideline/claim/").text
    assert "Version 2 (the present one)" in page
    assert "It was too long" in page
    assert "The &lt;i&gt;second&lt;/i&gt; text." in page
    assert claim.guideline[:40] in page  # the first
    assert as_ana.get("/guideline/nothing/").status_code == 404


# --- What is written -------------------------------------------------------------------------


def test_hostile_text_is_text_everywhere(client, article, revealed, ana, ben, mo):
    nasty = "<script>alert(1)</script> {{ csrf_token }} {% now 'Y' %} #4 \"'>&amp;"
    ben.public_name = "<img src=x onerror=alert(1)>"
    ben.save()
    thread = begin(article, ana, text=f"{nasty} @{ben.public_name}")
    assert list(thread.comments.get().mentions.all()) == [ben]
    client.force_login(mo)
    for address in (
        f"/threads/{thread.pk}/",
        f"/comments/{thread.comments.get().pk}/",
        f"/articles/{article.pk}/threads/",
    ):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    page = client.get(f"/threads/{thread.pk}/").text
    assert "{{ csrf_token }}" in page
    assert '<b class="mention">@&lt;img src=x onerror=alert(1)&gt;</b>' in page


def test_links_to_passages(client, article, ana):
    last = article.sentences.count() - 1
    text = f"#2 #1-3, #H! (#{last}) but not #99, #3-1, #0, a#2, &#2 or #2x."
    thread = begin(article, ana, text=text)
    client.force_login(ana)
    page = client.get(f"/threads/{thread.pk}/").text
    story = article.get_absolute_url()
    for written, position in (("#2", 2), ("#1-3", 1), ("#H", 0), (f"#{last}", last)):
        pk = article.sentences.get(position=position).pk
        assert f'<a href="{story}#sentence-{pk}" data-passage>{written}</a>' in page
    assert page.count("data-passage") == 4


# --- Counts and lists ------------------------------------------------------------------------


def test_unresolved_counts_are_of_what_one_sees(
    client, article, blind, ana, ben, mo, django_assert_num_queries
):
    second = article.sentences.get(position=2)
    begin(article, ana)
    begin(article, ben)
    begin(article, ben, start=second.start, end=second.end)
    actions.resolve(begin(article, ben, text="Or this?"), by=ben, outcome="both")
    for person, marks, count in ((ana, ["1"], 1), (ben, ["1", "1"], 2), (mo, ["2", "1"], 3)):
        client.force_login(person)
        page = client.get(article.get_absolute_url()).text
        assert re.findall(r'<a class="threads"[^>]*>(\d+)</a>', page) == marks
        words = "1 unresolved discussion<" if count == 1 else f"{count} unresolved discussions<"
        assert words in client.get("/").text
        with django_assert_num_queries(1):
            assert queries.unresolved_by_article([article], person) == {article.pk: count}


def test_unresolved_first_and_filtered(as_ana, article, ana):
    resolved, waiting = begin(article, ana, text="One"), begin(article, ana, text="Two")
    actions.resolve(resolved, by=ana, outcome="no_change")
    address = f"/articles/{article.pk}/threads/"

    def order(asked: str) -> list[int]:
        page = as_ana.get(f"{address}?show={asked}", headers=HTMX).text
        places = {one.pk: page.find(f'"/threads/{one.pk}/"') for one in (resolved, waiting)}
        return sorted((pk for pk, at in places.items() if at >= 0), key=places.get)

    assert order("") == order("mine") == [waiting.pk, resolved.pk]
    assert order("unresolved") == [waiting.pk]
    assert order("resolved") == [resolved.pk]
    assert order("nonsense") == [waiting.pk, resolved.pk]


def test_a_list_costs_the_same_queries_for_more_threads(as_ana, article, revealed, ana, ben):
    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert as_ana.get(address).status_code == 200
        return len(asked)

    thread = begin(article, ana, text="@ben see #1")
    addresses = (
        f"/articles/{article.pk}/threads/",
        f"/articles/{article.pk}/threads/new/?start=0&end=5",
        f"/threads/{thread.pk}/",
    )
    before = [cost(one) for one in addresses]
    for _ in range(6):
        actions.comment(thread, by=ben, text="@ana see #2")
        actions.resolve(begin(article, ben, text="@ana see #2"), by=ben, outcome="both")
    assert [cost(one) for one in addresses] == before
