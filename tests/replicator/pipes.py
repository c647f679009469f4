"""Two ends of a simulated network: messages may be lost, doubled, late or out of order."""

from collections import deque
from random import Random

from replicator.channel import ForeignChannel


class Pipe:
    """One direction. room: messages on their way at most."""

    def __init__(self, random: Random, *, room: int = 64) -> None:
        self.random = random
        self.room = room
        self.loss = self.doubles = self.shuffles = 0.0
        self.cut = False
        self.messages: deque[bytes] = deque()

    def put(self, message: bytes) -> int:
        if self.cut:
            return -1
        if len(self.messages) >= self.room:
            return 0
        chance = self.random.random
        if chance() >= self.loss:
            self.messages.append(message)
            if chance() < self.doubles:
                self.messages.append(message)
            if chance() < self.shuffles and len(self.messages) > 1:
                other = self.random.randrange(len(self.messages))
                self.messages[other], self.messages[-1] = self.messages[-1], self.messages[other]
        return len(message)

    def get(self) -> bytes | None:
        return self.messages.popleft() if self.messages and not self.cut else None


class End:
    """One node's end of two pipes."""

    def __init__(self, out: Pipe, into: Pipe) -> None:
        self.out, self.into = out, into

    def send(self, message: bytes) -> int:
        return self.out.put(message)

    def receive(self) -> bytes | None:
        return self.into.get()


def connected(random: Random) -> tuple[ForeignChannel, ForeignChannel, list[Pipe]]:
    """Two channels that lead to each other, and the pipes between them."""
    there, back = Pipe(random), Pipe(random)
    return ForeignChannel(End(there, back)), ForeignChannel(End(back, there)), [there, back]
