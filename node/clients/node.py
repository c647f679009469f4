"""What the client port needs to know of its node."""

from __future__ import annotations

from typing import Protocol

from node.clients.protocol import Role
from node.core import Core


class Node(Protocol):
    """A node as its client port sees it. Asked from the port's thread, without waiting.

    core: events in its output ring are committed: whoever reads them may be told. Whoever puts
    another core in its place stops the port and starts one on the new core.
    """

    @property
    def name(self) -> str: ...
    @property
    def core(self) -> Core: ...
    def role(self) -> Role:
        """PRIMARY: commands are taken. Call Server.role_changed after it changed."""
        ...

    def epoch(self) -> int: ...
    def catches_up(self) -> bool:
        """Whether it gets what it lacks: so much may come that nobody need follow it."""
        ...

    def primary_address(self) -> str:
        """``host:port`` of the primary's client port, if known, else empty."""
        ...


class LoneNode:
    """A core without a partner: always the primary, in epoch 1."""

    def __init__(self, core: Core, name: str = "lone") -> None:
        self.core = core
        self.name = name

    def role(self) -> Role:
        return Role.PRIMARY

    def epoch(self) -> int:
        return 1

    def catches_up(self) -> bool:
        return False

    def primary_address(self) -> str:
        return ""
