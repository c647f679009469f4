"""Nodes as a configuration names them: this one and the others."""

from __future__ import annotations

from dataclasses import dataclass, field

from replicator.greeting import BUILD, MOST_NUMBER, NAME, NO_CLUSTER, PROTOCOL
from replicator.identity import PUBLIC_BYTES, Identity


@dataclass(frozen=True)
class Node:
    """Who we are. number: 1 to 15; cluster: zeros for who has no journal yet; build: what both
    nodes must have the same besides the protocol, as a text to be shown.
    """

    name: str
    number: int
    identity: Identity
    cluster: bytes = NO_CLUSTER
    build: str = ""
    version: int = PROTOCOL

    def __post_init__(self) -> None:
        check_name(self.name, self.number)
        if len(self.cluster) != len(NO_CLUSTER) or not BUILD.fullmatch(self.build):
            raise ValueError("a cluster's id is 16 bytes, a build up to 32 characters of ASCII")


@dataclass(frozen=True)
class Peer:
    """Another node, as the configuration has it."""

    name: str
    number: int
    public: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name, self.number)
        if len(self.public) != PUBLIC_BYTES:
            raise ValueError(f"{self.name}: a public key is {PUBLIC_BYTES} bytes")


def check_name(name: str, number: int) -> None:
    if not NAME.fullmatch(name) or not 1 <= number <= MOST_NUMBER:
        raise ValueError(
            f"{name!r}, {number}: a node has a name of letters, digits, '.', '_' and '-', up to 32,"
            f" and a number from 1 to {MOST_NUMBER}"
        )


def check_peer(node: Node, peer: Peer) -> None:
    """That it is another node than we are."""
    for same, what in (
        (node.name == peer.name, "name"),
        (node.number == peer.number, "number"),
        (node.identity.public == peer.public, "key"),
    ):
        if same:
            raise ValueError(f"{peer.name} has this node's own {what}; a node is not its own peer")
