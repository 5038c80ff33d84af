"""Tagging through its addresses: what a browser with htmx gets, and one without."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.annotations import actions
from annotate.annotations.models import Annotation, Change, Reading
from annotate.articles.actions import set_status
from annotate.live.models import Event
from tests.factories import set_hidden

HTMX = {"HX-Request": "true"}


@pytest.fixture
def address(article):
    return f"/articles/{article.pk}/annotations/"


@pytest.fixture
def tag(ana, article, claim):
    return actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=len(article.title)
    ).annotation


def test_tag_answers_the_changed_sentence_and_the_counts(as_ana, address, sentence):
    body = {"start": sentence.start, "end": sentence.end, "label": "claim"}
    response = as_ana.post(address, body, headers=HTMX)
    annotation = Annotation.objects.get()
    assert response.status_code == 200
    assert f'<span id="sentence-{sentence.pk}" class="s tagged"' in response.text
    assert response.text.count('id="sentence-') == 1
    assert (
        f'<mark data-annotations="{annotation.pk}" class="l0-claim">'
        '<span class="visually-hidden" data-aside>Claim: </span>'
        "The mayor said on Monday that taxes would fall.</mark>"
    ) in response.text
    assert '<b class="numbers" id="count-claim">1</b>' in response.text
    assert '<b id="progress-done">1</b> of 7 sentences' in response.text
    assert ">Claim on sentence 1</p>" in response.text
    assert f'data-annotation="{annotation.pk}"' in response.text


def test_a_tag_that_toggles_is_taken_back_where_it_stands(as_ana, address, tag):
    body = {"start": tag.start, "end": tag.end, "label": "claim", "toggle": "true"}
    requests = [uuid.uuid4() for _ in range(2)]
    for request, standing in zip([*requests, requests[1]], (0, 1, 1), strict=True):
        response = as_ana.post(address, {**body, "request": request}, headers=HTMX)
        assert response.status_code == 200
        assert Annotation.objects.live().count() == standing


def test_tag_without_htmx_goes_back_to_the_sentence(as_ana, address, article, sentence):
    body = {"start": sentence.start, "end": sentence.end, "label": "claim"}
    response = as_ana.post(address, body)
    assert response.status_code == 303
    assert response["Location"] == f"/articles/{article.pk}/#sentence-{sentence.pk}"


def test_tag_costs_at_most_eight_queries(as_ana, address, article, sentence):
    as_ana.get("/guideline/")  # signed in and warm
    body = {
        "start": sentence.start,
        "end": sentence.end,
        "label": "claim",
        "request": uuid.uuid4(),
        "since": 0,
    }
    with CaptureQueriesContext(
        connection,
    ) as queries:
        as_ana.post(address, body, headers=HTMX)
    kinds = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    asked = [one["sql"] for one in queries if not one["sql"].startswith(kinds)]
    assert len(asked) <= 8, "\n".join(asked)


def test_same_tag_twice_answers_the_same(as_ana, address):
    body = {"start": 0, "end": 5, "label": "claim"}
    first = as_ana.post(address, body, headers=HTMX)
    again = as_ana.post(address, body, headers=HTMX)
    assert again.status_code == 200
    assert re.findall(r'data-annotation="\d+"', again.text) == re.findall(
        r'data-annotation="\d+"', first.text
    )
    assert Annotation.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Start: This field is required. End: This field is required. "),
        ({"start": 0, "end": 5, "label": "rumour"}, "There is no label “rumour”."),
        (
            {"start": 0, "end": 5, "label": "x" * 51},
            "Label: Ensure this value has at most 50 characters (it has 51).",
        ),
        ({"start": 0, "end": 5, "label": "claim\0"}, "Label: Null characters are not allowed."),
        (
            {"start": 9, "end": 5, "label": "claim"},
            "End: The passage ends at 5, before its start at 9. "
            "Choose a later last word, or an earlier first one.",
        ),
        ({"start": "x", "end": 5, "label": "claim"}, "Start: Enter a whole number."),
        (
            {"start": 0, "end": 99_999, "label": "claim"},
            "The passage ends at 99999, after the end of the article&#x27;s text.",
        ),
        (
            {"start": 0, "end": 5, "label": "claim", "confidence": 6},
            "Confidence: Ensure this value is less than or equal to 5.",
        ),
        (
            {"start": 0, "end": 5, "label": "claim", "note": "x" * 10_001},
            "Note: Ensure this value has at most 10000 characters (it has 10001).",
        ),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_wrong_input_is_told_in_words(as_ana, address, body, message, headers):
    response = as_ana.post(address, body, headers=headers)
    assert response.status_code == 422
    assert message in response.text
    assert not Annotation.objects.exists()


ORDER = "The last word stands before the first, so nothing was changed."


def chosen(page: str) -> dict[str, str]:
    """Return the word that is chosen as the passage's first, and the one as its last."""
    return {
        name: re.search(
            rf'<select name="{name}".*?<option value="\d+" selected>(.*?)</option>', page
        )[1]
        for name in ("start", "end")
    }


def test_words_in_the_wrong_order_come_back_on_the_page_of_the_sentence(
    as_ana, address, article, sentence
):
    start, end = article.text.index("surplus"), article.text.index("ledger") + len("ledger")
    body = {"start": start, "end": end, "label": "claim", "sentence": sentence.pk}
    response = as_ana.post(address, body)
    assert response.status_code == 422
    assert "<h1>Sentence 1</h1>" in response.text
    assert f"{ORDER} Choose a later last word, or an earlier first one." in response.text
    assert f"{start}, " not in response.text
    assert chosen(response.text) == {"start": "surplus", "end": "ledger"}
    assert "ends at" in as_ana.post(address, body, headers=HTMX).text
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("number", ["", "x", "9" * 18, "9" * 5_000, "other"])
def test_a_sentence_that_is_not_the_articles_brings_no_page_back(as_ana, address, number):
    from tests.factories import make_article

    if number == "other":
        number = make_article("Another", "Story.").sentences.first().pk
    body = {"start": 9, "end": 5, "label": "claim", "sentence": number}
    response = as_ana.post(address, body)
    assert response.status_code == 422
    assert "<h1>Nothing was changed</h1>" in response.text


def test_words_in_the_wrong_order_come_back_with_all_that_was_changed(as_ana, tag):
    text = tag.exact
    body = {
        "start": text.index("taxes"),
        "end": len("Mayor"),
        "label": "evidence",
        "note": "Two\r\nlines",
        "confidence": "2",
    }
    response = as_ana.post(tag.get_absolute_url(), body)
    assert response.status_code == 422
    page = response.text
    assert ORDER in page
    assert chosen(page) == {"start": "taxes", "end": "Mayor"}
    assert re.findall(r'value="([^"]+)" checked', page) == ["evidence", "2"]
    assert ">Two\nlines</textarea>" in page
    tag.refresh_from_db()
    assert (tag.label.slug, tag.note, tag.confidence) == ("claim", "", None)


def test_words_in_the_wrong_order_on_a_closed_story(as_ana, article, tag):
    set_status(article, "locked")
    response = as_ana.post(tag.get_absolute_url(), {"start": 9, "end": 5})
    assert response.status_code == 422
    assert "Choose a later last word, or an earlier first one." in response.text


@pytest.mark.parametrize("status", ["locked", "archived"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_closed_article_answers_409_and_why(as_ana, address, article, tag, status, headers):
    set_status(article, status)
    why = f"“Mayor says taxes may fall” is {status}: it takes no more changes."
    for place, body in [
        (address, {"start": 0, "end": 5, "label": "claim"}),
        (f"/annotations/{tag.pk}/", {"note": "late"}),
        (f"/annotations/{tag.pk}/withdraw/", {}),
        (f"/sentences/{article.sentences.first().pk}/reading/", {}),
        (f"/articles/{article.pk}/undo/", {}),
        (f"/articles/{article.pk}/redo/", {}),
    ]:
        response = as_ana.post(place, body, headers=headers)
        assert (place, response.status_code) == (place, 409)
        assert why in response.text
    assert Change.objects.count() == 1


def test_edit_changes_only_what_is_sent(as_ana, tag):
    as_ana.post(f"/annotations/{tag.pk}/", {"confidence": "3"}, headers=HTMX)
    as_ana.post(f"/annotations/{tag.pk}/", {"note": "Says who?"}, headers=HTMX)
    response = as_ana.post(f"/annotations/{tag.pk}/", {"label": "evidence"}, headers=HTMX)
    assert "Changed the label (was Claim) of Evidence on the headline" in response.text
    tag.refresh_from_db()
    assert (tag.confidence, tag.note, tag.label.slug) == (3, "Says who?", "evidence")
    as_ana.post(f"/annotations/{tag.pk}/", {"confidence": ""}, headers=HTMX)
    tag.refresh_from_db()
    assert tag.confidence is None


def test_note_keeps_its_lines_as_typed(as_ana, tag):
    as_ana.post(f"/annotations/{tag.pk}/", {"note": " one\r\n\r\ntwo\t "})
    tag.refresh_from_db()
    assert tag.note == " one\n\ntwo\t "


def test_edit_of_the_passage_answers_old_and_new_sentences(as_ana, article, tag):
    third = article.sentences.get(position=3)
    response = as_ana.post(
        f"/annotations/{tag.pk}/", {"start": third.start, "end": third.end}, headers=HTMX
    )
    headline = article.sentences.get(position=0)
    assert f'id="sentence-{headline.pk}" class="s"' in response.text
    assert f'id="sentence-{third.pk}" class="s tagged"' in response.text


def test_withdrawn_tag_is_gone_from_the_sentence_and_can_be_looked_at(as_ana, tag):
    response = as_ana.post(f"/annotations/{tag.pk}/withdraw/", headers=HTMX)
    assert "<mark" not in response.text
    assert ">Took back Claim on the headline</p>" in response.text
    page = as_ana.get(f"/annotations/{tag.pk}/")
    assert "This tag was taken back." in page.text
    again = as_ana.post(f"/annotations/{tag.pk}/", {"note": "x"}, headers=HTMX)
    assert again.status_code == 422
    assert "This tag was taken back. Undo brings it back." in again.text


def test_reading_again_is_taken_back(as_ana, sentence):
    place = f"/sentences/{sentence.pk}/reading/"
    first = as_ana.post(place, headers=HTMX)
    assert f'id="sentence-{sentence.pk}" class="s read"' in first.text
    second = as_ana.post(place, headers=HTMX)
    assert f'id="sentence-{sentence.pk}" class="s"' in second.text
    as_ana.post(place, {"read": "true"}, headers=HTMX)
    as_ana.post(place, {"read": "true"}, headers=HTMX)
    assert Reading.objects.live().count() == 1


def test_a_plain_form_sent_again_does_it_once(as_ana, ana, article, tag, sentence):
    """As a browser does that asks whether to send a form again whose answer was lost."""
    page = as_ana.get(article.get_absolute_url()).text
    names = dict(re.findall(r'<button id="(\w+)".*? name="request" value="([-0-9a-f]+)"', page))
    assert names["undo"] != names["redo"]
    actions.set_reading(sentence, by=ana)
    for what in ("undo", "undo", "redo", "redo"):
        done = as_ana.post(f"/articles/{article.pk}/{what}/", {"request": names[what]})
        assert done.status_code == 303
    kinds = Change.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["created", "read", "undone", "redone"]
    address = f"/sentences/{sentence.pk}/"
    [read] = re.findall(r'<button name="read" value="(\w+)"', as_ana.get(address).text)
    assert read == "false"
    for _ in range(2):
        as_ana.post(f"{address}reading/", {"read": read})
        assert not Reading.objects.live().exists()


def test_undo_and_redo_say_what_they_did(as_ana, article, tag):
    undone = as_ana.post(f"/articles/{article.pk}/undo/", headers=HTMX)
    assert ">Undid: Claim on the headline</p>" in undone.text
    assert '<button id="undo" disabled ' in undone.text
    redone = as_ana.post(f"/articles/{article.pk}/redo/", headers=HTMX)
    assert ">Did again: Claim on the headline</p>" in redone.text
    assert '<button id="redo" disabled ' in redone.text
    nothing = as_ana.post(f"/articles/{article.pk}/redo/", headers=HTMX)
    assert ">Nothing changed</p>" in nothing.text


def test_answer_brings_what_another_tab_did_since(as_ana, ana, article, tag, claim):
    first = article.sentences.get(position=1)
    seen = Event.objects.latest("number").number
    actions.annotate(
        article=article, reviewer=ana, label=claim, start=first.start, end=first.end
    )
    actions.set_reading(article.sentences.get(position=2), by=ana)
    last = article.sentences.get(position=6)
    body = {"start": last.start, "end": last.end, "label": "evidence", "since": seen}
    response = as_ana.post(f"/articles/{article.pk}/annotations/", body, headers=HTMX)
    found = re.findall(r'id="sentence-(\d+)"', response.text)
    expected = article.sentences.filter(position__in=[1, 2, 6])
    assert sorted(map(int, found)) == sorted(expected.values_list("pk", flat=True))


def test_request_answered_before_is_answered_again(as_ana, article, sentence):
    place = f"/sentences/{sentence.pk}/reading/"
    body = {"request": uuid.uuid4()}
    first = as_ana.post(place, body, headers=HTMX)
    again = as_ana.post(place, body, headers=HTMX)
    assert (first.status_code, again.status_code) == (200, 200)
    assert 'class="s read"' in again.text
    assert Change.objects.count() == 1


def test_another_persons_change_of_my_tag_is_refused(client, ben, mo, tag):
    client.force_login(ben)
    assert client.post(f"/annotations/{tag.pk}/", {"note": "x"}).status_code == 404
    client.force_login(mo)
    response = client.post(f"/annotations/{tag.pk}/withdraw/")
    assert response.status_code == 403
    assert "This is another reviewer&#x27;s tag: only they can change it." in response.text


def test_reviewers_see_only_their_own_tags_and_moderators_all(
    client, ana, ben, mo, article, tag
):
    def marks(person):
        client.force_login(person)
        return client.get(f"/articles/{article.pk}/").text.count("<mark ")

    assert (marks(ana), marks(ben), marks(mo)) == (1, 0, 1)


def test_sign_of_work_done_is_ones_own_as_the_progress_is(client, mo, article, tag):
    client.force_login(mo)
    page = client.get(f"/articles/{article.pk}/").text
    assert "<mark " in page
    assert 'class="s tagged"' not in page
    assert '<b id="progress-done">0</b> of 7 sentences' in page


def test_hidden_tag_is_told_to_its_reviewer(as_ana, mo, article, tag):
    set_hidden(tag, by=mo, hidden=True)
    page = as_ana.get(f"/articles/{article.pk}/").text
    assert 'aria-label="Claim, hidden by a moderator: open this tag"' in page
    assert '<b class="numbers" id="count-claim">0</b>' in page
    assert "A moderator has hidden this tag." in as_ana.get(f"/annotations/{tag.pk}/").text


def test_article_page_costs_the_same_for_many_tags_as_for_one(as_ana, ana, article, labels):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_ana.get(f"/articles/{article.pk}/").status_code == 200
        return len(queries)

    one = labels["claim"]
    actions.annotate(article=article, reviewer=ana, label=one, start=0, end=3)
    before = cost()
    for start in range(20):
        for label in labels.values():
            actions.annotate(
                article=article, reviewer=ana, label=label, start=start, end=start + 30
            )
    assert cost() == before


def test_history_tells_changes_in_words_and_only_ones_own(
    as_ana, client, ben, article, tag, ana
):
    actions.edit(tag, by=ana, note="Who says?", confidence=2)
    actions.undo(article, by=ana)
    page = as_ana.get(f"/articles/{article.pk}/history/").text
    lines = re.findall(r"<td>(.*?)</td><td", page)
    assert lines == [
        "Undid: Changed the note and the confidence of Claim on the headline",
        "Changed the note and the confidence of Claim on the headline",
        "Claim on the headline",
    ]
    client.force_login(ben)
    assert (
        "Nothing was tagged or read here yet."
        in client.get(f"/articles/{article.pk}/history/").text
    )


def test_markup_in_a_story_and_a_note_is_text(as_ana, ana, labels):
    from tests.factories import make_article

    nasty = "<script>alert(1)</script> {{ user }} {% url 'x' %} & \"quotes\" ‮."
    article = make_article(title=nasty, body=nasty, outlet=nasty, byline=nasty)
    tag = actions.annotate(
        article=article, reviewer=ana, label=labels["claim"], start=0, end=20, note=nasty
    ).annotation
    for place in (
        f"/articles/{article.pk}/",
        f"/annotations/{tag.pk}/",
        f"/sentences/{article.sentences.get(position=1).pk}/",
        f"/articles/{article.pk}/history/",
        "/",
    ):
        text = as_ana.get(place).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_pages_vary_on_the_header_that_makes_them_partial(as_ana, article, tag):
    for place in (
        f"/articles/{article.pk}/",
        f"/annotations/{tag.pk}/",
        "/guideline/",
        f"/articles/{article.pk}/history/",
    ):
        full, partial = as_ana.get(place), as_ana.get(place, headers=HTMX)
        assert "<html" in full.text
        assert "<html" not in partial.text
        assert "HX-Request" in full["Vary"]
        assert "HX-Request" in partial["Vary"]
