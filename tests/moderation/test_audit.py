"""The page of the audit log, and what is taken out of it."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from annotate.accounts import actions as accounts
from annotate.articles.actions import set_status
from annotate.moderation import audit
from annotate.moderation.models import AuditEntry
from annotate.moderation.replay import differences
from tests.factories import make_article

ADDRESS = "/admin/audit/"


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def test_a_line_says_who_did_what_to_what_and_from_which_state(as_mo, article, mo, ana):
    set_status(article, "locked", by=mo)
    accounts.set_role(ana, "moderator", by=mo)
    said = text(as_mo.get(ADDRESS))
    assert f"mo Status of a story {article.title} status: open → locked" in said
    assert "mo Role ana role: reviewer → moderator" in said
    assert said.index("reviewer → moderator") < said.index("open → locked")


def test_what_an_admin_does_to_an_account_has_lines_with_their_name(client, ana, ada):
    client.force_login(ada)
    address = f"/admin/accounts/user/{ana.pk}/change/"
    fields = {"username": "ana", "public_name": ana.public_name, "role": "moderator"}
    assert client.post(address, fields).status_code == 302  # is_active is not ticked
    lines = AuditEntry.objects.filter(person=ana, by=ada).order_by("pk")
    assert [(line.kind, line.before, line.after) for line in lines] == [
        ("active", {"active": True}, {"active": False}),
        ("role", {"role": "reviewer"}, {"role": "moderator"}),
    ]
    assert [*differences()] == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"kind": "status"}, ["status"]),
        ({"by": "mo"}, ["role", "status"]),
        ({"person": "ana"}, ["role", "role"]),
        ({"article": "Mayor says taxes may fall", "by": "mo"}, ["status"]),
        ({"q": "BECAUSE"}, ["decided"]),
        ({"q": "ana"}, ["role", "role"]),
        ({"until": "2020-01-01T00:00"}, []),
        ({"since": "2020-01-01T00:00", "kind": "status"}, ["status"]),
    ],
)
def test_lines_are_found(as_mo, article, mo, ana, asked, found):
    set_status(article, "locked", by=mo)
    accounts.set_role(ana, "moderator", by=mo)
    audit.record(AuditEntry.Kind.DECIDED, by=None, why="Just because.")
    lines = as_mo.get(f"{ADDRESS}jsonl/", asked).getvalue().decode().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == found
    page = as_mo.get(ADDRESS, asked)
    assert len(page.context["lines"]) == len(found)


def test_what_is_searched_for_wrongly_is_told(as_mo):
    answer = as_mo.get(ADDRESS, {"by": "nobody"})
    assert answer.status_code == 422
    assert "Nobody is called “nobody”." in text(answer)
    assert as_mo.get(f"{ADDRESS}csv/", {"by": "nobody"}).status_code == 404
    assert as_mo.get(f"{ADDRESS}xml/").status_code == 404


def test_pages_lead_to_older_and_newer_lines(as_mo, mo, django_assert_max_num_queries):
    for number in range(120):
        audit.record(AuditEntry.Kind.SESSIONS, by=mo, why=f"Line {number}.")
    seen, address = [], f"{ADDRESS}?kind=sessions"
    while address:
        with django_assert_max_num_queries(8):
            page = as_mo.get(address)
        seen += [line.why for line in page.context["lines"]]
        older = re.search(r'href="(\?[^"]+)">Older', page.text)
        address = older and ADDRESS + older[1].replace("&amp;", "&")
    assert seen == [f"Line {number}." for number in reversed(range(120))]
    newer = re.search(r'href="(\?[^"]+)">Newer', page.text)[1].replace("&amp;", "&")
    assert "kind=sessions" in newer
    assert [one.why for one in as_mo.get(ADDRESS + newer).context["lines"]] == seen[50:100]


def test_people_are_named_as_they_are_called_now(as_mo, ana, ada):
    accounts.set_role(ana, "moderator", by=ada)
    ana.public_name = "Former reviewer"
    ana.save()
    exported = as_mo.get(f"{ADDRESS}jsonl/", {"kind": "role"}).getvalue().decode()
    assert '"person": "Former reviewer"' in exported
    assert "ana" not in exported


def test_a_spreadsheet_runs_nothing_of_it(as_mo, mo):
    article = make_article("=1+1", "It has a sentence.")
    set_status(article, "locked", by=mo)
    audit.record(AuditEntry.Kind.DECIDED, by=mo, article=article, why="@SUM(A1)")
    exported = as_mo.get(f"{ADDRESS}csv/", {"article": "=1+1"})
    assert exported["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    rows = [*csv.DictReader(io.StringIO(exported.getvalue().decode("utf-8-sig")))]
    assert (rows[0]["title"], rows[0]["why"]) == ("'=1+1", "'@SUM(A1)")
    assert rows[1]["after"] == '{"status": "locked"}'
    assert rows[1]["article"] == str(article.pk)


def test_nobody_writes_to_it(client, ada, article):
    client.force_login(ada)
    assert client.post(ADDRESS).status_code == 405
    assert client.get("/admin/moderation/auditentry/").status_code == 404
