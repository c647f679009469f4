"""The parts of a real node: the one place where a process is put together from the other rooms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from node.client_port import ClientPort, NodeView
from node.clients.protocol import Role
from node.clients.server import Server
from node.cluster_config import NodeConfig
from node.config_values import ConfigError
from node.control_loop import Port
from node.observing import MemberLike
from node.process import Parts
from node.real_member import open_real_member
from replicator.identity import make_identity


def real_parts() -> Parts:
    """What `lmax node` runs."""
    return Parts(open_member, serve_clients)


def open_member(config: NodeConfig, told: Callable[[str], None]) -> MemberLike:
    """The member over this node's journal, with Aeron's channels and the witness."""
    return open_real_member(config, told)


def serve_clients(config: NodeConfig, member: MemberLike) -> Port:
    """The client port, which follows the member from role to role. Raises ConfigError."""
    token = None
    if config.node.client_token_file is not None:
        try:
            token = config.node.client_token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(
                f"{config.file}: [node] client_token_file: {config.node.client_token_file} cannot"
                " be read as a text"
            ) from None
    address = (config.me.clients.host, config.me.clients.port)
    return ClientPort(config, member, lambda view: Server(ServedNode(view), address, token=token))


class ServedNode:
    """A view of a member as the port's server wants it: see node.clients.node.Node."""

    def __init__(self, view: NodeView) -> None:
        self.core = view.core
        self.name = view.name
        self.epoch = view.epoch
        self.primary_address = view.primary_address
        self._view = view

    def role(self) -> Role:
        return Role[self._view.role_name]


def new_identity(file: Path) -> str:
    """A new key in a new file with mode 0600; its public half, as configurations have it."""
    return make_identity(file).text
