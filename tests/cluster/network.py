"""A network between named nodes that loses, doubles, reorders, delays and is cut."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from replicator.channel import ForeignChannel

if TYPE_CHECKING:
    from tests.cluster.world import World

MS = 1_000_000
ROOM = 64


class Wire:
    """One direction between two nodes."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.messages: list[tuple[int, int, bytes]] = []
        self.cut = False
        self.clogged_until = 0
        self._count = 0

    def put(self, message: bytes) -> int:
        world, network = self.network.world, self.network
        chance = world.random.random
        if self.cut:
            return -1 if chance() < 0.5 else len(message)
        if len(self.messages) >= ROOM:
            return 0
        for _ in range(1 + (chance() < network.doubles)):
            if chance() < network.loss:
                continue
            self._count += 1
            when = world.now + world.random.randrange(network.delay)
            if chance() >= network.shuffles and self.messages:
                when = max(when, max(m[0] for m in self.messages))
            heapq.heappush(self.messages, (when, self._count, message))
        return len(message)

    def get(self) -> bytes | None:
        now = self.network.world.now
        if self.cut or now < self.clogged_until:
            return None
        if self.messages and self.messages[0][0] <= now:
            return heapq.heappop(self.messages)[2]
        return None


class End:
    def __init__(self, out: Wire, into: Wire) -> None:
        self.out, self.into = out, into

    def send(self, message: bytes) -> int:
        return self.out.put(message)

    def receive(self) -> bytes | None:
        return self.into.get()


class Network:
    """loss, doubles, shuffles: chances of one message; delay: ns at most."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.loss = self.doubles = self.shuffles = 0.0
        self.delay = 2 * MS
        self.end: type[End] = End
        self.wires: dict[tuple[str, str], Wire] = {}

    def wire(self, here: str, there: str) -> Wire:
        return self.wires.setdefault((here, there), Wire(self))

    def channel(self, here: str, there: str) -> ForeignChannel:
        return ForeignChannel(self.end(self.wire(here, there), self.wire(there, here)))

    def isolate(self, name: str, cut: bool = True) -> None:
        for pair, wire in self.wires.items():
            if name in pair:
                wire.cut = cut

    def heal(self) -> None:
        for wire in self.wires.values():
            wire.cut, wire.clogged_until = False, 0
        self.loss = self.doubles = self.shuffles = 0.0
