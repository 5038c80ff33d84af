"""Requests that come slowly, or of which only a part came because the network dropped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotate.live.hub import Message, Receive

SECONDS = 30  # without a byte of a request that has begun
FORM = 100_000  # bytes, more than any form but a story's has


class Cut(Exception):
    """Not all of a request came.

    No OSError: Django would go on then, as if an empty form had been sent.
    """


def whole(receive: Receive) -> Receive:
    """Receive what comes of a request, and raise Cut where its end does not.

    To a2wsgi a connection that broke is the end of the body: half a form, half a note in it,
    would be taken for a whole one. Nor does a thread wait for ever for the rest.
    """

    async def receive_in_time() -> Message:
        try:
            async with asyncio.timeout(SECONDS):
                message = await receive()
        except TimeoutError as error:
            raise Cut from error
        if message["type"] == "http.disconnect":
            raise Cut
        return message

    return receive_in_time


async def form(receive: Receive) -> tuple[bytes | None, Receive]:
    """Wait for a form to come, so that no thread waits for a browser that is slow.

    Returns its bytes. Where it is longer than FORM, or broke off, returns None, and what
    receives all of it from the beginning, or raises Cut in its place.
    """
    came: list[Message] = []
    size, cut = 0, None
    while size <= FORM and not cut:
        try:
            message = await receive()
        except Cut as error:
            cut = error
            continue
        came.append(message)
        size += len(message["body"])
        if not message["more_body"]:
            return b"".join(one["body"] for one in came), receive

    async def receive_again() -> Message:
        if came:
            return came.pop(0)
        if cut:
            raise cut
        return await receive()

    return None, receive_again
