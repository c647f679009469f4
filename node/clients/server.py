"""A node's client port: a TCP server in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType

import uvloop

from node.clients.connection import Connection
from node.clients.desk import Desk, Limits
from node.clients.feed import Feed
from node.clients.keys import Records
from node.clients.node import Node


class Server:
    """Takes clients of `node` at `address` (host, port; port 0: any free one).

    token: what clients have to show, if anything; limits: see node.clients.desk. Start it when
    the core is started or about to be; stop it before the core. One server is for one core: whoever
    replaces the node's core stops it and starts another.
    """

    def __init__(
        self,
        node: Node,
        address: tuple[str, int] = ("127.0.0.1", 0),
        *,
        token: str | bytes | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._node = node
        self._wanted = address
        secret = token.encode() if isinstance(token, str) else token
        self._limits = limits or Limits()
        self._desk = Desk(node, secret, self._limits)
        self._loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="client-port", daemon=True)
        self._listening: asyncio.Server | None = None
        self._feed: Feed | None = None

    @property
    def address(self) -> str:
        """``host:port`` where it listens."""
        assert self._listening is not None, "the server was not started"
        host, port = self._listening.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far: protocol errors, slow readers, conflicts, and so on."""
        return dict(self._desk.counters)

    def start(self) -> Server:
        """Raises OSError if the address cannot be had."""
        core = self._node.core
        after = max(0, core.recovered - self._limits.answers)
        feed = Feed(
            core,
            after,
            self._soon(self._desk.begins),
            self._deliver,
            self._failed,
            self._node.catches_up,
        )
        self._thread.start()
        try:
            self._call(self._listen).result()
        except BaseException:
            self._end_loop()
            feed.stop()
            raise
        self._feed = feed
        feed.start()
        return self

    def role_changed(self) -> None:
        """The node's role or epoch is another one now; returns when the port acts on it.

        Who waits for an answer from a node that is not the primary any more is told that
        it has to ask the new one.
        """

        async def change() -> None:
            self._desk.role_changed()

        self._call(change).result()

    def stop(self) -> None:
        """Close all connections and the port. The core is left alone."""
        if self._feed is None:
            return
        feed, self._feed = self._feed, None
        self._call(self._close).result()
        feed.stop()
        self._desk.questions.stop()
        self._end_loop()

    async def _listen(self) -> None:
        host, port = self._wanted
        self._listening = await self._loop.create_server(
            lambda: Connection(self._desk), host, port, backlog=256, family=_family(host)
        )

    async def _close(self) -> None:
        assert self._listening is not None
        self._listening.close()
        self._desk.flights.give_up("the node's client port is closed: ask again")
        self._desk.close()
        await asyncio.sleep(0.05)  # what was written goes out

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _call(self, work: Callable[[], object]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work(), self._loop)  # type: ignore[arg-type]

    def _soon(self, call: Callable[[int], None]) -> Callable[[int], None]:
        return lambda value: self._hand_in(call, value)

    def _hand_in(self, call: Callable[..., None], *values: object) -> None:
        """From the feed's thread into the loop's."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *values)

    def _deliver(self, commands: Records, events: Records) -> None:
        self._hand_in(self._take, commands, events)

    def _take(self, commands: Records, events: Records) -> None:
        try:
            self._desk.deliver(commands, events)
        except Exception as error:
            # Without what follows nobody could be answered rightly: say so instead of going on.
            self._desk.fail(error)
            raise
        finally:
            if self._feed is not None:
                self._feed.done()

    def _failed(self, error: BaseException) -> None:
        self._hand_in(self._desk.fail, error)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
