"""One client's connection, seen from the node."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, cast

from node.clients.protocol import (
    MAX_FROM_CLIENT,
    MAX_FROM_STRANGER,
    Code,
    Decoder,
    Frame,
    Hello,
    Kind,
    ProtocolError,
    Refused,
    frame,
)

if TYPE_CHECKING:
    from node.clients.desk import Desk

HELLO_WITHIN_S = 5.0
FAREWELL_S = 2.0
"""A client has so long to take what was sent to it before its connection was closed."""


class Connection(asyncio.Protocol):
    """Frames in to the desk, frames out to the client; whoever misbehaves is closed with a code.

    waiting: requests of it that wait for what was published before them, held: commands in them;
    outstanding: its commands and questions that are not answered.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._decoder = Decoder(MAX_FROM_STRANGER)
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self.session = b""
        self.closed = False
        self.waiting = 0
        self.held = 0
        self.outstanding = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        if not self._desk.enter(self):
            self.close(Code.TOO_MANY, "this node has as many clients as it takes")
            return
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(
            HELLO_WITHIN_S, self.close, Code.PROTOCOL_ERROR, "no hello came"
        )

    def connection_lost(self, error: Exception | None) -> None:
        self._end_patience()
        self.closed = True
        self._desk.leave(self)

    def data_received(self, data: bytes) -> None:
        try:
            for received in self._decoder.feed(data):
                self._take(received)
        except ProtocolError as error:
            self._desk.counters["protocol errors"] += 1
            self.close(error.code, str(error))

    def _take(self, received: Frame) -> None:
        if self.closed:
            return
        if self.session:
            self._desk.handle(self, received)
            return
        if received.kind != Kind.HELLO:
            raise ProtocolError("the first frame is a hello")
        hello = Hello.decode(received.body)
        if not hello.session.strip(b"\0"):
            raise ProtocolError("a hello without a session")
        token = self._desk.token
        if token is not None and not hmac.compare_digest(token, hello.token):
            self._desk.counters["wrong tokens"] += 1
            self.close(Code.BAD_TOKEN, "the token is not the one this node asks for")
            return
        self._end_patience()
        self.session = hello.session
        self._decoder.limit = MAX_FROM_CLIENT
        self._desk.greet(self, received.request)

    def send(self, kind: Kind, request: int, body: bytes, flags: int = 0) -> None:
        """Hand bytes to the system; a client that does not take them is closed."""
        if self.closed or self._transport is None:
            return
        self._transport.write(frame(kind, request, body, flags))
        if self._transport.get_write_buffer_size() > self._desk.limits.unread_bytes:
            self._desk.counters["slow readers"] += 1
            self.close(Code.SLOW_READER, "what was sent to this client is not read")

    def refuse(self, request: int, refused: Refused) -> None:
        self.send(Kind.REFUSED, request, refused.encode())

    def close(self, code: Code, text: str) -> None:
        """Say why and end the connection; what the client sends from now on is not read."""
        if self.closed or self._transport is None:
            return
        self.closed = True
        self._end_patience()
        self._transport.write(frame(Kind.CLOSING, 0, Refused(code, text).encode()))
        self._transport.close()
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(FAREWELL_S, self._transport.abort)

    def _end_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
