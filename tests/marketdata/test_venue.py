"""What readers see of a venue that uses every rule, against the twin that made its events."""

import numpy as np
import pytest

from lmax.schema import EventType, Side
from marketdata._depth import MarketData
from marketdata.views import TradeState
from tests.engine.traffic import Traffic
from tests.marketdata.events import ring
from tests.twin import Twin, state
from tests.twin.instruments import Instrument
from tests.twin.records import events_to_array

COMMANDS = 4_000
LOOKS = 200


def take_in(agent: MarketData, events: np.ndarray) -> None:
    agent.output.publish_array(events)
    while agent.do_work():
        pass


def assert_same_market(agent: MarketData, instrument: Instrument, twin: Twin) -> None:
    number = instrument.id
    depth = agent.depth(number, None)
    assert depth.bids == state.levels(twin, number, Side.BUY)
    assert depth.asks == state.levels(twin, number, Side.SELL)
    seen, guard = agent.trading(number), instrument.guard
    assert (seen.phase, seen.status) == (instrument.phase, instrument.status)
    assert seen.limit_state == guard.limit_side
    assert seen.short_sales_restricted == (guard.restricted_days > 0)
    assert seen.reference in (None, instrument.reference_price)
    if instrument.bands is not None and seen.bands is not None:
        assert seen.bands == (guard.bands.lower, guard.bands.upper, guard.bands.reference)
    assert agent.instruments()[number] == instrument.symbol.decode()


@pytest.mark.parametrize("traffic_seed", [3, 4])
def test_readers_see_what_the_twin_holds(traffic_seed: int) -> None:
    twin = Twin()
    traffic = Traffic(traffic_seed, twin)
    agent = MarketData(ring(1 << 15), trades_kept=100_000)
    kinds: set[int] = set()
    crossed = 0
    for count in range(COMMANDS):
        events = events_to_array(twin.apply(traffic.next()))
        kinds.update(events["type"].tolist())
        take_in(agent, events)
        if count % (COMMANDS // LOOKS) == 0:
            for instrument in twin.world.instruments.values():
                assert_same_market(agent, instrument, twin)
                top = agent.top(instrument.id)
                crossed += top.bid is not None and top.ask is not None and top.bid > top.ask
    assert kinds == set(EventType)
    assert crossed > 0
    assert_same_turnover(agent, twin)


def assert_same_turnover(agent: MarketData, twin: Twin) -> None:
    """Trades that stand, with what they were corrected to; a split lets the twin forget some."""
    trades = agent.trades(100_000)
    assert set(trades["state"].tolist()) == set(TradeState)
    known = twin.world.trades.trades
    for trade in trades:
        there = known.get(int(trade["trade_id"]))
        if there is not None:
            assert there.busted == (trade["state"] == TradeState.BUSTED)
            assert (there.price, there.quantity) == (trade["price"], trade["quantity"])
    for instrument in twin.world.instruments:
        own = trades[trades["instrument"] == instrument]
        standing = own[own["state"] != TradeState.BUSTED]
        statistics = agent.statistics(instrument)
        assert statistics.trades == len(standing)
        assert statistics.volume == sum(standing["quantity"].tolist())
        last = agent.last_trade(instrument)
        ids = standing["trade_id"].tolist()
        assert (last.trade_id if last else None) == (ids[-1] if ids else None)
