"""Take uploads in without keeping more of them than can be read, and few at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.db import connection, transaction
from django.http import HttpRequest

from annotate.accounts.models import User


class StoryUpload(FileUploadHandler):
    """Keeps the one file of a story in memory; of one that is too large only its size."""

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        if field_name != "file":
            raise SkipFile
        self.kept = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) <= settings.STORY_FILE_MAX_BYTES:
            self.kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept,
            self.field_name,
            self.file_name,
            self.content_type,
            file_size,
            self.charset,
        )


def drain(request: HttpRequest) -> None:
    """Read the rest of a request: a browser that is still sending shows no answer."""
    while request.read(1 << 16):
        pass


BUSY_SECONDS = 10  # after which it may be tried again
LONGEST = "120s"  # in which nothing is asked of the database: longer than any file is read
# Names for PostgreSQL's advisory locks: of the site's places, and of the people.
PLACES, PEOPLE = 1_097_756_001, 1_097_756_002
TAKE_OWN = """
    SELECT pg_try_advisory_xact_lock(%s, %s),
           set_config('idle_in_transaction_session_timeout', %s, true)
"""
TAKE_ANY = """
    SELECT number FROM generate_series(1, %s) AS number
     WHERE pg_try_advisory_xact_lock(%s, number) LIMIT 1
"""


class Busy(Exception):
    """As many files are read as may be at once. The message is for the person."""


@contextmanager
def place(person: User) -> Iterator[None]:
    """Hold one of the few places for reading files, over all processes, and one a person.

    The places are locks of a transaction: they are free again whatever becomes of this
    process, and a pooler may stand in between. Raises Busy.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(TAKE_OWN, [PEOPLE, person.pk % 2**31, LONGEST])
            if not cursor.fetchone()[0]:
                raise Busy("Another file of yours is being read. Wait until that is done.")
            cursor.execute(TAKE_ANY, [settings.UPLOADS_AT_ONCE, PLACES])
            if cursor.fetchone() is None:
                raise Busy("Other people’s files are being read just now.")
        yield
