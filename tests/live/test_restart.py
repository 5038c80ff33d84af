"""A server that is told to stop ends its streams at once, answers what it began, and goes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from annotate.articles.models import Article
from tests.live.streams import Stream, running_server, session_of
from tests.processes import ROOT, data_home, free_port, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

RUNNER = ["-m", "annotate.runner"]
SERVE = ["-m", "annotate.serve", "--port"]


@contextmanager
def process(command: list[str], **variables: str) -> Iterator[tuple[subprocess.Popen, int]]:
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
                **variables,
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
    # Each ends by any of its signals in one way: tests/test_runner.py.
    [(RUNNER, signal.SIGINT), (SERVE, signal.SIGINT), (SERVE, signal.SIGTERM)],
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


def test_process_that_stops_is_not_ready(transactional_db):
    with running_server() as server:
        assert readiness(server.port) == (200, "ready\n")
        server.hub.close()
        assert readiness(server.port) == (503, "This process is stopping.\n")


def readiness(port: int) -> tuple[int, str]:
    http = HTTPConnection("127.0.0.1", port, timeout=10)
    http.request("GET", "/readyz/")
    answer = http.getresponse()
    text = answer.read().decode()
    http.close()
    return answer.status, text


def ready(port: int) -> bool:
    try:
        return readiness(port)[0] == 200
    except OSError:
        return False


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else it is kept until the commit
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] == 1


def send_tag(port: int, article, session: str) -> tuple[int, str | None]:
    """Tag the first letters as a plain form does; return status and the request's id."""
    http = HTTPConnection("127.0.0.1", port, timeout=20)
    token = "t" * 32
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Request-ID": "the-slow-one",
    }
    fields = urlencode({"start": 0, "end": 5, "label": "claim"})
    http.request("POST", f"/articles/{article.pk}/annotations/", fields, headers)
    answer = http.getresponse()
    answer.read()
    http.close()
    return answer.status, answer.getheader("X-Request-ID")


@pytest.mark.parametrize("command", [RUNNER, SERVE], ids=["runner", "serve"])
def test_request_under_way_is_answered_before_the_end(article, ana, command):
    session = session_of(ana)
    wanted = {"LOG_REQUESTS": "1", "LOG_FORMAT": "json"}
    with process(command, **wanted) as (server, port), ThreadPoolExecutor(1) as pool:
        wait_until(lambda: ready(port), 60)
        with transaction.atomic():
            Article.objects.select_for_update().get(pk=article.pk)
            slow = pool.submit(send_tag, port, article, session)
            wait_until(waiting_for_a_lock)
            server.send_signal(signal.SIGTERM)
            wait_until(lambda: not ready(port))
            assert not slow.done()
        assert slow.result(20) == (303, "the-slow-one")
        _, said = server.communicate(timeout=20)
    assert article.annotations.get().reviewer == ana
    # Each line is JSON, those of uvicorn, too.
    lines = [json.loads(line) for line in said.splitlines()]
    (line,) = [one for one in lines if one["request"] == "the-slow-one"]
    assert (line["method"], line["status"], line["person"]) == ("POST", 303, ana.pk)
    assert "ERROR" not in said
