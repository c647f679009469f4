"""Real events of a generated market, and putting them on a ring."""

import time
from dataclasses import dataclass

import numpy as np

from flow.generator import MarketGenerator
from lmax._engine import Engine
from lmax.ringbuffer.ring import RingBuffer
from lmax.schema import COMMAND


@dataclass
class Market:
    """A generated market and the engine that answers it."""

    generator: MarketGenerator
    engine: Engine

    def events_of(self, commands: np.ndarray) -> np.ndarray:
        """The engine's events for these commands, numbered on from the last."""
        numbers = np.arange(self.engine.sequence + 1, self.engine.sequence + 1 + len(commands))
        stamped = commands.astype(COMMAND)
        stamped["sequence"] = numbers
        stamped["timestamp"] = numbers * 1_000
        return self.engine.apply(stamped)

    def next_events(self, count: int) -> np.ndarray:
        return self.events_of(self.generator.next_batch(count))


def market(seed: int, *, accounts: int = 20, instruments: int = 5) -> Market:
    return Market(MarketGenerator(seed, accounts, instruments), Engine())


def publish(output: RingBuffer, events: np.ndarray, timeout: float = 20.0) -> None:
    """Puts them on the ring as room comes, a quarter of it at once; sleeps when it is full."""
    deadline = time.monotonic() + timeout
    part = max(1, output.capacity // 4)
    for start in range(0, len(events), part):
        records = events[start : start + part]
        while output.remaining < len(records):
            assert time.monotonic() < deadline, "the agent does not keep up"
            time.sleep(0.0001)
        output.publish_array(records)
