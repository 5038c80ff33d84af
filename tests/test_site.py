"""Rules of the whole site: production settings, errors, health."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

ROOT = Path(__file__).resolve().parent.parent


def test_check_deploy_is_clean_in_production_settings():
    environment = {
        **os.environ,
        "SECRET_KEY": "a long key made of fifty characters or more: 0123456789-abcdefghij",
        "HTTPS": "1",
        "ALLOWED_HOSTS": "annotate.example",
        "EMAIL_HOST": "smtp.example",
        "DEBUG": "0",
        "DJANGO_SETTINGS_MODULE": "annotate.settings",
    }
    del environment["DJANGO_ALLOW_ASYNC_UNSAFE"]  # the tests' own
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_no_migration_is_missing(db):
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_health_is_ok_while_the_database_answers(client, db):
    response = client.get("/healthz/")
    assert (response.status_code, response.text) == (200, "ok\n")


def test_database_away_is_told_politely(client, ana, settings):
    client.force_login(ana)
    client.raise_request_exception = False
    connection.close()
    real = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere/to/be/found"
    try:
        for place in ("/healthz/", "/"):
            response = client.get(place)
            assert response.status_code == 503
            assert response["Retry-After"] == "2"
            assert "The database does not answer just now." in response.text
    finally:
        connection.settings_dict["HOST"] = real


@pytest.mark.django_db(transaction=True)
def test_a_server_that_only_reads_is_as_one_that_is_away(client, ana, article):
    """As the old primary after a failover. The next connection may lead to the new one."""
    client.force_login(ana)
    client.raise_request_exception = False
    address = f"/articles/{article.pk}/annotations/"
    tag = {"start": 0, "end": 5, "label": "claim"}

    make_read_only()
    refused = client.post(address, tag)
    assert (refused.status_code, refused["Retry-After"]) == (503, "2")
    assert "The database does not answer just now." in refused.text
    assert client.post(address, tag).status_code == 303

    make_read_only()
    answers = [client.get("/readyz/") for _ in range(2)]
    assert [(one.status_code, one.text) for one in answers] == [
        (503, "The database takes no writes: it is a standby, or was told not to.\n"),
        (200, "ready\n"),
    ]


def make_read_only() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")


def test_policy_allows_nothing_inline_and_no_other_host(client, db):
    policy = client.get("/accounts/sign-in/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.django_db(transaction=True)
def test_one_failure_is_enough_to_learn_that_the_database_was_away(ana):
    """Each thread has a connection of its own; all break, and only one request meets it."""
    client = Client()
    client.force_login(ana)
    with ExitStack() as stack:
        threads = [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(4)]

        def ask() -> list[int]:
            return [
                thread.submit(lambda: client.get("/healthz/").status_code).result()
                for thread in threads
            ]

        assert ask() == [200, 200, 200, 200]
        backends = [
            thread.submit(lambda: connection.connection.info.backend_pid).result()
            for thread in threads
        ]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", [backends])
        assert ask() == [503, 200, 200, 200]
        for thread in threads:
            thread.submit(lambda: connection.close()).result()
