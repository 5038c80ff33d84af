"""A network that drops in the middle of a request: half a form is no form."""

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

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a" * 32
DISCONNECT = {"type": "http.disconnect"}


@pytest.fixture
def post(article, ana):
    """Send a tag in parts, as the server hands them on; return the statuses of the answers."""
    client = Client()
    client.force_login(ana)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    application = asgi.Application(1)

    async def ask(body: bytes, messages: list[dict[str, Any]]) -> list[int]:
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
            await asyncio.Event().wait()  # nothing more comes, and nothing says so
            return DISCONNECT

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await application(scope, receive, send)
        return [one["status"] for one in sent if "status" in one]

    yield lambda body, messages: asyncio.run(ask(body, messages))
    application.pages.executor.submit(lambda: connection.close()).result()


def body() -> bytes:
    return urlencode({"label": "claim", "start": 0, "end": 15, "note": "All of it."}).encode()


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_form_in_parts_is_taken(post, claim):
    assert post(body(), [part(body()[:20], more=True), part(body()[20:], more=False)]) == [200]
    assert Annotation.objects.get().note == "All of it."


@pytest.mark.parametrize("silently", [False, True])
def test_half_a_form_is_not_taken_for_a_whole_one(post, claim, monkeypatch, silently):
    monkeypatch.setattr(cut, "SECONDS", 0.1)
    end = [] if silently else [DISCONNECT]
    assert post(body(), [part(body()[:-4], more=True), *end]) == [400]
    assert not Annotation.objects.exists()
