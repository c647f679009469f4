"""Playing commands through a core, and what must come out of it."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from flow.commands import CASH, define_instrument, deposits, open_accounts
from flow.generator import MarketGenerator
from journal.reader import Reader
from lmax._engine import Engine
from lmax.records import joined
from lmax.ringbuffer.ring import RingFull
from lmax.schema import COMMAND, EVENT, CommandType, Side
from node.core import Core
from node.follower import Follower

SEGMENT = 256 << 10
NOTHING = np.empty(0, EVENT)


def market(seed: int, count: int, accounts: int = 20, instruments: int = 3) -> np.ndarray:
    """Definitions, accounts, deposits, and then `count` commands of a random market."""
    generator = MarketGenerator(seed, accounts, instruments)
    return joined([generator.setup(), generator.next_batch(count)])


def end_of_day() -> np.ndarray:
    command = np.zeros(1, COMMAND)
    command["type"] = CommandType.END_OF_DAY
    return command


def orders(side: Side, prices: np.ndarray, first_id: int, quantity: int = 1) -> np.ndarray:
    """Limit orders of account 1 in instrument 1, one for each price."""
    commands = np.zeros(len(prices), COMMAND)
    commands["type"] = CommandType.NEW_ORDER
    commands["account"] = commands["instrument"] = 1
    commands["side"] = side
    commands["price"] = prices
    commands["quantity"] = quantity
    commands["client_order_id"] = np.arange(first_id, first_id + len(prices))
    return commands


def opening() -> np.ndarray:
    """One instrument and two accounts that can pay for everything."""
    accounts = np.array([1, 2])
    return joined(
        [
            define_instrument(1, "ONE"),
            open_accounts(accounts),
            deposits(accounts, CASH, 10**15),
            deposits(accounts, 1, 10**9),
        ]
    )


def sweep(fills: int) -> np.ndarray:
    """Many small orders, one that takes them all, many again, and the end of the day."""
    taker = orders(Side.BUY, np.array([10**6]), 10**6, fills)
    taker["account"] = 2
    resting = [orders(Side.SELL, 1000 + np.arange(fills), 1 + n * fills) for n in range(2)]
    return joined([opening(), resting[0], taker, resting[1], end_of_day()])


def journaled(folder: Path) -> np.ndarray:
    """The commands with the sequences and timestamps that they were given."""
    with Reader(folder) as reader:
        return joined([np.empty(0, COMMAND), *(b.copy() for b in reader.batches())])


def offline(folder: Path) -> tuple[Engine, np.ndarray]:
    """An engine that applied the journal, and its events."""
    engine = Engine()
    return engine, engine.apply(journaled(folder))


def submit_all(core: Core, commands: np.ndarray, part: int = 1000) -> None:
    """All of them, however often the ring is full."""
    deadline = time.monotonic() + 60
    at = 0
    while at < len(commands):
        chunk = commands[at : at + part]
        try:
            core.submit(chunk, timeout=0.05)
            at += len(chunk)
        except RingFull as full:
            assert time.monotonic() < deadline
            at += full.taken


def drain(follower: Follower, last: int, core: Core | None = None) -> list[np.ndarray]:
    """Poll until the events of command `last` have come."""
    parts: list[np.ndarray] = []
    deadline = time.monotonic() + 30
    while follower.position < last:
        assert time.monotonic() < deadline, f"at {follower.position} of {last}"
        if core:
            core.step()
        if len(events := follower.poll()):
            parts.append(events)
        else:
            time.sleep(0.0002)
    return parts


def assert_same_events(parts: list[np.ndarray], expected: np.ndarray) -> None:
    """Byte for byte, each once and in order."""
    events = joined([NOTHING, *parts])
    if events.tobytes() == expected.tobytes():
        return
    assert len(events) == len(expected)
    at = int(np.flatnonzero(events != expected)[0])
    raise AssertionError(f"event {at} is {events[at]}, not {expected[at]}")


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)
