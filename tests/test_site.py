"""Rules of the whole site: production settings, errors, health."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.db import connection

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


def test_policy_allows_nothing_inline_and_no_other_host(client, db):
    policy = client.get("/accounts/sign-in/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
