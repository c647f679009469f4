"""The parts of a real node: the one place where a process is put together from the other rooms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ledger.consumer import Ledger
from node.client_port import ClientPort
from node.clients.server import Server
from node.cluster_config import NodeConfig
from node.control_loop import LedgerPort, NoLedger, Port
from node.ledger_port import MemberLedger
from node.observing import MemberLike
from node.process import Parts
from node.real_member import open_real_member
from node.replaying import Replaying
from replicator.identity import make_identity


def real_parts() -> Parts:
    """What `lmax node` runs."""
    return Parts(open_member, serve_clients, feed_ledger)


def open_member(
    config: NodeConfig, told: Callable[[str], None], replaying: Replaying
) -> MemberLike:
    """The member over this node's journal, with Aeron's channels and the witness."""
    config.ledger_dsn()  # what is wrong with it is told before a journal is read
    return open_real_member(config, told, replaying)


def serve_clients(config: NodeConfig, member: MemberLike) -> Port:
    """The client port, which follows the member from role to role. Raises ConfigError."""
    token = config.client_token() or None
    return ClientPort(config, member, lambda view: Server(view, config.me.clients, token=token))


def feed_ledger(config: NodeConfig, member: MemberLike, told: Callable[[str], None]) -> LedgerPort:
    """The ledger in PostgreSQL, where the node's file names one. Raises ConfigError."""
    dsn = config.ledger_dsn()
    if not dsn:
        return NoLedger()
    return MemberLedger(member, lambda epoch: Ledger(dsn, epoch=epoch), told)


def new_identity(file: Path) -> str:
    """A new key in a new file with mode 0600; its public half, as configurations have it."""
    return make_identity(file).text
