"""/readyz/: whether this process can answer pages. Of one that stops: tests/live/."""

from __future__ import annotations

import pytest
from django.db import connection

from annotate.operations import readiness

AWAY = "The database does not answer.\n"
NOT_MIGRATED = "Not all migrations are applied: run manage.py migrate.\n"


@pytest.fixture
def new_process():
    """As if nobody had asked this process yet."""
    readiness.migrated.clear()
    yield
    readiness.migrated.clear()


def told(client) -> tuple[int, str]:
    answer = client.get("/readyz/")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    return answer.status_code, answer.text


def test_ready_and_asked_again_it_costs_one_query(
    client, db, new_process, django_assert_num_queries
):
    assert told(client) == (200, "ready\n")
    with django_assert_num_queries(1):
        assert told(client) == (200, "ready\n")


def test_not_ready_until_all_migrations_are_applied(client, db, new_process):
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE id = "
            "(SELECT max(id) FROM django_migrations WHERE app = 'live') "
            "RETURNING app, name, applied"
        )
        row = cursor.fetchone()
        assert told(client) == (503, NOT_MIGRATED)
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row
        )
    assert told(client) == (200, "ready\n")


def test_not_ready_while_the_database_is_away(client, db, caplog):
    connection.close()
    real = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere/to/be/found"
    try:
        assert told(client) == (503, AWAY)
        assert caplog.messages == ["The database did not answer: the connection is closed"]
    finally:
        connection.settings_dict["HOST"] = real
