"""A reader of event streams, as plain as it can be, and a server to read them from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import uvicorn
from django.conf import settings
from django.db import connection
from django.test import Client

from annotate.asgi import Application
from tests.pages.server import closing_connections
from tests.processes import free_port, wait_until


def session_of(person) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


LISTENERS = """
    FROM pg_stat_activity WHERE datname = current_database()
     AND application_name = 'annotate live'
"""


def listeners() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {LISTENERS}")
        return cursor.fetchone()[0]


class Stream:
    """An open stream. Each wait ends after ten seconds."""

    def __init__(self, port: int, article: int, session: str = "") -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}
        if session:
            headers["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={session}"
        self.connection.request("GET", f"/articles/{article}/live/", headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def events(self) -> Iterator[tuple[str, str]]:
        """Yield name and data of each event until the stream ends."""
        assert self.status == 200, f"no stream, but {self.status}"
        name = data = ""
        while line := self.response.readline():
            field, _, value = line.decode().rstrip("\n").partition(":")
            if not line.strip() and name:
                yield name, data
                name = data = ""
            elif field == "event":
                name = value.strip()
            elif field == "data":
                data = value.strip()

    def next(self, name: str) -> Any:
        """Return the data of the next event of this name."""
        for found, data in self.events():
            if found == name:
                return json.loads(data) if data else None
        raise AssertionError(f"the stream ended before “{name}”")

    def opened(self) -> int:
        """Read what a stream begins with; return the last event's number."""
        seen = self.next("seen")
        self.next("beat")
        return seen

    def ended(self) -> list[str]:
        """Wait for the end; return the names of the events until then."""
        return [name for name, _ in self.events() if name not in ("beat", "here")]

    def close(self) -> None:
        self.response.close()
        self.connection.close()


class Server:
    """The site as uvicorn serves it, in a thread of this process."""

    def __init__(self) -> None:
        self.port = free_port()
        self.application = Application(4)
        self.hub = self.application.hub
        config = uvicorn.Config(
            self.application, port=self.port, log_level="warning", lifespan="on", ws="none"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.streams: list[Stream] = []
        self.others = listeners()  # of the browser tests' server, if it runs in this process
        self.thread.start()
        wait_until(lambda: self.server.started)

    def open(self, article, person=None, session: str = "") -> Stream:
        session = session or (session_of(person) if person else "")
        stream = Stream(self.port, article.pk, session)
        self.streams.append(stream)
        return stream

    def close_streams(self) -> None:
        while self.streams:
            self.streams.pop().close()
        wait_until(lambda: not self.hub.streams)

    def stop(self) -> None:
        # As a signal would, which only a main thread hears.
        self.hub.close()
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()
        self.application.pages.executor.shutdown()


@contextmanager
def running_server() -> Iterator[Server]:
    with closing_connections():
        server = Server()
        try:
            yield server
        finally:
            server.stop()
