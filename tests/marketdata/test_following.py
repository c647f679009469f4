"""The agent beside the engine: after any commands, its books and trades are the engine's."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmax._engine import Engine
from lmax.records import joined
from lmax.ringbuffer.agent import AgentRunner
from lmax.ringbuffer.wait import WaitStrategy
from lmax.schema import (
    COMMAND,
    CommandType,
    EventType,
    OrderType,
    Side,
    TimeInForce,
)
from marketdata._depth import MarketData
from tests.marketdata.events import assert_same_books, assert_whole, ring
from tests.marketdata.feeding import Market, market, publish

TRADE_FIELDS = ["trade_id", "price", "quantity", "instrument", "side"]


def take_in(agent: MarketData, events: np.ndarray, rng: np.random.Generator) -> None:
    """Publishes the events in runs of random length and lets the agent work after each."""
    while len(events):
        part = events[: int(rng.integers(1, 400))]
        agent.output.publish_array(part)
        agent.do_work()
        events = events[len(part) :]
    while agent.do_work():
        pass


def assert_same_trades(agent: MarketData, fills: np.ndarray) -> None:
    """The newest trades are the newest fills, and turnover is the sum of all."""
    kept = agent.trades(agent.trades_kept)
    newest = fills[-agent.trades_kept :]
    for ours, theirs in [("time", "timestamp"), *[(n, n) for n in TRADE_FIELDS]]:
        assert kept[ours].tolist() == newest[theirs].tolist(), ours
    for instrument in agent.instruments():
        own = fills[fills["instrument"] == instrument]
        statistics = agent.statistics(instrument)
        assert statistics.trades == len(own)
        assert statistics.volume == sum(own["quantity"].tolist())
        assert statistics.notional == sum(own["amount"].tolist())
        last = agent.last_trade(instrument)
        assert (None if last is None else last.trade_id) == (
            own["trade_id"][-1:].tolist() or [None]
        )[0]


@pytest.mark.parametrize("capacity", [512, 8192])
def test_books_and_trades_are_the_engines_after_every_chunk(capacity, seed):
    source = market(seed)
    agent = MarketData(ring(capacity), trades_kept=100)
    rng = np.random.default_rng(seed)
    chunks = [source.events_of(source.generator.setup())]
    take_in(agent, chunks[0], rng)
    assert agent.instruments() == source.engine.instruments()
    for _ in range(30):
        chunks.append(source.next_events(int(rng.integers(1, 700))))
        take_in(agent, chunks[-1], rng)
        assert_same_books(agent, source.engine)
        assert agent.sequence == source.engine.sequence
    events = joined(chunks)
    fills = events[events["type"] == EventType.FILL]
    assert len(fills) > 100
    assert_same_trades(agent, fills)
    assert agent.events == len(events)
    assert agent.trade_count == source.engine.trades


ORDER = st.tuples(
    st.sampled_from(Side), st.integers(1, 30), st.integers(1, 50), st.sampled_from(TimeInForce)
)
CANCEL = st.integers(1, 60)
END_OF_DAY = st.none()


def command(position: int, choice: tuple | int | None) -> np.ndarray:
    """An order of account `position % 3 + 1`, a cancel of an order by its id, or a day's end."""
    made = np.zeros(1, COMMAND)
    made["instrument"] = 1
    made["account"] = position % 3 + 1
    if choice is None:
        made["type"] = CommandType.END_OF_DAY
        made["instrument"] = made["account"] = 0
    elif isinstance(choice, int):
        made["type"] = CommandType.CANCEL
        made["account"] = choice % 3 + 1
        made["orig_client_order_id"] = choice
    else:
        made["type"] = CommandType.NEW_ORDER
        made["client_order_id"] = position
        made["order_type"] = OrderType.LIMIT
        made["side"], made["price"], made["quantity"], made["time_in_force"] = choice
        made["price"] *= 100
    return made


@given(st.lists(st.one_of(ORDER, ORDER, CANCEL, END_OF_DAY), min_size=1, max_size=60))
@settings(max_examples=60)
def test_books_are_the_engines_after_every_command(choices):
    source = market(1, accounts=3, instruments=1)
    agent = MarketData(ring(64))
    rng = np.random.default_rng(0)
    take_in(agent, source.events_of(source.generator.setup()), rng)
    for position, choice in enumerate(choices, start=1):
        take_in(agent, source.events_of(command(position, choice)), rng)
        assert_same_books(agent, source.engine)
        assert_whole(*agent.depth(1, None))


def test_a_loaded_agent_goes_on_as_if_it_had_seen_everything(seed):
    """What a node does that replays its journal and then trades on."""
    source = market(seed)
    source.events_of(source.generator.setup())
    source.next_events(5_000)
    agent = MarketData(ring(), sequence=source.engine.sequence)
    for instrument, symbol in source.engine.instruments().items():
        view = source.engine.book(instrument)
        agent.load(instrument, symbol, 0, 100, view.bids(), view.asks())
    assert_same_books(agent, source.engine)
    take_in(agent, source.next_events(5_000), np.random.default_rng(seed))
    assert_same_books(agent, source.engine)
    assert agent.sequence == source.engine.sequence


class Reader(threading.Thread):
    """Looks at everything again and again, and keeps the first complaint."""

    def __init__(self, agent: MarketData, instruments: list[int], fills: dict[int, tuple]) -> None:
        super().__init__()
        self.agent, self.instruments, self.fills = agent, instruments, fills
        self.ended = threading.Event()
        self.looks = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ended.is_set():
                self.look(self.instruments[self.looks % len(self.instruments)])
                self.looks += 1
        except BaseException as error:
            self.error = error

    def look(self, instrument: int) -> None:
        before = self.agent.sequence
        assert_whole(*self.agent.depth(instrument, None))
        top = self.agent.top(instrument)
        assert top.bid is None or top.ask is None or top.bid < top.ask
        trades = self.agent.trades(200)
        for time_, trade_id, price, quantity, owner, side, *_ in trades[
            :: len(trades) // 9 + 1
        ].tolist():
            assert self.fills[trade_id] == (time_, price, quantity, owner, side)
        assert (np.diff(trades["trade_id"].astype(np.int64)) == 1).all()
        statistics = self.agent.statistics(instrument)
        assert statistics.trades <= statistics.volume <= statistics.notional
        assert self.agent.sequence >= before


@pytest.mark.parametrize("strategy", [WaitStrategy.YIELD, WaitStrategy.BACKOFF])
def test_a_reader_on_another_thread_always_sees_a_whole_book(strategy, seed):
    source = market(seed, instruments=2)
    setup = source.events_of(source.generator.setup())
    events = source.next_events(60_000)
    fills = events[events["type"] == EventType.FILL]
    names = ["timestamp", *TRADE_FIELDS[1:]]
    known = dict(zip(fills["trade_id"].tolist(), fills[names].tolist(), strict=True))
    agent = MarketData(ring(2048), trades_kept=200)
    runner = AgentRunner([agent], name="market data", strategy=strategy).start()
    publish(agent.output, setup)
    while agent.sequence < len(setup):
        time.sleep(0.001)
    reader = Reader(agent, [1, 2], known)
    reader.start()
    publish(agent.output, events)
    runner.stop()
    runner.join()
    reader.ended.set()
    reader.join(10)
    assert runner.error is None
    assert reader.error is None, reader.error
    assert reader.looks > 10
    assert_same_books(agent, source.engine)


@pytest.mark.serial
def test_it_keeps_up_with_many_times_what_an_engine_makes(seed):
    """Printed: events a second of processor time, which others on this machine cannot take."""
    source: Market = market(seed, accounts=200, instruments=20)
    engine: Engine = source.engine
    agent = MarketData(ring(1 << 18))
    agent.output.publish_array(source.events_of(source.generator.setup()))
    while agent.do_work():
        pass
    nanoseconds, count = 0, 0
    for _ in range(8):
        events = source.next_events(60_000)
        agent.output.publish_array(events)
        started = time.thread_time_ns()
        while agent.do_work():
            pass
        nanoseconds += time.thread_time_ns() - started
        count += len(events)
    assert_same_books(agent, engine)
    print(f"{count:,} events, {count / nanoseconds * 1e3:.1f} M events/s")
    assert count / nanoseconds * 1e3 > 5
