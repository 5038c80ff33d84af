"""Event streams: how long a tag takes to 200 screens, and what an open stream costs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from itertools import islice
from statistics import median, quantiles
from typing import NamedTuple

import psutil
from django.db import connection

from annotate.articles.models import Article
from annotate.reviews.actions import open_round

from .site import Person, Tagger, cpu_seconds
from .stories import make_story, wanted_tags

STREAMS = 200
TAGS, A_SECOND = 100, 5
LATE = 30  # seconds after which an event that did not come is missing
WARM = 10  # streams that are opened first, so that what only the first one costs is not counted


class Told(NamedTuple):
    """A stream heard of an event, at this time of the monotonic clock."""

    stream: int
    event: int
    at: float


class Readers:
    """Open streams, read in an event loop of their own."""

    def __init__(self, port: int, article: int, people: list[Person]) -> None:
        self.port, self.article, self.people = port, article, people
        self.told: list[Told] = []
        self.opened = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def open(self, number: int) -> None:
        """Open so many more streams; return when each was told where the story stands."""
        asyncio.run_coroutine_threadsafe(self._open(number), self.loop).result(60)

    async def _open(self, number: int) -> None:
        wanted = self.opened + number
        for stream in range(len(self.tasks), len(self.tasks) + number):
            self.tasks.append(self.loop.create_task(self._read(stream)))
        while self.opened < wanted:
            await asyncio.sleep(0.05)

    async def _read(self, stream: int) -> None:
        person = self.people[stream % len(self.people)]
        cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        request = (
            f"GET /articles/{self.article}/live/ HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Accept: text/event-stream\r\nCookie: {cookies}\r\n\r\n"
        )
        writer.write(request.encode())
        name = ""
        with contextlib.closing(writer):
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif line.startswith(b"data: ") and name == "seen":
                    self.told.append(Told(stream, int(line[6:]), time.monotonic()))
                elif name == "beat":
                    self.opened += 1
                    name = ""

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    async def _close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def stream_rows(
    port: int, process: int, people: list[Person]
) -> Iterator[tuple[str, str, str, bool | None]]:
    """Yield what was measured: what, figure, budget, held."""
    article = make_story(250, number=7)
    open_round(article, by=None, mode="open")
    tagger = Tagger(people[0], article.pk)
    readers = Readers(port, article.pk, people[1:])
    server = psutil.Process(process)
    readers.open(WARM)
    before = server.memory_info().rss
    readers.open(STREAMS - WARM)
    each = (server.memory_info().rss - before) / (STREAMS - WARM)
    spent = cpu_seconds(process)
    began = time.monotonic()
    answered = send_tags(tagger, article)
    took = time.monotonic() - began
    spent = cpu_seconds(process) - spent
    late = latencies(answered, readers)
    listening = listeners()
    readers.close()
    p95 = quantiles(late, n=20)[-1]
    yield (
        f"a tag to {STREAMS} streams, {A_SECOND} tags a second: p95 from answer to event",
        f"{1000 * p95:.0f} ms",
        "≤ 250 ms",
        p95 <= 0.25,
    )
    yield (
        "    median, the most",
        f"{1000 * median(late):.0f}, {1000 * max(late):.0f} ms",
        "",
        None,
    )
    yield "    the server's processor meanwhile", f"{100 * spent / took:.0f} %", "", None
    yield "    memory of an idle stream", f"{each / 1000:.1f} kB", "", None
    yield "    connections that listen, for one process", str(listening), "1", listening == 1


def send_tags(tagger: Tagger, article: Article) -> list[tuple[int, float]]:
    """Tag at an even pace; return each event's number and when its tag was answered."""
    answered = []
    pace = threading.Event()
    due = time.monotonic()
    for wanted in islice(wanted_tags(article), TAGS):
        pace.wait(max(due - time.monotonic(), 0))
        due += 1 / A_SECOND
        tagger.tag(wanted)
        answered.append((tagger.latest, time.monotonic()))
    return answered


def latencies(answered: list[tuple[int, float]], readers: Readers) -> list[float]:
    """Return seconds from each tag's answer until each stream knew of it; 0 if before.

    A stream that is told of a later event knows of the earlier ones.
    """
    last = answered[-1][0]
    deadline = time.monotonic() + LATE
    while len({one.stream for one in readers.told if one.event >= last}) < STREAMS:
        assert time.monotonic() < deadline, "not every stream was told of the last tag"
        threading.Event().wait(0.05)
    by_stream: dict[int, list[Told]] = {}
    for one in readers.told:
        by_stream.setdefault(one.stream, []).append(one)
    found = []
    for told in by_stream.values():
        for event, at in answered:
            known = next(one.at for one in told if one.event >= event)
            found.append(max(known - at, 0.0))
    return found


def listeners() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'annotate live'"
        )
        return cursor.fetchone()[0]
