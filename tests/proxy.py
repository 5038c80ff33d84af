"""A network between two programs that can fall silent, and cut answers off."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

CHUNK = 65_536


class Proxy:
    """Passes on what clients of 127.0.0.1:`port`, or of the socket `path`, send to a server.

    `servers` are ports of 127.0.0.1 or paths of sockets: each connection goes to any one that
    takes it. `limit` says after how many bytes a new connection is cut off: of what
    is answered or, below zero, of what is sent.
    """

    def __init__(
        self,
        servers: Sequence[int | str],
        *,
        path: str | None = None,
        limit: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.servers = list(servers)
        self.path = path
        self.limit = limit
        self.silent = False
        self.port = 0
        self.cuts = 0
        self.links: set[Link] = set()

    async def start(self) -> None:
        if self.path:
            self.server = await asyncio.start_unix_server(self._serve, self.path)
        else:
            self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = self.server.sockets[0].getsockname()[1]

    def hush(self) -> None:
        """Swallow all that is sent, also on new connections, and close nothing."""
        self.silent = True
        for link in self.links:
            link.dead = True

    def speak(self) -> None:
        """Pass on again what new connections send. The others stay silent for ever."""
        self.silent = False

    def forget(self) -> None:
        """Break the connections that were silenced."""
        for link in self.links:
            if link.dead and link.task:
                link.task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self.limit(), dead=self.silent)
        link.task = asyncio.current_task()  # asyncio itself may forget it
        self.links.add(link)
        server = None
        try:
            server = None if link.dead else await self._next_server()
            if server:
                sent = link.pass_on(reader, server[1], -1)
                await asyncio.gather(sent, link.pass_on(server[0], writer, 1))
            elif link.dead:
                await link.swallow(reader)
        finally:
            self.cuts += link.left == 0
            self.links.discard(link)
            writer.close()
            if server:
                server[1].close()

    async def _next_server(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for server in random.sample(self.servers, len(self.servers)):
            with suppress(OSError):
                if isinstance(server, int):
                    return await asyncio.open_connection("127.0.0.1", server)
                return await asyncio.open_unix_connection(server)
        return None


class Link:
    """A connection. `left`: so many bytes are passed on, as `limit` says it; None for all."""

    task: asyncio.Task[None] | None = None

    def __init__(self, left: int | None, *, dead: bool) -> None:
        self.left = left
        self.dead = dead

    async def pass_on(
        self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, sign: int
    ) -> None:
        """Pass on what comes one way: 1 for answers, -1 for what is sent."""
        with suppress(OSError):
            while self.left != 0 and (data := await reader.read(CHUNK)):
                if self.dead:
                    continue
                if self.left is not None and self.left * sign > 0:
                    data = data[: abs(self.left)]
                    self.left -= sign * len(data)
                to.write(data)
                await to.drain()
        if not self.dead:
            to.close()

    async def swallow(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while await reader.read(CHUNK):
                pass


@contextmanager
def in_a_thread(proxy: Proxy) -> Iterator[Proxy]:
    """Run a proxy beside a test that has no event loop. Its methods may be called from it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def do(work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(10)

    async def end() -> None:
        proxy.server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    do(proxy.start())
    try:
        yield proxy
    finally:
        do(end())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
