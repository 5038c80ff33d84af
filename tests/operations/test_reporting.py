"""Reports of errors: what arrives where Sentry's protocol is spoken, and what does not."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from annotate.operations.reporting import without_personal_data
from tests.processes import ROOT, free_port, wait_until


class Collector(ThreadingHTTPServer):
    """Takes what is reported: the items of each envelope, and all of it as it came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.events: list[dict] = []
        self.heard = ""

    @property
    def dsn(self) -> str:
        return f"http://key@127.0.0.1:{self.server_port}/1"

    def take(self, envelope: str) -> None:
        self.heard += envelope
        lines = [json.loads(line) for line in envelope.splitlines() if line]
        for head, item in pairwise(lines):
            if head.get("type") == "event":
                self.events.append(item)


class Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        self.server.take(body.decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def failing_site(dsn: str) -> Iterator[str]:
    """A site with one page, which fails. It needs no database. Gives its address."""
    port = free_port()
    variables = {
        "DJANGO_SETTINGS_MODULE": "tests.operations.failing",
        "DATABASE_URL": "postgresql://nowhere.invalid/",
        "SECRET_KEY": "for tests only",
        "SENTRY_DSN": dsn,
        "DEBUG": "0",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "annotate.serve", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **variables},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def failed(request: Request) -> bool:
    """Send it; return whether a page answered that it failed."""
    try:
        urlopen(request, timeout=10).close()
    except HTTPError as error:
        return error.code == 500
    except URLError:
        return False  # it does not serve yet
    return False


def test_errors_and_lines_of_errors_arrive_without_what_people_did(collector):
    with failing_site(collector.dsn) as site:
        request = Request(
            f"{site}/fail/in-the-address/?q=in-the-query",
            b"note=in-the-body",
            {
                "Cookie": "sessionid=in-the-cookie",
                "User-Agent": "in-the-agent",
                "Referer": "http://127.0.0.1/in-the-referer",
                "X-Forwarded-For": "203.0.113.7",
                "X-Request-ID": "abc-1",
            },
        )
        wait_until(lambda: failed(request))
        wait_until(lambda: len(collector.events) == 2)
    line, error = collector.events
    assert (line["logger"], line["level"]) == ("annotate.trying", "error")
    assert error["exception"]["values"][0]["type"] == "ValueError"
    frames = error["exception"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    assert frames[-1]["context_line"].strip() == "raise ValueError(note)"
    for event in (line, error):
        assert event["transaction"] == "/fail/{name}/"
        assert event["tags"] == {"request": "abc-1"}
        left_out = {"user", "request", "breadcrumbs", "logentry", "message", "extra"}
        assert event.keys() & left_out == set()
    assert "in-the-" not in collector.heard
    assert "203.0.113.7" not in collector.heard
    assert '"vars":' not in collector.heard


def test_an_address_that_no_page_has_is_not_kept():
    info = {"source": "url"}
    event = {"event_id": "1", "transaction": "/made-up/by/ana/", "transaction_info": info}
    assert without_personal_data(event, {}) == {"event_id": "1", "tags": {"request": ""}}
