"""The handshake of one node with one other, whichever of the two asks."""

from __future__ import annotations

from collections.abc import Callable

from replicator._secure import SecureLink
from replicator.handshake import Clock, Connected, Initiator, Random, Responder
from replicator.nodes import Node, Peer
from replicator.refused import Refused


class PeerGreeter:
    """A `Greeter` of replicator.common. heard: is told what was refused here, for the log."""

    def __init__(
        self,
        node: Node,
        peer: Peer,
        *,
        random: Random,
        clock: Clock,
        heard: Callable[[Refused], None] = lambda refused: None,
    ) -> None:
        self.initiator = Initiator(node, peer, random=random, clock=clock)
        self.responder = Responder(node, [peer], random=random)
        self.cluster = bytes(16)
        self._heard = heard

    def hello(self) -> bytes:
        """The first message, of who asks; the same until it was answered."""
        return self.initiator.hello()

    def welcomed(self, frame: bytes) -> SecureLink | str:
        """The keys out of the answer to it, or why there are none; "" for noise."""
        found = self.initiator.welcomed(frame)
        if isinstance(found, Connected):
            self.cluster = found.cluster
            return found.link
        return str(found) if found is not None else ""

    def answer(self, frame: bytes) -> tuple[bytes, SecureLink | None]:
        """What to send back to somebody's first message, b"" for nothing; keys that are pending."""
        reply, found = self.responder.answer(frame)
        if isinstance(found, Refused):
            self._heard(found)
        return reply, found.link if isinstance(found, Connected) else None
