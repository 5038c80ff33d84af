"""Rounds, parts, their log and notices in the admin: to look at."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.reviews import actions
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db

LISTS = {
    "reviews/round": "Mayor says taxes may fall",
    "reviews/assignment": "1 of Mayor says taxes may fall",
    "reviews/move": "mo assigned ana",
    "notices/notice": "You are a reviewer of “Mayor says taxes may fall”, round 1.",
}
each_list = pytest.mark.parametrize(("model", "shown"), LISTS.items())


@pytest.fixture
def round(article, ana, ben, mo):
    return actions.open_round(article, by=mo, reviewers=[ana, ben])


@each_list
def test_listed_and_found(client, round, mo, model, shown):
    client.force_login(mo)
    page = client.get(f"/admin/{model}/").text
    assert shown in page
    assert shown in client.get(f"/admin/{model}/?q=mayor").text
    assert shown not in client.get(f"/admin/{model}/?q=nothing").text
    assert "Add" not in page.split('id="content"')[1].split("<form")[0]


@each_list
def test_nothing_is_changed_or_deleted(client, round, ada, model, shown):
    from django.apps import apps

    client.force_login(ada)
    for pk in apps.get_model(model.replace("/", ".")).objects.values_list("pk", flat=True):
        page = client.get(f"/admin/{model}/{pk}/change/")
        assert page.status_code == 200
        assert 'name="_save"' not in page.text
        assert client.post(f"/admin/{model}/{pk}/change/", {}).status_code == 403
        assert client.get(f"/admin/{model}/{pk}/delete/").status_code == 403
    assert client.get(f"/admin/{model}/add/").status_code == 403


@each_list
def test_a_list_costs_the_same_for_many(client, round, mo, model, shown):
    client.force_login(mo)
    client.get(f"/admin/{model}/")
    with CaptureQueriesContext(connection) as few:
        client.get(f"/admin/{model}/")
    people = [make_user(f"person{number}") for number in range(4)]
    for number in range(3):
        story = make_article(f"Story {number}", f"Sentence {number}.")
        actions.open_round(story, by=mo, reviewers=people)
    with CaptureQueriesContext(connection) as many:
        client.get(f"/admin/{model}/")
    assert len(many) <= len(few)


def test_filters(client, round, mo, ana):
    client.force_login(mo)
    listed = client.get("/admin/notices/notice/?mailed=no").text
    assert "You are a reviewer of" in listed
    assert "You are a reviewer of" not in client.get("/admin/notices/notice/?mailed=yes").text
