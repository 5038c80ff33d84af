"""Forms that come slowly, or of which only half comes: half a form is no form."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from annotate import asgi, cut
from annotate.annotations.models import Annotation
from tests.apart import run_apart

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a" * 32
DISCONNECT = {"type": "http.disconnect"}


class Browser:
    def __init__(self) -> None:
        self.waits, self.hung_up = asyncio.Event(), asyncio.Event()


@pytest.fixture
def ask(article, ana):
    """Send a tag in parts, as the server hands them on; return the statuses of the answers."""
    client = Client()
    client.force_login(ana)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    application = asgi.Application(1)

    async def ask(
        body: bytes, messages: list[dict[str, Any]], browser: Browser | None = None
    ) -> list[int]:
        given = {
            "host": "127.0.0.1",
            "cookie": f"sessionid={session}; csrftoken={TOKEN}",
            "x-csrftoken": TOKEN,
            "hx-request": "true",
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
        }
        scope = {
            **{"type": "http", "http_version": "1.1", "method": "POST", "query_string": b""},
            "path": f"/articles/{article.pk}/annotations/",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop(0)
            # Nothing more comes, and nothing says so until the browser hangs up.
            here = browser or Browser()
            here.waits.set()
            await here.hung_up.wait()
            return DISCONNECT

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await application(scope, receive, send)
        return [one["status"] for one in sent if "status" in one]

    yield ask
    application.pages.executor.submit(lambda: connection.close()).result()


@pytest.fixture
def post(ask):
    return lambda body, messages: run_apart(ask(body, messages))


@pytest.fixture(params=[cut.FORM, 30], ids=["short", "long"])
def form(request, monkeypatch) -> None:
    """Forms that are waited for before a thread has them, and those that it receives."""
    monkeypatch.setattr(cut, "FORM", request.param)


def body() -> bytes:
    return urlencode({"label": "claim", "start": 0, "end": 15, "note": "All of it."}).encode()


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_form_in_parts_is_taken(post, claim, form):
    parts = [body()[:20], body()[20:40], body()[40:]]
    assert post(body(), [part(one, more=one is not parts[-1]) for one in parts]) == [200]
    assert Annotation.objects.get().note == "All of it."


@pytest.mark.parametrize("silently", [False, True])
def test_half_a_form_is_not_taken_for_a_whole_one(post, claim, form, monkeypatch, silently):
    monkeypatch.setattr(cut, "SECONDS", 0.1)
    end = [] if silently else [DISCONNECT]
    assert post(body(), [part(body()[:-4], more=True), *end]) == [400]
    assert not Annotation.objects.exists()


def test_who_is_slow_to_send_a_form_keeps_no_thread_from_others(ask, claim):
    async def meanwhile() -> list[int]:
        browser = Browser()
        async with asyncio.TaskGroup() as slow:
            for _ in range(9):
                slow.create_task(ask(body(), [part(b"label=", more=True)], browser))
            await browser.waits.wait()
            try:
                async with asyncio.timeout(5):
                    return await ask(body(), [part(body(), more=False)])
            finally:
                browser.hung_up.set()

    assert run_apart(meanwhile()) == [200]
