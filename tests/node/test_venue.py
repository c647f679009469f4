"""Nodes of a venue that uses every rule: restarts, the ledger, and the clock."""

import time
from pathlib import Path

import numpy as np
import pytest

from flow.generator import MarketGenerator
from lmax.event import Event
from lmax.operator_requests import set_phase, set_reference
from lmax.order_requests import new_order
from lmax.records import joined
from lmax.schema import EventType, Phase, Reason, Side
from node.core import Core
from node.embedded import Engine
from node.system import System
from tests.engine.traffic import Traffic
from tests.node.playing import SEGMENT, opening, submit_all
from tests.twin import Twin
from tests.twin.records import commands_to_array


def limit(account: int, number: int, side: Side, quantity: int, price: str) -> np.ndarray:
    return new_order(account, 1, side, quantity, price, client_order_id=number, options={})


def every_kind(seed: int, count: int) -> np.ndarray:
    """Commands of every kind, written with an eye on a twin that has them applied."""
    twin = Twin()
    traffic = Traffic(seed, twin)
    commands = []
    for _ in range(count):
        commands.append(traffic.next())
        twin.apply(commands[-1])
    return commands_to_array(commands)


def test_a_crossed_book_and_its_phase_are_there_after_a_restart(tmp_path: Path) -> None:
    buy, sell = limit(1, 1, Side.BUY, 10, "11"), limit(2, 2, Side.SELL, 7, "9")
    phase = set_phase(Phase.PRE_OPEN, 1)
    with Core(tmp_path, segment_bytes=SEGMENT) as core:
        submit_all(core, joined([opening(), set_reference(1, "10"), phase, buy, sell]))
        core.wait_applied(core.input.cursor)
    with Core(tmp_path, segment_bytes=SEGMENT) as again:
        market = again.marketdata
        assert market.top(1) == (110_000, 10, 90_000, 7)
        assert market.trading(1).phase == Phase.PRE_OPEN
        assert market.trading(1).reference == 100_000
        again.wait_applied(again.submit(set_phase(Phase.CONTINUOUS, 1)))
        while market.sequence < again.business.applied:
            time.sleep(0.001)
        assert market.top(1) == (110_000, 3, None, None)
        assert market.trading(1).phase == Phase.CONTINUOUS
        last = market.last_trade(1)
        assert last is not None
        assert last.auction


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_an_order_that_is_good_till_a_time_ends_by_the_nodes_own_clock(
    tmp_path: Path, layout: str
) -> None:
    with Engine.open(tmp_path, layout=layout, timer=0.02) as engine:
        engine.define_instrument(1, "ABC")
        engine.open_account(1)
        engine.deposit(1, "1000")
        expires = accepted_until(engine)
        deadline = time.monotonic() + 60
        ended: list[Event] = []
        while not ended and time.monotonic() < deadline:
            ended = [e for e in engine.events(timeout=0.01) if e.type == EventType.EXPIRED]
        (order,) = ended
        assert order.reason == Reason.TIME_REACHED
        assert order.timestamp >= expires
        assert engine.book(1).best_bid is None


def accepted_until(engine: Engine) -> int:
    """Have an order accepted before its time is over, which here may take some tries."""
    for number, milliseconds in enumerate((100, 1_000, 10_000), start=1):
        expires = time.time_ns() + milliseconds * 1_000_000
        sequence = engine.buy(1, 1, 10, "20", client_order_id=number, expire=expires)
        if engine.result(sequence)[0].type == EventType.ACCEPTED:
            return expires
    raise AssertionError("no order came in time")


def test_the_ledger_agrees_with_orders_that_no_book_shows(tmp_path: Path, postgres: str) -> None:
    market = MarketGenerator(5, 20, 3, varied=True)
    with System(tmp_path, dsn=postgres, segment_bytes=SEGMENT) as system:
        submit_all(system.core, market.setup())
        system.core.start_timer(0.01)
        submit_all(system.core, market.next_batch(20_000))
        outcome = system.finish()
    assert (outcome.differences, outcome.problem) == ([], "")
    assert outcome.rejected.keys() <= {"TOO_LATE", "UNKNOWN_ORDER", "WOULD_CROSS"}
    assert outcome.trades > 100


def test_the_ledger_agrees_with_a_venue_of_every_rule(
    tmp_path: Path, postgres: str, seed: int
) -> None:
    commands = every_kind(seed, 3_000)
    for part in np.array_split(commands, 3):
        with System(tmp_path, dsn=postgres, segment_bytes=SEGMENT) as system:
            submit_all(system.core, part)
            system.core.start_timer(0.005)
            time.sleep(0.05)
            outcome = system.finish()
        assert (outcome.differences, outcome.problem) == ([], "")
