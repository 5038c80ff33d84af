"""A page's event stream, which comes back whenever it ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp

from tests.traffic import PATIENCE, Person

QUIET = 40  # seconds without a sign of life after which a stream is not open any more


class Stream:
    """Of one person at one story. `seen` is the last event that it was told of."""

    def __init__(self, person: Person, article: int) -> None:
        self.person, self.path = person, f"{person.base}/articles/{article}/live/"
        self.seen = 0
        self.opened = 0

    async def listen(self) -> None:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                await self._read()
            await asyncio.sleep(PATIENCE)

    async def _read(self) -> None:
        wait = aiohttp.ClientTimeout(total=None, sock_read=QUIET)
        headers = {"Accept": "text/event-stream"}
        async with self.person.session.get(self.path, headers=headers, timeout=wait) as answer:
            if answer.status != 200:
                return
            self.opened += 1
            name = ""
            async for line in answer.content:
                field, _, value = line.decode().strip().partition(": ")
                if field == "event":
                    name = value
                elif field == "data" and name == "seen":
                    self.seen = max(self.seen, int(value))

    async def knows(self, event: int) -> bool:
        return self.seen >= event
