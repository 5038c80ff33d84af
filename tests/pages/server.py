"""The site as uvicorn serves it, in a thread of the tests and on their database."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from django.db import connections
from django.db.backends.signals import connection_created
from django.test.utils import modify_settings

HOST = "127.0.0.1"
THREADS = "4"
START_SECONDS = STOP_SECONDS = 30


@dataclass
class LiveServer:
    """What pytest-django expects of its fixture of this name."""

    url: str
    _live_server_modified_settings: Any  # enabled during each test


class Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@contextmanager
def serving() -> Iterator[LiveServer]:
    """Serve the site until the end of the block; no database connection of it is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEB_THREADS", THREADS)
        from annotate.asgi import application
    # Its protocol is named: see annotate.runner.bind.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind((HOST, 0))
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        server = Server(
            uvicorn.Config(
                application,
                loop="asyncio",
                http="h11",
                ws="none",
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="site", daemon=True
        )
        with closing_connections():
            thread.start()
            try:
                assert server.listens.wait(START_SECONDS), "the site did not start"
                yield LiveServer(url, modify_settings(ALLOWED_HOSTS={"append": HOST}))
            finally:
                application.hub.close()  # as a signal would, which only a main thread hears
                server.should_exit = True
                thread.join(STOP_SECONDS)
            assert not thread.is_alive(), "the site did not stop"
            # What its threads still do ends before their connections do.
            application.pages.executor.shutdown()


@contextmanager
def closing_connections() -> Iterator[None]:
    """Close at the end what was opened in the block: a database in use cannot be dropped.

    Each thread of the site keeps its connection. The thread of the tests has a second one
    from when Playwright's event loop runs in it, and does not find it again after that.
    """
    opened = set(connections.all(initialized_only=True))

    def remember(connection, **kwargs: object) -> None:
        opened.add(connection)

    connection_created.connect(remember)
    try:
        yield
    finally:
        connection_created.disconnect(remember)
        for connection in opened:
            connection.inc_thread_sharing()  # or only its own thread may close it
            connection.close()
            connection.dec_thread_sharing()
