"""Nodes that nobody can talk to, by real sockets: deaf, out of reach, or silent after a while."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from node.clients.protocol import MAX_FROM_CLIENT, Decoder, Frame, Kind, Role, Welcome, frame
from tests.clients.nodes import PATIENCE


class Stub:
    """A listener that does only what the test says: connections come, but nobody answers."""

    def __init__(self, backlog: int = 64) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self._listener.settimeout(PATIENCE)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = ExitStack()

    def fill(self) -> None:
        """Until the kernel takes no more connections for it: packets to it are lost, as it were."""
        host, port = self._listener.getsockname()
        while True:
            client = self._open.enter_context(closing(socket.socket()))
            client.settimeout(0.2)
            try:
                client.connect((host, port))
            except TimeoutError:
                return

    def accept(self) -> "Talk":
        connection, _ = self._listener.accept()
        connection.settimeout(PATIENCE)
        return Talk(self._open.enter_context(closing(connection)))

    def close(self) -> None:
        self._open.close()
        self._listener.close()


class Talk:
    """One connection to a stub."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._decoder = Decoder(MAX_FROM_CLIENT)

    def welcome(self, role: Role, epoch: int, name: str = "stub") -> None:
        body = Welcome(role, epoch, 0, name, "").encode()
        self._socket.sendall(frame(Kind.WELCOME, 0, body))

    def until(self, kind: Kind) -> Frame:
        """The next frame of that kind that comes."""
        while True:
            data = self._socket.recv(1 << 16)
            assert data, "the client closed the connection"
            for each in self._decoder.feed(data):
                if each.kind == kind:
                    return each

    def end(self) -> None:
        self._socket.close()

    def closed(self) -> bool:
        """Wait until the client has closed it."""
        while self._socket.recv(1 << 16):
            pass
        return True


@contextmanager
def stub(backlog: int = 64) -> Iterator[Stub]:
    with closing(Stub(backlog)) as found:
        yield found
