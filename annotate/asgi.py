"""The site as an ASGI application for uvicorn: pages run in a pool of threads.

Django's own ASGI handler costs twice the CPU a request, because each synchronous
middleware changes threads; with a2wsgi, a request changes threads twice. An event stream
begins as a page does, in the pool; from then on the event loop alone keeps it open.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from types import FrameType
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import WSGIResponder

from annotate import connections
from annotate.cut import form, whole
from annotate.operations.logs import request_id
from annotate.wsgi import application as pages

if TYPE_CHECKING:
    from annotate.live.hub import Message, Receive, Send

HEALTH = ("/healthz/", "/readyz/", "/metrics/")
HEALTH_SECONDS = 3  # that the database may take to say that it is there
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STREAM = "annotate.stream"  # in the scope of a request that was answered with a stream
FORM = "annotate.form"  # in the scope of a request: its body, if it is all there
PART = 64_000  # bytes of a long answer that are sent at once


class Pages(WSGIMiddleware):
    """a2wsgi's, whose threads do not wait for the event loop to send each part of an answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await Responder(self.app, self.executor, self.send_queue_size)(scope, receive, send)


class Responder(WSGIResponder):
    """Collects what an answer consists of; sends it as it ends, or each PART of a long one."""

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self.unsent: list[Any] = []
        self.size = 0
        self.is_long = False

    def send(self, message: Any) -> None:
        self.unsent.append(message)
        self.size += len(message.get("body", b""))
        if self.size >= PART:
            self.is_long = True
            self.send_collected()

    def send_collected(self) -> None:
        """Wait, too, while a browser is slow to take what was sent before."""
        for message in self.collected():
            super().send(message)

    def put_collected(self) -> None:
        for message in self.collected():
            self.send_queue.put_nowait(message)

    def collected(self) -> list[Any]:
        """Return the head, if it was not yet, and all parts of the body as one."""
        heads = [one for one in self.unsent if "status" in one]
        parts = [one for one in self.unsent if "body" in one]
        self.unsent, self.size = [], 0
        body = b"".join(one["body"] for one in parts)
        return [*heads, *({**one, "body": body} for one in parts[-1:])]

    def wsgi(self, environ: Any, start_response: Any) -> None:
        super().wsgi(environ, start_response)
        if self.is_long:
            self.send_collected()
        else:
            self.loop.call_soon_threadsafe(self.put_collected)


class Application:
    """Pages in a pool of threads, open event streams beside it."""

    def __init__(self, threads: int) -> None:
        # Only now: they need the settings, which the pages have set up.
        from django.conf import settings

        from annotate.live.hub import Hub
        from annotate.live.views import EventStream
        from annotate.operations.readiness import STOPPING

        def noting_streams(environ: Any, start_response: Any) -> Any:
            """The pages; if one answers with a stream, the request's scope says so."""
            environ[STOPPING] = self.hub.closed
            if FORM in environ["asgi.scope"]:
                environ["wsgi.input"] = BytesIO(environ["asgi.scope"][FORM])
            response = pages(environ, start_response)
            if isinstance(response, EventStream):
                environ["asgi.scope"][STREAM] = response.access
            return response

        patience = settings.DATABASE_TIMEOUT
        self.ended = threading.Event()  # from then on no thread waits for a silent database

        def pool(threads: int, patience: float) -> Pages:
            """The pages, made by so many threads; each holds one database connection."""
            served = Pages(noting_streams)
            served.executor = ThreadPoolExecutor(
                threads, "pages", connections.bear, (patience, self.ended)
            )
            return served

        self.pages = pool(threads, patience)
        # It answers also while all others wait.
        self.health = pool(1, min(patience or HEALTH_SECONDS, HEALTH_SECONDS))
        self.hub = Hub(self.pages.executor)
        self.threads = threads
        self.take_turns()

    def take_turns(self) -> None:
        """Let those who ask what others did have half of the threads, and wait in line.

        Each tag makes all who have the story open ask. So a tag never waits behind them.
        """
        self.turns = asyncio.Semaphore(max(self.threads // 2, 1))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"].endswith("/live/"):
            await self.live(scope, receive, send)
        elif scope["path"].endswith("/changes/"):
            async with self.turns:
                await self.pages(scope, whole(receive), send)
        elif scope["path"] in HEALTH:
            await self.health(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "POST":
            body, receive = await form(whole(receive))
            if body is not None:
                scope[FORM] = body
            await self.pages(scope, receive, send)
        else:
            await self.pages(scope, whole(receive), send)

    async def live(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer as any page; if that is a stream, keep it open."""
        answer: list[Message] = []

        async def collect(message: Message) -> None:
            answer.append(message)

        with self.hub.overhear() as early:
            await self.pages(scope, whole(receive), collect)
        access = scope.get(STREAM)
        if access is None or self.hub.closed:
            for message in answer:
                await send(message)
            return
        start, *parts = answer
        request_id.set(dict(start["headers"])[b"x-request-id"].decode())
        unknown = [one for one in start["headers"] if one[0] != b"content-length"]
        await send({**start, "headers": unknown})
        body = b"".join(part["body"] for part in parts)
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await self.hub.serve(access, early, receive, send)

    async def lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.ended.clear()
        self.hub.start()
        if threading.current_thread() is threading.main_thread():  # not in a test's server
            self.close_on_signals()
            leave_what_stands()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.hub.stop()
        self.ended.set()
        await send({"type": "lifespan.shutdown.complete"})

    def close_on_signals(self) -> None:
        """End the streams as soon as the server is told to stop.

        It waits for open answers first, and tells the application only afterwards.
        """
        loop = asyncio.get_running_loop()
        for number in ENDINGS:
            before = signal.getsignal(number)
            if not callable(before):
                continue  # ignored, or the end of the process

            def end(number: int, frame: FrameType | None, before: Any = before) -> None:
                loop.call_soon_threadsafe(self.hub.close)
                before(number, frame)

            signal.signal(number, end)


def leave_what_stands() -> None:
    """Look for garbage among what requests make, and less often: the rest stays anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


application = Application(int(os.environ.get("WEB_THREADS") or 8))
