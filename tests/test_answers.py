"""What a thread makes of an answer is what the browser gets, whatever it consists of."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.asgi import PART, Pages
from tests.apart import run_apart

SCOPE = {
    **{"type": "http", "http_version": "1.1", "method": "GET", "path": "/"},
    **{"query_string": b"", "headers": []},
}
SIZES = st.sampled_from([0, 1, 100, PART // 3, PART - 1, PART, PART + 1, 3 * PART])


def answer(parts: list[bytes], error: Exception | None = None) -> list[Any]:
    """Return what is sent of an answer of these parts, after which an error is raised."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield from parts
        if error:
            raise error

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask() -> None:
        await pages(SCOPE, receive, send)

    pages = Pages(app, workers=1)
    with pages.executor, pytest.raises(type(error)) if error else nullcontext():
        run_apart(ask())
    return sent


@given(st.lists(SIZES, max_size=40))
@settings(max_examples=50, deadline=None)
def test_all_parts_come_in_their_order_and_the_last_says_so(sizes):
    parts = [bytes([number]) * size for number, size in enumerate(sizes)]
    start, *bodies = answer(parts)
    assert (start["status"], start["headers"]) == (200, [(b"content-type", b"text/plain")])
    assert b"".join(one["body"] for one in bodies) == b"".join(parts)
    assert [one.get("more_body", False) for one in bodies] == [True] * (len(bodies) - 1) + [
        False
    ]


def test_short_answer_is_sent_at_once_and_a_long_one_in_parts():
    assert len(answer([b"one", b"two", b"three"])) == 2
    assert len(answer([b"x" * PART] * 3)) == 5


def test_answer_that_breaks_off_does_not_look_like_a_whole_one():
    sent = answer([b"x" * PART, b"the rest"], error=RuntimeError("no more"))
    assert all(one.get("more_body", True) for one in sent)
