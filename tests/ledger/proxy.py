"""A PostgreSQL connection that can be cut at the worst moment."""

import contextlib
import os
import select
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.home import SOCKET_NAME


class CuttingProxy:
    """Passes bytes between clients and the server of ``upstream`` until told to cut.

    ``cut_at_commit("before")`` cuts when a client sends its next COMMIT, which then never
    arrives; ``"after"`` lets it arrive and cuts before the reply.
    """

    def __init__(self, upstream: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="lmax-proxy-")
        self._server = str(Path(str(conninfo_to_dict(upstream)["host"]), SOCKET_NAME))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(self._folder, SOCKET_NAME)))
        self._listener.listen()
        self._cut: str | None = None
        self._threads = [threading.Thread(target=self._accept)]
        self.cuts = 0
        self.dsn = make_conninfo(upstream, host=self._folder)

    def cut_at_commit(self, when: str) -> None:
        self._cut = when

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
        os.unlink(Path(self._folder, SOCKET_NAME))
        os.rmdir(self._folder)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=[client])
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        with client, server, contextlib.suppress(ConnectionError):
            while self._pass_on(client, server):
                pass

    def _pass_on(self, client: socket.socket, server: socket.socket) -> bool:
        for source in select.select([client, server], [], [])[0]:
            data = source.recv(1 << 20)
            if not data:
                return False
            cut = self._cut if source is client and b"COMMIT" in data else None
            if cut != "before":
                (server if source is client else client).sendall(data)
            if cut:
                self._cut = None  # before it is counted: whoever waits for it may ask for the next
                if cut == "after":
                    server.recv(1)  # the server has answered, so it is done
                self.cuts += 1
                return False
        return True
