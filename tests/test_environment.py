"""Secrets from files; and a key that is changed without signing everybody out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from annotate.environment import SECRETS, read_secret_files

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def environ(monkeypatch) -> dict[str, str]:
    """An environment of its own for a test, without any secret."""
    monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"]})
    return os.environ


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_stands_in_a_file(environ, tmp_path, name):
    file = tmp_path / "secret"
    file.write_text(" s3cret of ünicode\n")
    environ[f"{name}_FILE"] = str(file)
    read_secret_files()
    assert environ[name] == "s3cret of ünicode"
    read_secret_files()  # again in the same process: manage.py does, and then the settings
    assert environ[name] == "s3cret of ünicode"


def test_nothing_named_is_nothing_read(environ):
    before = dict(environ)
    read_secret_files()
    assert environ == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "SECRET_KEY_FILE: cannot read “{file}”: No such file or directory."),
        (b" \n", "SECRET_KEY_FILE: “{file}” is empty."),
        (b"\xff\xfe", "SECRET_KEY_FILE: “{file}” is no UTF-8 text."),
    ],
)
def test_what_is_wrong_is_said(environ, tmp_path, content, said):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    environ["SECRET_KEY_FILE"] = str(file)
    with pytest.raises(ImproperlyConfigured) as error:
        read_secret_files()
    assert str(error.value) == said.format(file=file)


def test_both_are_too_many(environ, tmp_path):
    environ.update(SECRET_KEY="one", SECRET_KEY_FILE=str(tmp_path / "other"))
    with pytest.raises(ImproperlyConfigured) as error:
        read_secret_files()
    assert str(error.value) == "SECRET_KEY and SECRET_KEY_FILE are both set. Keep one."


def test_a_command_says_it_in_one_line(tmp_path):
    missing = tmp_path / "none"
    variables = {**os.environ, "DATABASE_URL": "", "DATABASE_URL_FILE": str(missing)}
    command = [sys.executable, "manage.py", "migrate"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 1
    said = f"DATABASE_URL_FILE: cannot read “{missing}”: No such file or directory.\n"
    assert done.stderr == said


def test_another_key_beside_the_one_before_signs_nobody_out(client, ana, settings):
    client.force_login(ana)
    before = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [before]
    assert client.get("/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []  # who came meanwhile has a session of the new key
    assert client.get("/").status_code == 200
    away = Client()
    settings.SECRET_KEY = before
    away.force_login(ana)
    settings.SECRET_KEY = "another"
    assert away.get("/").status_code == 302
