"""An embedded engine's special orders and operator commands, from the call to the event."""

import numpy as np
import pytest

from lmax import EventType, Phase, Reason, SelfTrade, Side, Status, Tier, TimeInForce


def types(events):
    return [event.type for event in events]


def test_an_iceberg_shows_what_it_was_asked_to_show(market):
    market.wait(market.sell(2, 1, 100, "20.00", client_order_id=1, display_quantity=30))
    assert market.book(1).best_ask.quantity == 30


def test_a_hidden_order_trades_unseen(market):
    (accepted,) = market.result(market.sell(2, 1, 100, 20, client_order_id=1, hidden=True))
    assert accepted.type == EventType.ACCEPTED
    fill = market.result(market.buy(1, 1, 10, 21, client_order_id=1))[1]
    assert (fill.type, fill.price, fill.maker_leaves) == (EventType.FILL, 20, 90)
    assert market.book(1).best_ask is None


def test_a_stop_is_triggered_by_a_trade(market):
    market.sell(1, 1, 10, client_order_id=1, stop=19)
    market.buy(2, 1, 10, 19, client_order_id=1)
    events = market.result(market.sell(1, 1, 5, 19, client_order_id=2))
    assert EventType.TRIGGERED in types(events)
    triggered = events[types(events).index(EventType.TRIGGERED)]
    assert (triggered.client_order_id, triggered.trigger_price) == (1, 19)


def test_post_only_and_self_trade_prevention_refuse_and_cancel(market):
    market.sell(1, 1, 10, 20, client_order_id=1)
    (refused,) = market.result(market.buy(2, 1, 10, 20, client_order_id=1, post_only=True))
    assert refused.reason == Reason.WOULD_CROSS
    events = market.result(
        market.buy(1, 1, 10, 20, client_order_id=2, self_trade=SelfTrade.CANCEL_NEWEST)
    )
    assert events[-1].reason == Reason.SELF_TRADE


def test_what_does_not_go_together_is_refused_by_the_engine(market):
    sequence = market.buy(1, 1, 1, client_order_id=1, stop=30, time_in_force=TimeInForce.FOK)
    (refused,) = market.result(sequence)
    assert (refused.type, refused.reason) == (EventType.REJECTED, Reason.INVALID_INSTRUCTIONS)


def test_nothing_is_published_for_a_value_that_can_never_be_right(market):
    before = market.result(market.timer())[0].sequence
    with pytest.raises(ValueError, match="hidden and display_quantity"):
        market.buy(1, 1, 10, 20, client_order_id=1, hidden=True, display_quantity=5)
    with pytest.raises(TypeError, match="no option 'iceberg'"):
        market.new_order(1, 1, Side.BUY, 10, 20, client_order_id=1, iceberg=True)
    with pytest.raises(ValueError, match="changes nothing"):
        market.split(1, 2, 2)
    assert market.timer() == before + 1


def test_a_phase_an_auction_and_a_halt(market):
    market.result(market.set_reference(1, 20))
    market.result(market.set_protection(1, tier=Tier.TIER_1, auction_collar=10))
    assert market.result(market.set_phase(Phase.PRE_OPEN))[1].phase == Phase.PRE_OPEN
    market.sell(2, 1, 10, 19, client_order_id=1)
    market.buy(1, 1, 10, 20, client_order_id=1, time_in_force=TimeInForce.AT_OPEN)
    events = market.result(market.set_phase(Phase.CONTINUOUS, instrument=1))
    assert EventType.AUCTION in types(events)
    assert market.position(1, 1).shares == 1010
    (phase,) = market.result(market.set_status(1, Status.SUSPENDED))
    assert (phase.type, phase.status) == (EventType.PHASE, Status.SUSPENDED)


def test_a_split_a_dividend_and_another_name(market):
    market.result(market.set_phase(Phase.CLOSED))
    split = market.result(market.split(1, 3, 2, cash_in_lieu="7.5"))
    assert types(split) == [EventType.ACCEPTED, EventType.ADJUSTED, EventType.ADJUSTED]
    assert market.position(1, 1).shares == 1500
    market.result(market.dividend(1, "0.10"))
    assert market.account(2).cash == 10_150
    (renamed,) = market.result(market.change_symbol(1, "NEWCO"))
    assert renamed.symbol == "NEWCO"


def test_a_trade_is_corrected_then_taken_back(market):
    market.sell(2, 1, 10, 20, client_order_id=1)
    fill = market.result(market.buy(1, 1, 10, 20, client_order_id=1))[1]
    (corrected,) = market.result(market.correct_trade(1, fill.trade_id, price=19, quantity=8))
    assert (corrected.type, corrected.amount) == (EventType.CORRECTED, 152)
    assert market.account(1).cash == 10_000 - 152
    (busted,) = market.result(market.bust_trade(1, fill.trade_id))
    assert busted.type == EventType.BUSTED
    assert (market.account(1).cash, market.position(2, 1).shares) == (10_000, 1000)
    (refused,) = market.result(market.bust_trade(1, fill.trade_id))
    assert refused.reason == Reason.TRADE_BUSTED


def test_a_tick_table_is_set_with_one_call(market):
    last = market.set_tick_table(1, [(0, "0.01"), (100, "0.05")])
    market.wait(last)
    (refused,) = market.result(market.buy(1, 1, 1, "100.01", client_order_id=1))
    assert refused.reason == Reason.PRICE_TICK
    assert market.result(market.buy(1, 1, 1, "100.05", client_order_id=1))[0].leaves == 1


def test_orders_are_ended_by_the_handful_and_trading_is_switched_off(market):
    market.set_account(1, firm=7, self_trade=SelfTrade.CANCEL_OLDEST)
    for number in (1, 2, 3):
        market.buy(1, 1, 1, 10, client_order_id=number, session=4, cancel_on_disconnect=number == 1)
    ended = market.result(market.session_ended(4))
    assert [event.client_order_id for event in ended if event.type == EventType.CANCELLED] == [1]
    ended = market.result(market.mass_cancel(account=1, instrument=1))
    assert [e.reason for e in ended if e.client_order_id] == [Reason.MASS_CANCELLED] * 2
    market.kill_switch(True, firm=7)
    (refused,) = market.result(market.buy(1, 1, 1, 10, client_order_id=9))
    assert refused.reason == Reason.TRADING_DISABLED
    market.kill_switch(False, firm=7)
    assert market.result(market.buy(1, 1, 1, 10, client_order_id=9))[0].leaves == 1


def test_a_restart_brings_the_venue_back(tmp_path):
    from lmax import Engine
    from tests.api.conftest import SMALL, prepare

    with Engine.open(tmp_path, segment_bytes=SMALL) as engine:
        prepare(engine)
        engine.set_phase(Phase.HALTED)
        engine.split(1, 2, 1)
        engine.set_index(900, 1000)
        engine.set_close(2**60)
        engine.wait(engine.change_symbol(1, "NEWCO"))
        before = engine.state_hash()
    with Engine.open(tmp_path, segment_bytes=SMALL) as engine:
        assert engine.state_hash() == before
        assert engine.position(1, 1).shares == 2000
        assert engine.book(1).symbol == "NEWCO"
        assert np.count_nonzero(engine.event_array()["type"]) == 0
