"""Opening, locking, archiving: who may, and what is said when it cannot be done."""

import pytest

from annotate.articles.actions import set_status
from annotate.articles.models import Article
from tests.factories import make_article

pytestmark = pytest.mark.django_db


def post(client, article, status):
    return client.post(f"/articles/{article.pk}/status/", {"status": status})


@pytest.fixture
def draft(ana):
    return make_article(title="A draft", status="draft", submitted_by=ana)


def test_moderator_locks_opens_and_archives(client, mo, article):
    client.force_login(mo)
    for status in ["locked", "open", "archived"]:
        response = post(client, article, status)
        assert (response.status_code, response["Location"]) == (303, f"/articles/{article.pk}/")
        article.refresh_from_db()
        assert article.status == status


def test_submitter_opens_their_own_draft(as_ana, draft):
    assert post(as_ana, draft, "open").status_code == 303
    draft.refresh_from_db()
    assert draft.status == "open"


def test_submitter_does_not_archive_a_draft_for_all_to_see(as_ana, draft):
    response = post(as_ana, draft, "archived")
    assert response.status_code == 403
    assert "Only a moderator may make this story archived." in response.text
    draft.refresh_from_db()
    assert draft.status == "draft"
    page = as_ana.get(f"/articles/{draft.pk}/").text
    assert "Open for tagging" in page
    assert ">Archive<" not in page


def test_submitter_has_no_say_once_it_is_open(as_ana, draft):
    set_status(draft, "open")
    response = post(as_ana, draft, "locked")
    assert response.status_code == 403
    assert (
        "Only a moderator may change the status of this story, or who put it in "
        "while it is a draft." in response.text
    )
    draft.refresh_from_db()
    assert draft.status == "open"


def test_other_peoples_draft_is_not_there(client, ben, draft):
    client.force_login(ben)
    assert post(client, draft, "open").status_code == 404
    draft.refresh_from_db()
    assert draft.status == "draft"


@pytest.mark.parametrize("status", ["", "gone", "\x00", "Open"])
def test_status_that_is_none_is_refused_in_words(client, mo, article, status):
    client.force_login(mo)
    response = post(client, article, status)
    assert response.status_code == 422
    assert "Choose a status: open, locked or archived." in response.text


def test_move_that_is_none_is_refused_in_words(client, mo, article):
    client.force_login(mo)
    response = post(client, article, "draft")
    assert response.status_code == 422
    assert "An open article cannot become draft." in response.text
    assert Article.objects.get(pk=article.pk).status == "open"


def test_archived_text_that_stands_elsewhere_stays_archived(client, mo, article):
    set_status(article, "archived")
    make_article()
    client.force_login(mo)
    response = post(client, article, "open")
    assert response.status_code == 422
    assert "The same text stands as another article. Archive that one first." in response.text


def test_looking_changes_nothing(client, mo, article):
    client.force_login(mo)
    assert client.get(f"/articles/{article.pk}/status/?status=locked").status_code == 405
