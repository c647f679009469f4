"""A connection's socket once more, to cut it from another thread."""

from __future__ import annotations

import contextlib
import os
import socket
import threading


class Line:
    """A duplicate of a descriptor, held for as long as the connection is.

    The connection's own number may belong to something else by the time that another thread has
    read it; this one is nobody else's until it is closed.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._lock = threading.Lock()

    def cut(self) -> None:
        """Who waits at the other descriptor is woken, and reads the end. Nothing once closed."""
        with self._lock, contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            self._socket.close()
