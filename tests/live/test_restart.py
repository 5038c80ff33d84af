"""A server that is told to stop ends its streams and goes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from tests.live.streams import Stream, session_of
from tests.processes import ROOT, data_home, free_port, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

RUNNER = ["-m", "annotate.runner"]
UVICORN = ["-m", "uvicorn", "annotate.asgi:application", "--port"]


@contextmanager
def process(command: list[str]) -> Iterator[tuple[subprocess.Popen, int]]:
    """The site as a process of its own on the tests' database, and its port."""
    port = free_port()
    arguments = command if command is RUNNER else [*command, str(port)]
    parameters = connection.get_connection_params()
    where = {
        name: parameters[name]
        for name in ("host", "port", "user", "password", "dbname")
        if parameters.get(name)
    }
    with data_home() as home:
        server = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "annotate.settings",
                "DATABASE_URL": make_conninfo(**where),
                "SECRET_KEY": settings.SECRET_KEY,
                "ANNOTATE_DATA_DIR": str(home),
                "PORT": str(port),
                "DEBUG": "1",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        try:
            yield server, port
        finally:
            server.kill()
            server.wait()


def opened(port: int, article, session: str) -> Stream | None:
    try:
        stream = Stream(port, article.pk, session)
    except OSError:
        return None
    stream.opened()
    return stream


@pytest.mark.parametrize(
    ("command", "number"),
    [
        (RUNNER, signal.SIGINT),
        (RUNNER, signal.SIGTERM),
        (RUNNER, signal.SIGHUP),
        (UVICORN, signal.SIGINT),
        (UVICORN, signal.SIGTERM),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else value[1],
)
def test_streams_end_cleanly_and_at_once(article, ana, command, number):
    session = session_of(ana)
    with process(command) as (server, port):
        streams = [wait_until(lambda: opened(port, article, session), 60)]
        streams += [opened(port, article, session) for _ in range(9)]
        began = time.monotonic()
        server.send_signal(number)
        assert [stream.ended() for stream in streams] == [[]] * 10
        _, said = server.communicate(timeout=20)
        took = time.monotonic() - began
    assert took < 3
    assert "ERROR" not in said
    assert "Traceback" not in said
