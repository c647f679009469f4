"""The client port of a member, whose core is another one after it has lost the lead.

A server is for one core. When the member has another core, the server on the old one ends and one
on the new core begins; when only the role changed, the server is told. Both happen on the control
thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from node.clients.protocol import Role
from node.cluster_config import NodeConfig
from node.config_values import ConfigError
from node.core import Core
from node.observing import MemberLike


class ServerLike(Protocol):
    """What is used of node.clients.server.Server."""

    def start(self) -> object:
        """Raises OSError if the address cannot be had."""

    def role_changed(self) -> None: ...

    def stop(self) -> None: ...


class NodeView:
    """A member as its clients' server sees it (node.clients.node.Node); asked from any thread.

    core: that which the server is for, also when the member has another one by now: such a view
    is of a node that does not lead.
    """

    def __init__(self, config: NodeConfig, member: MemberLike) -> None:
        self.name = config.node.name
        self.core: Core = member.core
        self._config = config
        self._member = member

    @property
    def leads(self) -> bool:
        """Whether commands are taken: it is primary, its lease runs, and it is not handing over."""
        return self._member.core is self.core and self._member.takes_orders

    def epoch(self) -> int:
        record = self._member.record
        return int(record.epoch) if record else 0

    def role(self) -> Role:
        """What clients care for."""
        if self.leads:
            return Role.PRIMARY
        return Role.FENCED if self._member.role.name == "FENCED" else Role.STANDBY

    def catches_up(self) -> bool:
        return self._member.role.name == "CATCHING_UP"

    def primary_address(self) -> str:
        """That of the leader's client port; "" where that is not known, or where it is this node
        that cannot take anything at the moment."""
        record = self._member.record
        if record and record.leader == self.name and not self.leads:
            return ""
        try:
            return str(self._config.member(record.leader).clients) if record else ""
        except KeyError:
            return ""


class ClientPort:
    """Keeps one server on the member's core. open_server: makes it, not yet started.

    ConfigError if the address cannot be had.
    """

    def __init__(
        self, config: NodeConfig, member: MemberLike, open_server: Callable[[NodeView], ServerLike]
    ) -> None:
        self._config = config
        self._member = member
        self._open = open_server
        self._begin()

    def _begin(self) -> None:
        self._view = NodeView(self._config, self._member)
        self._known = self._situation()
        self._server = self._open(self._view)
        try:
            self._server.start()
        except OSError as error:
            address = self._config.me.clients
            raise ConfigError(
                f"[[member]] {self._view.name} clients: cannot listen on {address}:"
                f" {error.strerror}; end what listens there, or name another port"
            ) from None

    def _situation(self) -> tuple[Role, int, str]:
        return self._view.role(), self._view.epoch(), self._view.primary_address()

    def changed(self) -> None:
        """Look at the member again; on the control thread."""
        if self._member.core is not self._view.core:
            self._server.stop()
            self._begin()
        elif (now := self._situation()) != self._known:
            self._known = now
            self._server.role_changed()

    def close(self) -> None:
        self._server.stop()
