"""Readers of a book that changes without a break."""

import time
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest

from lmax.records import joined
from lmax.ringbuffer.agent import AgentRunner
from lmax.ringbuffer.wait import WaitStrategy
from lmax.schema import EventFlag, Side
from marketdata._depth import MarketData
from tests.marketdata._feeder import Feeder
from tests.marketdata.events import book, fill, ring

LEVELS = 15
LOOKS = 2_000
STATES = 20
SECONDS = 30


def equal_quantities(commands: int) -> np.ndarray:
    """Commands that set all levels of both sides of instrument 1 to one and the same quantity."""
    events = joined(
        [
            *[book(Side.BUY, 1_000 - level, 1, last=False) for level in range(LEVELS)],
            *[book(Side.SELL, 1_001 + level, 1, last=False) for level in range(LEVELS)],
        ]
    )
    events["flags"][-1] = EventFlag.LAST
    quantities = np.repeat(np.arange(1, commands + 1), len(events))
    events = np.tile(events, commands)
    events["quantity"] = events["order_count"] = quantities
    return events


def numbered_fills(number: int) -> np.ndarray:
    """Trades whose every field is their number."""
    events = np.repeat(fill(1, 1, 1), number)
    for name in ("timestamp", "trade_id", "price", "quantity", "amount"):
        events[name] = np.arange(1, number + 1)
    return events


def looks(seen: set) -> Iterator[int]:
    """At least LOOKS, and until STATES were seen: all threads may share one core for a while."""
    deadline = time.monotonic() + SECONDS
    for look in count():
        if look >= LOOKS and len(seen) >= STATES:
            return
        assert time.monotonic() < deadline, f"only {len(seen)} states in {SECONDS} s"
        yield look


@pytest.fixture
def busy(request):
    """An agent that takes in the given events again and again, on a thread of its own."""
    events = request.param()
    agent = MarketData(ring(1 << 14), trades_kept=64)
    feeder = Feeder(agent.output, events)
    runner = AgentRunner([feeder, agent], name="busy", strategy=WaitStrategy.YIELD).start()
    while not agent.events:
        time.sleep(0.001)
    yield agent
    runner.stop(drain=False)
    runner.join()
    assert runner.error is None


@pytest.mark.parametrize("busy", [lambda: equal_quantities(500)], indirect=True, ids=["levels"])
def test_no_look_at_a_book_sees_half_of_a_command(busy):
    """All levels have the same quantity between any two commands. The slowest look is printed."""
    seen: set[tuple[int, int]] = set()
    slowest = 0.0
    for _ in looks(seen):
        started = time.perf_counter()
        bids, asks = busy.depth(1, None)
        slowest = max(slowest, time.perf_counter() - started)
        assert len(bids) == len(asks) == LEVELS
        found = {(quantity, orders) for _, quantity, orders in bids + asks}
        assert len(found) == 1, f"one look saw the quantities of several commands: {found}"
        seen |= found
    print(f"slowest look: {slowest * 1e3:.1f} ms; {len(seen)} states seen")
    assert slowest < 2.0


@pytest.mark.parametrize("busy", [lambda: numbered_fills(16_000)], indirect=True, ids=["fills"])
def test_no_look_at_the_trades_sees_half_of_one(busy):
    seen: set[int] = set()
    for _ in looks(seen):
        trades = busy.trades(64)
        numbers = trades["trade_id"].astype(np.int64)
        for name in ("time", "price", "quantity"):
            assert (trades[name] == numbers).all()
        assert (np.diff(numbers) % 16_000 == 1).all()
        last = busy.last_trade(1)
        assert last.time == last.trade_id == last.price == last.quantity
        seen.add(last.trade_id)
