"""Rules of the whole site: production settings, errors, health."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from lxml import html

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


@pytest.fixture
def away(client, ana, article) -> Iterator[Client]:
    """A browser of somebody whose site has lost its database."""
    client.force_login(ana)
    client.raise_request_exception = False
    connection.close()
    real = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere/to/be/found"
    yield client
    connection.settings_dict["HOST"] = real


def test_database_away_is_told_politely(away, article):
    pages = ["/healthz/", "/", f"/articles/{article.pk}/", "/work/", "/admin/", "/admin/queue/"]
    for place in pages:
        response = away.get(place)
        assert response.status_code == 503
        assert response["Retry-After"] == "2"
        assert "The database does not answer just now." in response.text
        assert "css/app.css" in response.text
        assert f'<a href="{place}">Try again</a>' in response.text
    response = away.get("/", headers={"HX-Request": "true"})
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert response.text.startswith('<div id="away">')


def test_form_that_met_no_database_is_kept_to_be_sent_again(away, article):
    text = "\nThe second <b>sentence</b>\nof a long comment, and 🧑‍🤝‍🧑"
    address = f"/articles/{article.pk}/threads/new/?sentence=1"
    response = away.post(address, {"text": text, "kind": "gap", "csrfmiddlewaretoken": "abc"})
    assert response.status_code == 503
    [form] = html.fromstring(response.text).forms
    assert (form.method, form.action) == ("POST", address)
    # Browsers drop the line end that a text area begins with.
    kept = {"text": f"\n{text}", "kind": "gap", "csrfmiddlewaretoken": "abc"}
    assert dict(form.fields) == kept
    assert [one.name for one in form.iter("textarea")] == ["text"]


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "ana", "password": "correct horse"},
        {"code": "123 456"},
        {"title": "A story", "file": SimpleUploadedFile("story.txt", b"It rained.")},
    ],
    ids=["password", "code", "file"],
)
def test_secrets_and_files_are_not_kept(away, fields):
    response = away.post("/accounts/password/", fields)
    assert response.status_code == 503
    assert "What you just sent was not saved. Go back, fill the form in once more" in (
        response.text
    )
    assert "<form" not in response.text
    assert "correct horse" not in response.text


def test_address_of_a_button_says_that_it_is_no_page(client, ana, article):
    client.force_login(ana)
    page = client.get(f"/articles/{article.pk}/undo/")
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "<h1>There is no page here</h1>" in page.text
    assert '<a href="/">All stories</a>' in page.text
    assert int(page["Content-Length"]) == len(page.content)
    asked = client.get(f"/articles/{article.pk}/undo/", headers={"HX-Request": "true"})
    assert (asked.status_code, asked.text) == (405, "")


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
