"""One node of a cluster as a process: member, control port and client port, from start to end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from node.cluster_config import NodeConfig
from node.control import TO, ControlServer
from node.control_client import NobodyAnswers, ask
from node.control_loop import PATIENCE_S, ControlLoop, LedgerPort, NoLedger, Port, Refusal
from node.observing import MemberLike, Observed
from node.replaying import Replaying

CLOSE_S = 30.0
"""How long the member may take to close; a start may still be reading its journal."""


class Stopping(Protocol):
    """Whether somebody asked us to end; see node.cli.stopping."""

    @property
    def asked(self) -> bool: ...

    def wait(self, seconds: float) -> bool: ...


def no_ledger(config: NodeConfig, member: MemberLike, told: Callable[[str], None]) -> LedgerPort:
    return NoLedger()


@dataclass(frozen=True)
class Parts:
    """What a node is put together from; see node.wiring.

    open_member: the member; it gets a function that takes lines about what it does, and is to say
    how far it has read its journal.
    serve_clients: opens its client port; see node.client_port. feed_ledger: what feeds its ledger
    while it leads; see node.ledger_port.
    """

    open_member: Callable[[NodeConfig, Callable[[str], None], Replaying], MemberLike]
    serve_clients: Callable[[NodeConfig, MemberLike], Port]
    feed_ledger: Callable[[NodeConfig, MemberLike, Callable[[str], None]], LedgerPort] = no_ledger


def run_node(
    config: NodeConfig, parts: Parts, stop: Stopping, say: Callable[[str], None]
) -> Observed:
    """Run it until somebody asks it to end, or until it has to; what was seen last.

    A primary that is asked to end hands over first, if a standby is in sync. Raises CoreFailed and
    its kinds, ConfigError, and whatever else opening a member raises.
    """
    loop = ControlLoop(
        config.node.name,
        config.cluster.name,
        lambda told, replaying: parts.open_member(config, told, replaying),
        serve=lambda member: parts.serve_clients(config, member),
        feed=lambda member, told: parts.feed_ledger(config, member, told),
        tell=lambda seen, line: say(log_line(seen, line)),
    )
    with controlled(config, loop):
        loop.start()
        try:
            while not loop.opened.wait(0.1) and not stop.asked:
                pass
            while loop.running and not stop.wait(0.1):
                pass
            if loop.running:
                hand_over(loop, say)
        finally:
            loop.end()
            loop.join(CLOSE_S)
    if loop.error is not None:
        raise loop.error
    return loop.seen


def log_line(seen: Observed, line: str) -> str:
    """Time, node, role and epoch before what happened."""
    now = time.time()
    utc = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    where = f"node={seen.name} role={seen.role} epoch={seen.epoch}"
    return f"{utc}.{int(now * 1000) % 1000:03}Z lmax {where} {line}"


@contextlib.contextmanager
def controlled(config: NodeConfig, loop: ControlLoop) -> Iterator[ControlServer]:
    """The control port, for as long as the context lasts; it answers before the member is there."""
    token = config.token()

    def demote_at(name: str, to: str, timeout: float) -> None:
        """A primary that is silent loses its lease by itself: there is nobody to ask."""
        with contextlib.suppress(NobodyAnswers, KeyError):
            ask(config.member(name).control, TO + to, post=True, token=token, timeout=timeout)

    server = ControlServer(config.node.control, loop, demote_at, token=token)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="http", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hand_over(loop: ControlLoop, say: Callable[[str], None], timeout: float = PATIENCE_S) -> None:
    """Before the end of a primary: a standby leads on at once, not only when the lease is over."""
    if loop.seen.role != "PRIMARY":
        return
    say(log_line(loop.seen, "was asked to end, and hands over first"))
    try:
        seen = loop.demote(timeout=timeout)
    except Refusal as refusal:
        say(log_line(loop.seen, f"ends without handing over: {refusal}"))
    else:
        say(log_line(seen, "has handed over, and ends"))
