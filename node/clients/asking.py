"""Connections that are being made to several nodes at once, each by a thread of its own."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue

from node.clients.link import Link
from node.clients.protocol import Hello

CONNECT_WITHIN_S = 2.0


class Asking:
    """Who asks nodes for a connection, and does not wait for those that are silent.

    One thread begins, takes answers, and closes. open: who has not answered yet. Names are looked
    up by the threads, too: a name server that is lost delays nobody else.
    """

    def __init__(self, hello: Hello) -> None:
        self.open: set[str] = set()
        self._hello = hello
        self._answers: SimpleQueue[tuple[str, Link | Exception]] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False

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
            self._answers.put((address, error))

    def answer(self, timeout: float) -> tuple[str, Link | Exception] | None:
        """The next that came: a connection, or why there is none. None: not within that time."""
        with suppress(Empty):
            address, found = self._answers.get(timeout=timeout)
            self.open.discard(address)
            return address, found
        return None

    def close(self) -> None:
        """Nobody takes answers any more. Who is still being asked is let go when it answers."""
        with self._lock:
            self._closed = True
        while answer := self.answer(0):
            _let_go(answer[1])

    def _ask(self, address: str) -> None:
        found: Link | Exception
        try:
            found = Link(address, self._hello, CONNECT_WITHIN_S)
        except Exception as error:  # whatever it is, this address is not asked for ever
            found = error
        with self._lock:
            if not self._closed:
                self._answers.put((address, found))
                return
        _let_go(found)


def _let_go(found: Link | Exception) -> None:
    if isinstance(found, Link):
        found.close()
