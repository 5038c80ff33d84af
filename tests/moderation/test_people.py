"""The pages about people: what a moderator sees of somebody, and decides."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotate.accounts.models import User
from annotate.annotations import actions as tagging
from annotate.moderation import cases
from annotate.moderation.models import AuditEntry, Decision
from tests.factories import make_user


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


def page_of(person: User) -> str:
    return reverse("person", args=[person.pk])


def fresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


def test_the_list_costs_the_same_for_ten_people_as_for_one(as_mo, ana):
    with CaptureQueriesContext(connection) as few:
        as_mo.get(reverse("people"))
    for number in range(10):
        make_user(f"person-{number}")
    with CaptureQueriesContext(connection) as many:
        response = as_mo.get(reverse("people"))
    assert "person-9" in response.text
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("?q=AN", {"ana"}),
        ("?role=moderator", {"mo"}),
        ("?role=reviewer", {"ana", "ben"}),
        ("?state=shut", {"ben"}),
        ("?state=new&role=admin", {"ada"}),
        ("?state=nonsense&role=nonsense&page=99", {"ana", "ben", "mo", "ada"}),
        ("?q=%00", {"ana", "ben", "mo", "ada"}),
    ],
)
def test_filters(as_mo, ana, ben, mo, ada, asked, shown):
    User.objects.filter(pk=ben.pk).update(is_active=False)
    page = as_mo.get(reverse("people") + asked).context["page"]
    assert {one.username for one in page} == shown


def test_a_page_tells_of_work_cases_and_decisions(as_mo, ana, ben, mo, article, claim):
    tag = tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    cases.flag(tag.annotation, by=mo, reason="spam")
    text = as_mo.get(page_of(ana)).text
    for words in ("Tags that stand", article.title, tag.annotation.exact, "Tag, case"):
        assert words in text


def test_suspended_and_let_go_again(as_mo, ana):
    asked = {"decision": "suspend", "days": "3", "reason": "bad_faith", "note": "Rest a bit."}
    response = as_mo.post(f"{page_of(ana)}decide/", asked)
    assert (response.status_code, response["Location"]) == (303, page_of(ana))
    assert fresh(ana).is_suspended
    decision = Decision.objects.get()
    assert (decision.kind, decision.note, decision.role) == (
        "suspend",
        "Rest a bit.",
        "moderator",
    )
    as_mo.post(f"{page_of(ana)}decide/", {"decision": "lift", "reason": "other"})
    assert not fresh(ana).is_suspended
    kinds = AuditEntry.objects.filter(person=ana).order_by("pk").values_list("kind", flat=True)
    assert [*kinds][-2:] == ["suspension", "suspension"]


def test_a_suspension_needs_days_and_keeps_what_was_typed(as_mo, ana):
    asked = {"decision": "suspend", "reason": "spam", "note": "Typed with care."}
    response = as_mo.post(f"{page_of(ana)}decide/", asked)
    assert response.status_code == 422
    assert "Say for how many days." in response.text
    assert "Typed with care." in response.text


def test_moderators_decide_neither_about_themselves_nor_about_admins(as_mo, mo, ada):
    asked = {"decision": "ban", "reason": "other"}
    for person, words in (
        (mo, "This is your own account: somebody else decides about it."),
        (ada, "This is an admin: only admins decide about admins."),
    ):
        for end in ("decide", "sessions", "first-tags", "erase"):
            response = as_mo.post(f"{page_of(person)}{end}/", asked)
            assert response.status_code == 403, end
        assert words in as_mo.get(page_of(person)).text
    assert not Decision.objects.exists()


def test_first_tags_wait(as_mo, ana):
    assert as_mo.post(f"{page_of(ana)}first-tags/", {"first": "-1"}).status_code == 422
    as_mo.post(f"{page_of(ana)}first-tags/", {"first": "5"})
    assert fresh(ana).premoderated == 5
    entry = AuditEntry.objects.get(kind="premoderation")
    assert (entry.before, entry.after) == ({"premoderated": 0}, {"premoderated": 5})


def test_all_sessions_end(client, as_mo, ana):
    from django.test import Client

    elsewhere = Client()
    elsewhere.force_login(ana)
    as_mo.post(f"{page_of(ana)}sessions/")
    assert elsewhere.get(reverse("settings")).status_code == 302
    assert AuditEntry.objects.filter(kind="sessions", person=ana).exists()


def test_erasing_asks_for_the_name(client, ana, ada, mo):
    client.force_login(ada)
    wrong = client.post(f"{page_of(ana)}erase/", {"name": "anna", "note": "Asked by mail."})
    assert wrong.status_code == 422
    assert "This is not the person’s public name." in wrong.text
    assert fresh(ana).public_name == "ana"
    right = client.post(f"{page_of(ana)}erase/", {"name": "ana", "note": "Asked by mail."})
    assert right.status_code == 303
    assert fresh(ana).public_name == f"Former reviewer {ana.pk}"
    assert client.get(page_of(ana)).status_code == 200
    assert AuditEntry.objects.filter(kind="erased", person=ana, by=ada).exists()


def test_only_admins_erase(as_mo, ana):
    response = as_mo.post(f"{page_of(ana)}erase/", {"name": "ana", "note": "No."})
    assert response.status_code == 403
