"""Requests of which only a part came, because the network dropped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotate.live.hub import Message, Receive

SECONDS = 30  # without a byte of a request that has begun


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
