"""Event streams as bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

QUIET_REFRESH = 20_000  # milliseconds until a browser comes back where streams do not stay open
# Some proxies and browsers hold the first two kilobytes back.
PADDING = b":" + b" " * 2048 + b"\n\n"
BEAT = b"event: beat\ndata:\n\n"


def encode(event: str, data: object) -> bytes:
    """Return one event; `data` has no line break."""
    return f"event: {event}\ndata: {data}\n\n".encode()


def retry(milliseconds: int) -> bytes:
    """Return how long a browser waits before it comes back to a stream that ended."""
    return b"retry: %d\n\n" % milliseconds
