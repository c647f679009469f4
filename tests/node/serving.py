"""A control port over a stand-in, for tests here and of the command line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from node.config_values import Address
from node.control import ControlServer
from node.control_loop import ControlLoop
from tests.node.stand_in import StandIn


@contextmanager
def served(
    *,
    role: str = "PRIMARY",
    name: str = "a",
    port: int = 0,
    token: str = "",
    asked: list[str] | None = None,
    loop: ControlLoop | None = None,
    member: StandIn | None = None,
) -> Iterator[tuple[ControlServer, ControlLoop, StandIn]]:
    """A running loop and its port. loop: another one, which is not started; asked: gets the names
    of those that are asked to hand over, and to whom."""
    member = member or StandIn(role=role)
    started = loop is None
    loop = loop or ControlLoop(name, "lmax", lambda told, replaying: member)
    wanted = asked if asked is not None else []

    def demote_at(leader: str, to: str, timeout: float) -> None:
        wanted.append(f"{leader} to {to}")

    server = ControlServer(Address("127.0.0.1", port), loop, demote_at, token=token)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        if started:
            loop.start()
            assert loop.opened.wait(60)
        yield server, loop, member
    finally:
        server.shutdown()
        thread.join(60)
        server.server_close()
        if started:
            loop.end()
            loop.join(60)
