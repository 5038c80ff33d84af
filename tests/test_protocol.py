"""Requests that two servers could understand differently, or that have no end, are refused."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn
from uvicorn.server import ServerState

from annotate import protocol, serve
from tests.apart import run_apart
from tests.processes import free_port, wait_until

HOST = b"Host: localhost\r\n"


async def application(scope, receive, send) -> None:
    """Answers the number of bytes that were sent."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d bytes" % size})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = serve.config(port=free_port())
    config.app, config.lifespan = application, "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield config.port
    server.should_exit = True
    thread.join(20)


def ask(port: int, *parts: bytes) -> str:
    """Send a request in parts; return the head and the body of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        answer = b""
        with suppress(ConnectionResetError):  # where it does not want to read the rest
            for part in parts:
                connection.sendall(part)
            while came := connection.recv(65_536):
                answer += came
        return answer.decode()


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: +1\r\n\r\nx",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: identity, chunked, x\r\n\r\n0\r\n\r\n",
        b"X: a\r\n b\r\n\r\n",
        b"X: a\0b\r\n\r\n",
        b"X: a\n\r\n",
    ],
)
def test_what_servers_could_understand_differently_is_refused(port, headers):
    answer = ask(port, b"POST / HTTP/1.1\r\n" + HOST + headers)
    assert answer.startswith("HTTP/1.1 400 ")
    assert "connection: close" in answer


@pytest.mark.parametrize(
    "address", [b"/\xff", b"/ /", b"/a\rb", b"\x16\x03\x01"], ids=["raw", "space", "CR", "TLS"]
)
def test_what_is_no_address_is_refused(port, address):
    assert ask(port, b"GET " + address + b" HTTP/1.1\r\n" + HOST + b"\r\n")[9:12] == "400"


def test_forms_of_any_length_are_read_in_parts(port):
    head = b"POST / HTTP/1.1\r\nConnection: close\r\n" + HOST
    body = b"a" * (3 * protocol.HEAD)
    answer = ask(port, head + b"Content-Length: %d\r\n\r\n" % len(body), body)
    assert f"{len(body)} bytes" in answer
    in_parts = b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    assert "3 bytes" in ask(port, head + in_parts[:40], in_parts[40:])


@pytest.mark.parametrize(
    "began", [b"GET / HTTP/1.1\r\nX: ", b"GET /"], ids=["header", "address"]
)
def test_head_without_an_end_is_not_kept(port, began):
    assert not ask(port, began + b"a" * (16 * protocol.HEAD)).startswith("HTTP/1.1 200 ")


def test_head_is_measured_anew_for_each_request_of_a_connection(port):
    long = b"X: " + b"a" * (protocol.HEAD // 2) + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for _ in range(4):
            connection.sendall(b"GET / HTTP/1.1\r\n" + HOST)
            connection.sendall(long)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


class Wire(asyncio.Transport):
    """A connection whose parts arrive as the test cuts them."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def test_long_form_does_not_count_as_the_head_that_begins_behind_it():
    """Of another request on the same connection, sent before the first was answered."""
    body = b"a" * (3 * protocol.HEAD)
    form = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    wire = Wire()

    async def arrive() -> None:
        config = serve.config()
        config.app = application
        config.load()
        one = protocol.Protocol(config, ServerState(), {})
        one.connection_made(wire)
        for part in (form + b"GET / HTTP/1.1\r\n", HOST, b"\r\n"):
            one.data_received(part)
        for _ in range(2):  # the second begins when the first was answered
            await asyncio.gather(*one.server_state.tasks)

    run_apart(arrive())
    assert wire.written.count(b"HTTP/1.1 200 ") == 2
    assert b"HTTP/1.1 400 " not in wire.written
