"""The open event streams of one server process, and what they are told.

One connection to the database listens for all of them, in the event loop; no stream holds a
thread or a connection. A stream has at most one number to tell, the newest: a slow reader
costs no memory, and nobody is told more often than they read.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from annotate.connections import is_away
from annotate.operations import metrics

from . import presence, wire
from .access import Access, check
from .actions import CHANNEL
from .events import prune_in_pool
from .models import Event
from .presence import Named, People, Roster

log = logging.getLogger(__name__)

type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

BEAT = 15.0  # seconds without anything to tell until a sign of life is sent
PATIENCE = 60.0  # seconds that a reader may take for what was sent
COME_BACK = (1_000, 4_000)  # milliseconds: after a restart not all at the same moment
RETRY = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds until the database is asked to listen again
QUIET = 5.0  # seconds after which the database is asked whether it still is there
ANSWER = 5.0  # seconds that it may take to answer
SETTLE = 0.5  # seconds in which comings and goings, or steps, are told together
ROUND_TRIP = 30.0  # seconds after which a process tells again who is here
DAY = 86_400.0


class Stream:
    """One open stream: what it may be told and what is still to be told."""

    __slots__ = (
        *("access", "sees_all", "checking", "stale", "told", "newest", "held"),
        *("here", "here_told", "ended", "wake", "expiry"),
    )

    def __init__(self, access: Access) -> None:
        self.access = access
        self.sees_all = access.sees_all
        self.checking = False
        self.stale = False  # the person sees more or less than before
        self.told = self.newest = access.latest
        self.held = 0  # the newest of those that it may perhaps not be told, while in doubt
        self.here = self.here_told = ""  # who else is here, as JSON; empty: not to be told
        self.ended = False
        self.wake = asyncio.Event()
        self.expiry: asyncio.TimerHandle | None = None

    def hear(self, number: int, by: int | None, kind: str) -> None:
        visible = kind != Event.Kind.HIDDEN or self.access.moderates
        own = by == self.access.person or kind == Event.Kind.ROUND
        if own or (self.sees_all and visible):
            self.tell(number)
        elif self.checking and visible:
            self.held = max(self.held, number)

    def tell(self, number: int) -> None:
        self.newest = max(self.newest, number)
        if self.newest > self.told:
            self.wake.set()

    def doubt(self) -> None:
        """What it may be told is to be settled anew; until then it is told the least."""
        self.checking, self.sees_all = True, False

    def settle(self, access: Access | None) -> None:
        """End, or go on with what the person may be told now."""
        if access is None:
            self.end()
            return
        before = self.access.sees_all, self.access.pseudonyms
        if before != (access.sees_all, access.pseudonyms):
            self.stale = True
            self.wake.set()
        self.access, self.sees_all, self.checking = access, access.sees_all, False
        if self.sees_all:
            self.tell(self.held)
        self.held = 0
        self.tell(access.latest)

    def end(self) -> None:
        self.ended = True
        self.wake.set()

    def news(self) -> bytes:
        """Return what is to be sent now."""
        sent = b""
        if self.newest > self.told:
            self.told = self.newest
            sent += wire.encode("seen", self.told)
        if self.stale:
            self.stale = False
            sent += wire.encode("stale", "")
        if self.here != self.here_told and not self.checking:
            self.here_told = self.here
            sent += wire.encode("here", self.here or "null")
        return sent


class Hub:
    """All open streams of this process. Everything here runs in the event loop."""

    def __init__(self, pool: Executor) -> None:
        self.pool = pool
        self.closed = False
        self.streams: dict[int, set[Stream]] = {}  # by article
        self.overhearing: dict[int, list[Message]] = {}  # by identity: empty ones are equal
        self.doubted: set[Stream] = set()
        self.roster = Roster(secrets.token_hex(6))
        self.hears = False  # what the database tells; once it does, all streams are announced
        self.names: dict[int, dict[int, Named]] = {}  # of who is at an article that is shown
        self.to_announce: set[int] = set()
        self.to_show: set[int] = set()
        self.tasks: dict[str, asyncio.Task[None]] = {}

    # --- Streams ---------------------------------------------------------------------------

    @contextmanager
    def overhear(self) -> Iterator[list[Message]]:
        """Collect what is told while a stream's article and person are not known yet."""
        early: list[Message] = []
        self.overhearing[id(early)] = early
        try:
            yield early
        finally:
            del self.overhearing[id(early)]

    async def serve(
        self, access: Access, early: list[Message], receive: Receive, send: Send
    ) -> None:
        """Keep a stream open until its reader, its access or this process goes."""
        stream = Stream(access)
        self._add(stream, early)
        metrics.streams_open.inc()
        gone = asyncio.create_task(_until_gone(stream, receive))
        try:
            await self._run(stream, send)
        except TimeoutError:
            log.info("Event streams: one was ended because nobody reads it")
        finally:
            gone.cancel()
            self._remove(stream)
            metrics.streams_open.dec()

    async def _run(self, stream: Stream, send: Send) -> None:
        chunk = wire.PADDING + wire.retry(random.randint(*COME_BACK)) + wire.BEAT  # noqa: S311
        while not stream.ended:
            if chunk:
                async with asyncio.timeout(PATIENCE):
                    await send(_body(chunk, more=True))
            try:
                async with asyncio.timeout(BEAT):
                    await stream.wake.wait()
            except TimeoutError:
                chunk = wire.BEAT
            else:
                stream.wake.clear()
                chunk = stream.news()
        await send(_body(b"", more=False))

    def _add(self, stream: Stream, early: list[Message]) -> None:
        if self.closed:
            stream.end()
            return
        self._keep("listen", self._listen)
        article = stream.access.article
        self.streams.setdefault(article, set()).add(stream)
        self._set_expiry(stream)
        for message in early:
            self._deliver(stream, message)
        # Here at once: where they are may be told before the others hear that they are here.
        self.roster.tell(article, self.roster.process, self._here(article))
        # Other processes answer the first time only: an answer that comes too early is lost.
        if self.hears:
            self._announce(article)

    def _remove(self, stream: Stream) -> None:
        article = stream.access.article
        here = self.streams.get(article, set())
        here.discard(stream)
        self.doubted.discard(stream)
        if stream.expiry:
            stream.expiry.cancel()
        if not here:
            self.streams.pop(article, None)
        self._announce(article)

    def _set_expiry(self, stream: Stream) -> None:
        if stream.expiry:
            stream.expiry.cancel()
        left = (stream.access.expires - timezone.now()).total_seconds()
        loop = asyncio.get_running_loop()
        if left > DAY:  # event loops do not take every number
            stream.expiry = loop.call_later(DAY, self._set_expiry, stream)
        else:
            stream.expiry = loop.call_later(max(left, 1), self._doubt, [stream])

    def start(self) -> None:
        self.closed = False

    def close(self) -> None:
        """End all streams now; new ones end at once. For a server that is to stop."""
        self.closed = True
        for stream in self._all():
            stream.end()

    async def stop(self) -> None:
        """Let go of the database, after `close`."""
        self.close()
        if shared := self.roster.shared():
            with _unimportant("who leaves could not be told"):
                async with asyncio.timeout(1):
                    left: dict[int, People] = {article: {} for article in shared}
                    await self._in_pool(presence.announce_in_pool, self.roster.process, left)
        tasks = [*self.tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _all(self) -> list[Stream]:
        return [stream for some in self.streams.values() for stream in some]

    def _keep(self, name: str, work: Callable[[], Any]) -> None:
        """Have the task `name` run, if it does not."""
        task = self.tasks.get(name)
        if not self.closed and (task is None or task.done()):
            # Without the id of the request that happened to start it.
            self.tasks[name] = asyncio.create_task(work(), context=Context())

    async def _in_pool(self, work: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, work, *arguments)

    # --- What the database tells -------------------------------------------------------------

    async def _listen(self) -> None:
        """Listen as long as this process runs; after a gap every stream is settled anew."""
        failed = 0
        while not self.closed:
            try:
                async with await connect() as listening:
                    await listening.execute(f"LISTEN {CHANNEL}")
                    failed = 0
                    self.hears = True
                    metrics.listening.set(1)
                    # What was told until now was not heard.
                    self._doubt(self._all())
                    for article in self.streams:
                        self._announce(article)
                    self._keep("daily", self._daily)
                    self._keep("company", self._keep_company)
                    await self._hear_all(listening)
            except (psycopg.Error, OSError) as error:
                log.warning("Event streams: the database does not answer: %s", error)
            finally:
                self.hears = False
                metrics.listening.set(0)
            await asyncio.sleep(RETRY[min(failed, len(RETRY) - 1)])
            failed += 1

    async def _hear_all(self, listening: psycopg.AsyncConnection) -> None:
        """Hear what is told. Raises OSError once the database does not answer any more."""
        while True:
            async for note in listening.notifies(timeout=QUIET):
                self._hear(json.loads(note.payload))
            # A network may swallow all that is told, and leave the connection open.
            async with asyncio.timeout(ANSWER):
                await listening.execute("SELECT 1")

    def _hear(self, message: Message) -> None:
        for early in self.overhearing.values():
            early.append(message)
        if "event" in message:
            for stream in self.streams.get(message["article"], ()):
                self._deliver(stream, message)
            if message["kind"] == Event.Kind.ROUND:  # pseudonyms are those of a round
                self._show(message["article"])
        elif "person" in message:
            for stream in self._all():
                self._deliver(stream, message)
        elif "here" in message:
            self._hear_who_is_here(message)
        elif "at" in message and self.roster.move(*message["at"]):
            self._show(message["at"][0])

    def _deliver(self, stream: Stream, message: Message) -> None:
        access = stream.access
        if message.get("person") == access.person:
            self._doubt([stream])
        elif message.get("article") == access.article:
            kind, by = message["kind"], message["by"]
            if kind == Event.Kind.ROUND or (kind == Event.Kind.PART and by == access.person):
                self._doubt([stream])
            stream.hear(message["event"], by, kind)

    # --- Who may be told -----------------------------------------------------------------

    def _doubt(self, streams: list[Stream]) -> None:
        """Settle anew what these may be told: in the pool, many at once."""
        for stream in streams:
            stream.doubt()
        self.doubted.update(streams)
        if self.doubted:
            self._keep("check", self._check)

    async def _check(self) -> None:
        while self.doubted:
            streams, self.doubted = list(self.doubted), set()
            try:
                found = await self._in_pool(check, [one.access for one in streams])
            except Exception as error:
                # They come back, and the page says whether they may.
                away = is_away(error)
                log.log(
                    logging.WARNING if away else logging.ERROR,
                    "Event streams: whether they may go on could not be settled",
                    exc_info=None if away else error,
                )
                found = [None] * len(streams)
            for stream, access in zip(streams, found, strict=True):
                if stream in self.doubted or stream.ended:
                    continue  # in doubt again meanwhile
                stream.settle(access)
                if access:
                    self._set_expiry(stream)
                    self._show(access.article)

    # --- Who is here ---------------------------------------------------------------------

    def _hear_who_is_here(self, message: Message) -> None:
        article, process = message["here"], message["process"]
        new = self.roster.tell(article, process, dict(message["people"]))
        if new and process != self.roster.process and article in self.streams:
            self._announce(article)  # that process does not know who is here
        self._show(article)

    def _announce(self, article: int) -> None:
        self.to_announce.add(article)
        self._keep("announce", self._announce_all)

    async def _announce_all(self) -> None:
        while self.to_announce:
            await asyncio.sleep(SETTLE)
            articles, self.to_announce = self.to_announce, set()
            people = {one: self._here(one) for one in articles}
            with _unimportant("who is here could not be told"):
                await self._in_pool(presence.announce_in_pool, self.roster.process, people)

    def _here(self, article: int) -> People:
        """Return who is at an article in this process, and where."""
        streams = self.streams.get(article, ())
        return self.roster.placed(article, {one.access.person for one in streams})

    async def _keep_company(self) -> None:
        """Where other processes have people, too, tell again and again who is here.

        So the people of a process that was killed are forgotten. A process that has a story
        for itself asks the database nothing.
        """
        while True:
            await asyncio.sleep(ROUND_TRIP)
            for article in self.roster.expire():
                self._show(article)
            for article in self.roster.shared():
                if article in self.streams:
                    self._announce(article)

    def _show(self, article: int) -> None:
        if article in self.streams:
            self.to_show.add(article)
            self._keep("show", self._show_all)

    async def _show_all(self) -> None:
        while self.to_show:
            await asyncio.sleep(SETTLE)
            articles, self.to_show = self.to_show, set()
            for article in articles:
                with _unimportant("who is here could not be read"):
                    await self._show_who_is_here(article)

    async def _show_who_is_here(self, article: int) -> None:
        people = self.roster.people(article)
        viewers = [one for one in self.streams.get(article, ()) if one.sees_all]
        names: dict[int, Named] = {}
        if viewers and len(people) > 1:
            names = await self._in_pool(presence.names_in_pool, article, people)
        for stream in self.streams.get(article, ()):
            if stream.checking:
                continue
            # Asked anew: the round may have turned blind while the names were read.
            stream.here = self._who_else(stream, names) if stream.sees_all else ""
            if stream.here != stream.here_told:
                stream.wake.set()

    def _who_else(self, stream: Stream, names: dict[int, Named]) -> str:
        own = stream.access.person
        people = [
            {
                "name": named.pseudonym if stream.access.pseudonyms else named.name,
                "sentence": self.roster.places.get((stream.access.article, person)),
            }
            for person, named in names.items()
            if person != own
        ]
        people.sort(key=lambda one: str(one["name"]).casefold())
        return json.dumps(people)

    async def _daily(self) -> None:
        while True:
            with _unimportant("old events could not be deleted"):
                await self._in_pool(prune_in_pool)
            await asyncio.sleep(DAY)


async def _until_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _body(chunk: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": more}


@contextmanager
def _unimportant(what: str) -> Iterator[None]:
    """Go on after an error: the next time tells it anew."""
    try:
        yield
    except Exception:
        log.warning("Event streams: %s", what, exc_info=True)


async def connect() -> psycopg.AsyncConnection:
    """Open the connection that listens, past a pooler."""
    if settings.DATABASE_DIRECT_URL:
        direct = conninfo_to_dict(settings.DATABASE_DIRECT_URL)
        parameters: dict[str, Any] = {"connect_timeout": 5, **settings.ALIVE, **direct}
    else:
        parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    return await psycopg.AsyncConnection.connect(
        **{"application_name": "annotate live", **parameters}, autocommit=True
    )
