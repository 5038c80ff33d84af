"""The small steps of a round, through their addresses: submit, reopen, reveal, close."""

from __future__ import annotations

import pytest

from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation, Reading
from annotate.reviews import actions
from annotate.reviews.models import Round

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def blind(article, ana, ben, mo):
    return actions.open_round(article, by=mo, reviewers=[ana, ben], needed=2)


def said(client) -> str:
    """The messages that the next page shows."""
    page = client.get("/accounts/settings/").text
    assert '<div class="messages"' in page
    return page.split('<div class="messages" role="status">')[1].split("</ul>")[0]


def submit(client, article, **data):
    return client.post(f"/articles/{article.pk}/review/submit/", data)


def test_submit_with_unread_sentences_asks_first(as_ana, article, blind):
    address = f"/articles/{article.pk}/review/submit/"
    asked = submit(as_ana, article)
    assert (asked.status_code, asked["Location"]) == (303, address)
    page = as_ana.get(address).text
    total = article.sentences.count()
    assert f"{total} sentences are still unread" in page
    for sentence in article.sentences.all():
        assert f'href="/articles/{article.pk}/#sentence-{sentence.pk}"' in page
    for button in (
        "Mark the rest as read with nothing to tag, and submit",
        "Submit as it is",
        "Go on reading",
    ):
        assert button in page
    assert blind.assignments.filter(submitted_at=None).count() == 2


def test_what_is_left_unread_stays_so(as_ana, article, blind, ana):
    done = submit(as_ana, article, unread="leave")
    assert (done.status_code, done["Location"]) == (303, f"/articles/{article.pk}/")
    assert "You have submitted your review.</li>" in said(as_ana)
    assert blind.assignments.exclude(submitted_at=None).get().reviewer == ana
    assert not Reading.objects.exists()


def test_the_rest_is_read_and_submitted_in_one_step(as_ana, article, blind, ana, claim):
    tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    submit(as_ana, article, unread="read")
    assert Reading.objects.live().count() == article.sentences.count() - 1
    assert blind.assignments.exclude(submitted_at=None).get().reviewer == ana


def test_nothing_unread_submits_at_once_and_the_last_reveals(client, article, blind, ana, ben):
    for person in (ana, ben):
        tagging.read_the_rest(article, by=person)
        client.force_login(person)
        assert submit(client, article)["Location"] == f"/articles/{article.pk}/"
    blind.refresh_from_db()
    assert blind.state == "revealed"
    assert "All who were needed have: the round is revealed." in said(client)


def test_reopened_until_the_reveal(as_ana, article, blind, mo):
    submit(as_ana, article, unread="leave")
    again = as_ana.post(f"/articles/{article.pk}/review/reopen/")
    assert again.status_code == 303
    assert "Your review is open again. Submit it when you are done." in said(as_ana)
    submit(as_ana, article, unread="leave")
    actions.reveal(blind, by=mo)
    refused = as_ana.post(f"/articles/{article.pk}/review/reopen/")
    assert refused.status_code == 409
    assert "Round 1 is revealed: a review stays submitted." in refused.text


def test_read_the_rest(as_ana, article, blind):
    address = f"/articles/{article.pk}/review/rest/"
    assert as_ana.post(address).status_code == 303
    count = article.sentences.count()
    words = f"{count} sentences are marked as read with nothing to tag. Undo takes them back."
    assert words in said(as_ana)
    as_ana.post(address)
    assert "No sentence was unread." in said(as_ana)


def test_who_has_no_part_cannot_submit(client, article, blind, mo):
    client.force_login(mo)
    refused = submit(client, article)
    assert refused.status_code == 403
    assert "You have no part in a review of this story." in refused.text
    page = client.get(f"/articles/{article.pk}/review/submit/").text
    assert "Round 1 of this story is reviewed by others." in page


def test_moderators_reveal_and_close(client, article, blind, mo, ana):
    client.force_login(ana)
    for step in ("reveal", "close"):
        refused = client.post(f"/rounds/{blind.pk}/{step}/")
        assert refused.status_code == 403
        assert "Only moderators may do this." in refused.text
    client.force_login(mo)
    early = client.post(f"/rounds/{blind.pk}/close/")
    assert early.status_code == 409
    assert "A blind round cannot become closed." in early.text
    client.post(f"/rounds/{blind.pk}/reveal/")
    assert "Round 1 is revealed: its reviewers see each other’s tags." in said(client)
    client.post(f"/rounds/{blind.pk}/close/", {"next": "/work/"})
    assert "Round 1 is closed, and the story is locked." in said(client)
    assert Round.objects.get().state == "closed"


@pytest.mark.parametrize(
    ("back", "goes"),
    [("/guideline/", "/guideline/"), ("https://example.org/", None), ("", None)],
)
def test_goes_back_to_pages_of_ours_only(client, article, blind, mo, back, goes):
    client.force_login(mo)
    response = client.post(f"/rounds/{blind.pk}/reveal/", {"next": back})
    assert response["Location"] == (goes or f"/articles/{article.pk}/")


def test_htmx_loads_the_next_page(as_ana, article, blind):
    story = f"/articles/{article.pk}/"
    here = {**HTMX, "HX-Current-URL": f"http://testserver{story}"}
    address = f"{story}review/submit/"
    asked = as_ana.post(address, headers=here)
    assert (asked.status_code, asked["HX-Redirect"]) == (200, address)
    done = as_ana.post(address, {"unread": "leave"}, headers=here)
    assert (done.status_code, done["HX-Refresh"]) == (200, "true")
    assert not Annotation.objects.exists()


def test_a_secret_draft_has_no_review(client, ben, article):
    article.status = "draft"
    article.save()
    client.force_login(ben)
    for step in ("submit", "reopen", "rest"):
        assert client.post(f"/articles/{article.pk}/review/{step}/").status_code == 404
