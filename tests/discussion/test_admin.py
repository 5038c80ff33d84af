"""Discussions and guideline versions in the admin: to look at; labels write new versions."""

from __future__ import annotations

import pytest

from annotate.annotations.models import Guideline, Label, Precedent
from annotate.discussion import actions
from annotate.discussion.models import Comment, Step

from .conftest import begin

LISTS = {
    "discussion/thread": "&lt;b&gt;Mayor&lt;/b&gt;",
    "discussion/comment": "&lt;i&gt;why&lt;/i&gt;",
    "discussion/step": "resolved it",
    "annotations/precedent": "A title is a claim.",
    "annotations/guideline": "Precedent 1",
}


@pytest.fixture
def discussed(labels, ana, ben, mo):
    from annotate.reviews import actions as reviews
    from tests.factories import make_article

    article = make_article("<b>Mayor</b> says", "One sentence. Another sentence.")
    reviews.open_round(article, by=mo, mode="open", reviewers=[ana, ben])
    thread = begin(article, ana, text="<i>why</i>", end=12)
    actions.resolve(
        thread, by=mo, outcome="gap", label=labels["claim"], text="A title is a claim."
    )
    return thread


def test_moderators_look_and_change_nothing(client, discussed, mo, ana):
    rows = {
        "discussion/thread": discussed,
        "discussion/comment": Comment.objects.get(),
        "discussion/step": Step.objects.last(),
        "annotations/precedent": Precedent.objects.get(),
        "annotations/guideline": Guideline.objects.get(why="Precedent 1"),
    }
    for name, words in LISTS.items():
        address = f"/admin/{name}/"
        client.force_login(mo)
        assert words in client.get(address).text
        page = client.get(f"{address}{rows[name].pk}/change/")
        assert page.status_code == 200
        assert 'name="_save"' not in page.text
        assert client.get(f"{address}add/").status_code == 403
        assert client.post(f"{address}{rows[name].pk}/delete/").status_code == 403
        client.force_login(ana)
        assert client.get(address).status_code == 302


@pytest.mark.parametrize("name", LISTS)
def test_lists_cost_the_same_queries_for_more(
    client, discussed, labels, ana, ben, mo, name, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(mo)
    client.get(f"/admin/{name}/")
    with CaptureQueriesContext(connection) as few:
        client.get(f"/admin/{name}/")
    for number in range(3):
        thread = begin(discussed.article, ben, text=f"@ana {number}")
        label = labels["evidence"]
        actions.resolve(thread, by=mo, outcome="gap", label=label, text=f"Case {number}.")
    with django_assert_num_queries(len(few)):
        client.get(f"/admin/{name}/")


def test_another_text_of_a_guideline_is_another_version(client, ada, claim):
    names = ("name", "colour", "line", "key", "order", "guideline")
    sent = {name: getattr(claim, name) for name in names}
    address = f"/admin/annotations/label/{claim.pk}/change/"
    client.force_login(ada)
    guideline = sent["guideline"].replace("\n", "\r\n")
    assert (
        client.post(address, {**sent, "name": "Statement", "guideline": guideline}).status_code
        == 302
    )
    assert (Label.objects.get(pk=claim.pk).name, claim.versions.count()) == ("Statement", 1)
    client.post(address, {**sent, "guideline": "Another text.", "why": "It was too long"})
    latest = claim.versions.get(version=2)
    assert (latest.text, latest.why, latest.by) == ("Another text.", "It was too long", ada)
    claim.refresh_from_db()
    assert (claim.version, claim.guideline, claim.name) == (2, "Another text.", "Claim")


def test_a_new_label_begins_with_version_1_of_who_adds_it(client, ada, labels):
    client.force_login(ada)
    sent = {"name": "Context", "slug": "context", "colour": "#555555", "line": "solid"}
    client.post(
        "/admin/annotations/label/add/", {**sent, "key": "x", "order": 9, "guideline": "So."}
    )
    version = Guideline.objects.get(label__slug="context")
    assert (version.version, version.text, version.by) == (1, "So.", ada)
