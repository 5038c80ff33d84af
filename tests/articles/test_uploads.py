"""Few files are read at once, over all processes, and one of a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from annotate.articles.uploads import PEOPLE, PLACES

pytestmark = pytest.mark.django_db
NEW = "/articles/new/"


@contextmanager
def taken(kind: int, *numbers: int) -> Iterator[None]:
    """Another process of the site that holds these places."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        for number in numbers:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, number])
        yield


def put_in(client, **fields):
    file = SimpleUploadedFile("story.md", b"# A headline\n\nA sentence of a story.")
    return client.post(NEW, {"step": "read", "file": file, **fields})


def test_one_place_is_enough(as_ana, settings):
    settings.UPLOADS_AT_ONCE = 2
    with taken(PLACES, 1):
        assert put_in(as_ana).status_code == 200


def test_busy_is_said_beside_the_file_and_what_was_typed_stays(as_ana, settings):
    settings.UPLOADS_AT_ONCE = 2
    with taken(PLACES, 1, 2):
        busy = put_in(as_ana, title="Typed before", text="Pasted before.")
        assert as_ana.post(NEW, {"step": "read", "text": "A pasted text."}).status_code == 200
    assert (busy.status_code, busy["Retry-After"]) == (503, "10")
    said = (
        "Other people’s files are being read just now. Choose the file once more in a moment."
    )
    assert f"<li>{said}</li>" in busy.text
    assert 'value="Typed before"' in busy.text
    assert "Pasted before.</textarea>" in busy.text
    assert put_in(as_ana).status_code == 200


def test_one_file_of_a_person_at_a_time(as_ana, ana):
    with taken(PEOPLE, ana.pk):
        busy = put_in(as_ana)
    assert busy.status_code == 503
    assert "Another file of yours is being read. Wait until that is done." in busy.text


def test_imports_take_a_place_too(client, mo, settings):
    settings.UPLOADS_AT_ONCE = 1
    client.force_login(mo)
    file = SimpleUploadedFile("story.jsonl", b"{}")
    with taken(PLACES, 1):
        busy = client.post("/articles/import/", {"file": file})
    assert (busy.status_code, busy["Retry-After"]) == (503, "10")
    said = "Other people’s files are being read just now. Nothing was imported. "
    assert f"{said}Try again in a moment." in busy.text
