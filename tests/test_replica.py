"""Pages read from a replica: which, when, and that nobody notices. A real one: tests/machines/.

Here the “replica” is a second connection to the tests' database.
"""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from django.db import connections

from annotate import replica

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

SHOWING = [
    *("/", "/?q=mayor", "/guideline/", "/guideline/claim/", "/articles/{pk}/history/"),
    *("/articles/{pk}/export/jsonl/", "/articles/{pk}/export/csv/", "/admin/", "/admin/audit/"),
]
WORKED_ON = ["/articles/{pk}/", "/articles/{pk}/threads/", "/work/"]
OF_PEOPLE = re.compile(r"^(accounts_user\w*|auth_\w+|django_session|django_content_type)$")
TABLES = re.compile(r'(?:FROM|JOIN) "?([a-z]+_[a-z_]+)"?')  # as Django names them: app_model
FROM = re.compile(r'FROM "?([a-z_]+)"?')


@pytest.fixture
def second(settings, monkeypatch):
    """Let pages have a replica that is no replica: a server that writes, as one after a
    failover."""
    monkeypatch.setattr(replica, "_not_before", 0.0)
    settings.DATABASE_ROUTERS = ["annotate.replica.Router"]
    settings.DATABASE_REPLICA_URL = "postgresql:///replica"
    return connections["replica"]


@pytest.fixture
def current(second, monkeypatch):
    """A replica that has applied everything."""
    monkeypatch.setattr(replica, "APPLIED", "SELECT %s::pg_lsn IS NOT NULL")
    return second


@pytest.fixture
def queries():
    """Return, when called, the SQL that each database is asked from then on."""
    with ExitStack() as stack:

        def listen() -> dict[str, list[str]]:
            asked: dict[str, list[str]] = {"default": [], "replica": []}

            def note(execute, sql, params, many, context):
                asked[context["connection"].alias].append(sql)
                return execute(sql, params, many, context)

            for alias in asked:
                connections[alias].ensure_connection()  # which asks for types, the first time
                stack.enter_context(connections[alias].execute_wrapper(note))
            return asked

        yield listen


def test_pages_that_show_are_read_from_the_replica_but_for_who_asks(
    client, mo, article, current, queries
):
    client.force_login(mo)
    for page in SHOWING:
        asked = queries()
        assert client.get(page.format(pk=article.pk)).status_code == 200
        tables = {name for sql in asked["default"] for name in TABLES.findall(sql)}
        assert {name for name in tables if not OF_PEOPLE.match(name)} == set(), page
        assert len(asked["replica"]) > 1, page


def test_pages_that_one_works_on_are_read_from_the_primary(
    client, ana, article, current, queries
):
    client.force_login(ana)
    for page in WORKED_ON:
        asked = queries()
        assert client.get(page.format(pk=article.pk)).status_code == 200
        assert asked["replica"] == [], page


def test_who_asks_is_never_looked_up_in_the_replica(client, article, ana, current, queries):
    client.force_login(ana)
    asked = queries()
    assert article.title in client.get("/").text
    found = {name for sql in asked["replica"] for name in FROM.findall(sql)}
    assert {name for name in found if OF_PEOPLE.match(name)} == set()


def test_a_server_that_is_no_replica_any_more_is_not_read_from(
    as_ana, article, second, queries
):
    asked = queries()
    assert article.title in as_ana.get("/").text
    assert asked["replica"] == [replica.APPLIED] * len(replica.PAUSES)
    as_ana.get("/")  # and for a moment it is not asked again
    assert len(asked["replica"]) == len(replica.PAUSES)


def test_without_the_replica_pages_are_read_from_the_primary(
    as_ana, article, current, caplog, monkeypatch
):
    current.close()
    monkeypatch.setitem(current.settings_dict, "HOST", "/nowhere/to/be/found")
    assert article.title in as_ana.get("/").text
    [said] = caplog.messages
    assert said.startswith(
        "The replica does not answer; pages are read from the primary for 10 s: connection"
    )
    caplog.clear()
    assert article.title in as_ana.get("/").text
    assert caplog.messages == []


def test_a_page_whose_replica_goes_meanwhile_is_read_from_the_primary(
    as_ana, article, current, caplog
):
    def cut_off(execute, sql, params, many, context):
        if "articles_article" in sql:
            context["connection"].connection.close()
        return execute(sql, params, many, context)

    with current.execute_wrapper(cut_off):
        assert article.title in as_ana.get("/").text
    assert caplog.messages == [
        "A page is read from the primary after all: the connection is closed"
    ]
