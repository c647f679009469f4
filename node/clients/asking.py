"""Connections that are being made to several nodes at once, each by a thread of its own."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue

from node.clients.link import Link
from node.clients.protocol import Hello

CONNECT_WITHIN_S = 2.0


class Asking:
    """Who asks nodes for a connection, and does not wait for those that are silent.

    One thread begins, takes answers, and closes. open: who has not answered yet; fileno: readable
    when somebody has. Names are looked up by the threads, too: a name server that is lost delays
    nobody else.
    """

    def __init__(self, hello: Hello) -> None:
        self.open: set[str] = set()
        self._hello = hello
        self._answers: SimpleQueue[tuple[str, Link | Exception]] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)

    def begin(self, address: str) -> None:
        """Who is being asked already is not asked twice."""
        if address in self.open:
            return
        self.open.add(address)
        thread = threading.Thread(
            target=self._ask, args=(address,), name="lmax-session-asks", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # there are too many on this machine just now
            self._hand_in(address, error)

    def fileno(self) -> int:
        return self._bell.fileno()

    def answers(self) -> list[tuple[str, Link | Exception]]:
        """Those that came: a connection each, or why there is none."""
        with suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass
        found = []
        with suppress(Empty):
            while True:
                found.append(self._answers.get_nowait())
        self.open -= {address for address, _ in found}
        return found

    def ring(self) -> None:
        """Make `fileno` readable, from any thread."""
        with self._lock:
            self._ring()

    def close(self) -> None:
        """Nobody takes answers any more. Who is still being asked is let go when it answers."""
        with self._lock:
            self._closed = True
            self._bell.close()
            self._rope.close()
        with suppress(Empty):
            while True:
                _let_go(self._answers.get_nowait()[1])

    def _ask(self, address: str) -> None:
        found: Link | Exception
        try:
            found = Link(address, self._hello, CONNECT_WITHIN_S)
        except Exception as error:  # whatever it is, this address is not asked for ever
            found = error
        if not self._hand_in(address, found):
            _let_go(found)

    def _hand_in(self, address: str, found: Link | Exception) -> bool:
        """False if nobody takes it any more."""
        with self._lock:
            if not self._closed:
                self._answers.put((address, found))
                self._ring()
            return not self._closed

    def _ring(self) -> None:
        if not self._closed:
            with suppress(BlockingIOError):
                self._rope.send(b"!")


def _let_go(found: Link | Exception) -> None:
    if isinstance(found, Link):
        found.close()
