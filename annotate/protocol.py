"""How the server reads HTTP: uvicorn's protocol on httptools, with an end to what it takes.

h11, which is uvicorn's other one, has such a limit itself and costs four times as much.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 64 * 1024  # bytes of a request before its body, as they are kept in memory


class Protocol(HttpToolsProtocol):
    """Ends a connection on which the head of a request does not end."""

    in_head = False
    size = 0  # of the head, without the part that it began in: another request may end there

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head, self.size = True, 0

    def on_headers_complete(self) -> None:
        self.in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self.in_head:
            self.size += len(data)
        super().data_received(data)
        if self.in_head and self.size > HEAD and not self.transport.is_closing():
            self.send_400_response("The request's headers are too long.")
