"""One TCP connection of a client to a node, blocking."""

from __future__ import annotations

import select
import socket
import threading
import time

from node.clients.protocol import (
    MAX_FROM_SERVER,
    Code,
    Decoder,
    Frame,
    Hello,
    Kind,
    ProtocolError,
    Refused,
    Welcome,
    frame,
)

READ_BYTES = 1 << 18


class LinkLost(ConnectionError):
    """The connection is of no use any more. code: what the node gave as a reason, if it did.

    primary: where the node said that the primary is.
    """

    def __init__(self, message: str, code: Code | None = None, primary: str = "") -> None:
        self.code = code
        self.primary = primary
        super().__init__(message)


def host_and_port(address: str) -> tuple[str, int]:
    """From ``host:port``, ``[v6]:port`` too. Raises ValueError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{address!r} is not host:port")
    return host.strip("[]"), int(port)


class Link:
    """Connected and welcomed. One thread receives; any thread sends.

    Raises LinkLost, ProtocolError from all methods, and OSError when it cannot be made.
    """

    def __init__(self, address: str, hello: Hello, timeout: float) -> None:
        self.address = address
        self.sending = threading.Lock()
        self._decoder = Decoder(MAX_FROM_SERVER)
        self._frames: list[Frame] = []
        self._closing: LinkLost | None = None
        deadline = time.monotonic() + timeout
        self._socket = socket.create_connection(host_and_port(address), timeout)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._poll = select.poll()
            self._poll.register(self._socket, select.POLLIN)
            self._socket.sendall(frame(Kind.HELLO, 0, hello.encode()))
            self.welcome = self._welcomed(deadline)
        except BaseException:
            self._socket.close()
            raise

    def _welcomed(self, deadline: float) -> Welcome:
        while not self._frames:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LinkLost(f"{self.address} did not answer a hello")
            self._frames = self.receive(left)
        first = self._frames.pop(0)
        if first.kind != Kind.WELCOME:
            raise ProtocolError(f"{self.address} answered a hello with {first.kind}")
        return Welcome.decode(first.body)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, data: bytes) -> None:
        """Hold `sending` meanwhile."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise LinkLost(f"{self.address}: {error}") from error

    def receive(self, timeout: float) -> list[Frame]:
        """What has come, after at most so many seconds; nothing is no error."""
        if self._frames:
            found, self._frames = self._frames, []
            return found
        if self._closing is not None:
            raise self._closing
        if not self._poll.poll(timeout * 1000):
            return []
        try:
            data = self._socket.recv(READ_BYTES)
        except OSError as error:
            raise LinkLost(f"{self.address}: {error}") from error
        if not data:
            raise LinkLost(f"{self.address} closed the connection")
        found = list(self._decoder.feed(data))
        if found and found[-1].kind == Kind.CLOSING:  # nothing comes behind it
            refused = Refused.decode(found.pop().body)
            self._closing = LinkLost(f"{self.address}: {refused.text}", refused.code)
            if not found:
                raise self._closing
        return found

    def shut(self) -> None:
        """End it from any thread: whoever receives finds it closed."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        self._socket.close()
