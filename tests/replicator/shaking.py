"""Nodes, their keys and a deterministic chance, for tests of the handshake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

from replicator._secure import SecureLink
from replicator.handshake import Connected, Initiator, Responder
from replicator.identity import Identity
from replicator.nodes import Node, Peer

CLUSTER = bytes(range(16))


def seed_of(name: str) -> bytes:
    """The secret seed of a test's identity."""
    return hashlib.sha256(name.encode()).digest()


def node(name: str, number: int, **more) -> Node:
    settings = {"cluster": CLUSTER, "build": "1.0 test"} | more
    return Node(name, number, Identity.of_seed(seed_of(name)), **settings)


def peer_of(node: Node) -> Peer:
    return Peer(node.name, node.number, node.identity.public)


ALPHA, BETA, GAMMA = node("alpha", 1), node("beta", 2), node("gamma", 3)


def chance(seed: int = 1) -> Callable[[int], bytes]:
    return Random(seed).randbytes


def ticking() -> Callable[[], int]:
    """A clock that goes on by one with each look."""
    times = iter(range(1000, 10**9))
    return lambda: next(times)


def initiator(me: Node = BETA, peer: Node = ALPHA, *, seed: int = 2, clock=None) -> Initiator:
    return Initiator(me, peer_of(peer), random=chance(seed), clock=clock or ticking())


def responder(me: Node = ALPHA, peers: tuple[Node, ...] = (BETA, GAMMA), seed=3) -> Responder:
    return Responder(me, [peer_of(peer) for peer in peers], random=chance(seed))


def shake(asks: Initiator, asked: Responder) -> tuple[Connected, Connected]:
    """What both have in the end."""
    reply, theirs = asked.answer(asks.hello())
    ours = asks.welcomed(reply)
    assert isinstance(ours, Connected), ours
    assert isinstance(theirs, Connected), theirs
    return ours, theirs


def talk(one: SecureLink, other: SecureLink) -> bool:
    """Whether each understands the other."""
    there = other.open(one.seal(12, b"there")) == (12, b"there")
    return there and one.open(other.seal(13, b"back")) == (13, b"back")


class Links:
    """What a link does with what the handshake gives: keys in use, and others beside them."""

    def __init__(self) -> None:
        self.current: SecureLink | None = None
        self.pending: SecureLink | None = None

    def open(self, frame: bytes) -> tuple[int, bytes] | None:
        if self.pending is not None and (found := self.pending.open(frame)):
            self.current, self.pending = self.pending, None
            return found
        return self.current.open(frame) if self.current is not None else None
