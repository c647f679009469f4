"""What can be asked of an embedded engine, and what comes of it."""

from decimal import Decimal

import numpy as np
import pytest

from lmax import (
    COMMAND,
    EVENT,
    CommandType,
    Engine,
    EventType,
    OrderType,
    Reason,
    Side,
    TimeInForce,
)
from lmax._engine import Engine as OfflineEngine
from lmax.records import joined
from tests.api.conftest import SMALL

BUY, SELL = Side.BUY, Side.SELL


def kinds(events):
    return [event.type for event in events]


def test_every_command_gets_the_next_sequence_at_once(engine):
    assert engine.define_instrument(1, "ACME") == 1
    assert engine.open_account(1) == 2
    assert engine.deposit(1, 5) == 3
    assert engine.sequence <= 3
    engine.wait(3)
    assert engine.sequence == 3


def test_a_definition_is_accepted_with_its_tick_and_lot(engine):
    (event,) = engine.result(
        engine.define_instrument(7, "GOLD", tick="0.05", lot=10, quantity_scale=3)
    )
    assert (event.type, event.command) == (EventType.ACCEPTED, CommandType.DEFINE_INSTRUMENT)
    assert (event.instrument, event.symbol, event.quantity_scale) == (7, "GOLD", 3)
    assert (event.price, event.quantity) == (Decimal("0.05"), 10)
    assert event.is_last


def test_a_trade_tells_both_sides_and_the_money(market):
    (accepted, resting) = market.result(market.sell(2, 1, 300, "20.10", client_order_id=5))
    assert (accepted.type, accepted.price, accepted.leaves) == (1, Decimal("20.10"), 300)
    assert (resting.type, resting.side, resting.quantity) == (EventType.BOOK, SELL, 300)
    events = market.result(market.buy(1, 1, 100, "20.15", client_order_id=9))
    assert kinds(events) == [EventType.ACCEPTED, EventType.FILL, EventType.BOOK]
    fill = events[1]
    assert (fill.account, fill.client_order_id, fill.side) == (1, 9, BUY)
    assert (fill.maker_account, fill.maker_client_order_id, fill.maker_leaves) == (2, 5, 200)
    assert (fill.quantity, fill.leaves, fill.trade_id) == (100, 0, 1)
    assert (fill.price, fill.raw_price) == (Decimal("20.10"), 201_000)
    assert (fill.amount, fill.raw_amount) == (Decimal("2010.00"), 20_100_000)
    assert [event.index for event in events] == [0, 1, 2]
    assert [event.is_last for event in events] == [False, False, True]
    assert market.account(1).cash == Decimal("7990.00")
    assert market.account(2).cash == Decimal("12010.00")
    assert market.position(1, 1).shares == 1100
    assert (market.position(2, 1).shares, market.position(2, 1).reserved) == (900, 200)
    assert market.position(2, 1).available == 700


def test_an_order_without_a_price_is_a_market_order(market):
    market.sell(2, 1, 10, "20.10", client_order_id=1)
    events = market.result(market.buy(1, 1, 15, client_order_id=1))
    assert events[0].order_type == OrderType.MARKET
    assert events[1].quantity == 10
    assert (events[-1].type, events[-1].reason) == (EventType.CANCELLED, Reason.NO_LIQUIDITY)


def test_time_in_force_goes_with_the_order(market):
    def order(client_order_id, time_in_force):
        sequence = market.buy(
            1, 1, 1, 5, client_order_id=client_order_id, time_in_force=time_in_force
        )
        return market.result(sequence)

    assert order(1, TimeInForce.IOC)[-1].reason == Reason.IOC_REMAINDER
    assert order(2, TimeInForce.FOK)[-1].reason == Reason.FOK_UNFILLED
    assert order(3, TimeInForce.DAY)[-1].type == EventType.BOOK
    assert order(4, TimeInForce.GTC)[-1].type == EventType.BOOK
    events = market.result(market.end_of_day())
    assert kinds(events) == [EventType.ACCEPTED, EventType.EXPIRED, EventType.BOOK]
    assert events[1].client_order_id == 3
    assert market.book(1).best_bid.orders == 1


def test_orders_are_cancelled_reduced_and_replaced(market):
    market.new_order(1, 1, SELL, 100, "30", client_order_id=1)
    (reduced, _) = market.result(market.reduce(1, 1, 1, 40))
    assert (reduced.type, reduced.quantity, reduced.leaves) == (EventType.REDUCED, 40, 60)
    replaced = market.result(
        market.replace(1, 1, 1, new_client_order_id=2, quantity=70, price="31.5")
    )[0]
    assert (replaced.type, replaced.client_order_id) == (EventType.REPLACED, 2)
    assert (replaced.orig_client_order_id, replaced.price) == (1, Decimal("31.50"))
    (cancelled, _) = market.result(market.cancel(1, 1, 2))
    assert (cancelled.quantity, cancelled.reason) == (70, Reason.REQUESTED)
    (late,) = market.result(market.cancel(1, 1, 2))
    assert (late.type, late.reason) == (EventType.REJECTED, Reason.TOO_LATE)


def test_cash_and_shares_go_in_and_out(market):
    (paid,) = market.result(market.withdraw(1, "0.0001"))
    assert (paid.command, paid.amount) == (CommandType.WITHDRAW, Decimal("0.0001"))
    market.result(market.withdraw_shares(1, 1, 1000))
    assert market.account(1).cash == Decimal("9999.9999")
    assert market.position(1, 1).shares == 0
    (refused,) = market.result(market.withdraw_shares(1, 1, 1))
    assert refused.reason == Reason.INSUFFICIENT_SHARES


def test_a_refusal_by_the_rules_is_an_event_and_no_exception(market):
    (event,) = market.result(market.buy(1, 1, 1000, "10.01", client_order_id=1))
    assert (event.type, event.reason) == (EventType.REJECTED, Reason.INSUFFICIENT_CASH)
    assert (event.quantity, event.price) == (1000, Decimal("10.01"))
    (event,) = market.result(market.open_account(1))
    assert event.reason == Reason.ACCOUNT_EXISTS


def test_an_open_buy_reserves_cash(market):
    market.wait(market.buy(1, 1, 100, 10, client_order_id=1))
    account = market.account(1)
    assert (account.cash, account.reserved, account.available) == (10_000, 1000, 9000)
    assert account.sequence == 8


def test_a_book_shows_levels_best_first(market):
    for number, price in enumerate(("19.90", "20.00", "20.00"), 1):
        market.buy(1, 1, 10 * number, price, client_order_id=number)
    sequence = market.sell(2, 1, 7, "20.10", client_order_id=1)
    market.wait(sequence)
    book = market.book(1)
    assert book.symbol == "ACME"
    assert [(level.price, level.quantity, level.orders) for level in book.bids] == [
        (20, 50, 2),
        (Decimal("19.90"), 10, 1),
    ]
    assert (book.best_ask.price, book.best_ask.raw_price) == (Decimal("20.10"), 201_000)
    assert len(market.book(1, levels=1).bids) == 1
    assert str(book) == (
        "ACME (instrument 1)\n  ask 7 at 20.1000 in 1 order\n"
        "  bid 50 at 20.0000 in 2 orders\n  bid 10 at 19.9000 in 1 order"
    )


def test_an_empty_book_says_so(market):
    book = market.book(1)
    assert (book.best_bid, book.best_ask) == (None, None)
    assert str(book) == "ACME (instrument 1)\n  no asks\n  no bids"


def test_the_last_trades_can_be_read(market):
    market.sell(2, 1, 10, 20, client_order_id=1)
    market.wait(market.buy(1, 1, 4, 20, client_order_id=1))
    (trade,) = market.trades()
    assert (trade["price"], trade["quantity"], trade["side"]) == (200_000, 4, BUY)
    assert len(market.trades(5, instrument=1)) == 1


def test_unknown_accounts_and_instruments_are_named(market):
    with pytest.raises(KeyError, match="account 9 is not open"):
        market.account(9)
    with pytest.raises(KeyError, match="instrument 9"):
        market.book(9)
    assert market.position(1, 9).shares == 0


def test_events_come_once_in_order_and_stopping_in_between_loses_none(market):
    first = market.buy(1, 1, 1, 10, client_order_id=1)
    last = market.buy(1, 1, 1, 10, client_order_id=2)
    market.wait(last)
    event = next(market.events())
    assert (event.sequence, event.index) == (first, 0)
    assert market.read_up_to == first - 1  # one of its two events
    rest = list(market.events())
    assert [(event.sequence, event.index) for event in rest] == [(first, 1), (last, 0), (last, 1)]
    assert market.read_up_to == last
    assert list(market.events()) == []
    assert len(market.event_array()) == 0


def test_the_result_of_one_command_leaves_the_others_unread(market):
    sequences = [market.buy(1, 1, 1, 10, client_order_id=i) for i in range(1, 6)]
    assert {e.sequence for e in market.result(sequences[2])} == {sequences[2]}
    assert {e.sequence for e in market.result(sequences[4])} == {sequences[4]}
    assert {e.sequence for e in market.result(sequences[0])} == {sequences[0]}
    left = [event.sequence for event in market.events()]
    assert left == [sequences[1]] * 2 + [sequences[3]] * 2
    with pytest.raises(ValueError, match="were read before"):
        market.result(sequences[1])
    with pytest.raises(ValueError, match="were read before"):
        market.result(sequences[2])


def test_a_result_of_which_a_part_was_read_is_refused(market):
    sequence = market.buy(1, 1, 1, 10, client_order_id=1)
    market.wait(sequence)
    assert len(market.event_array(1, timeout=1)) == 1
    with pytest.raises(ValueError, match="were read before"):
        market.result(sequence)
    assert len(market.event_array()) == 1


def test_a_sequence_nobody_has_yet_is_refused(market):
    for sequence in (0, -1, 8):
        with pytest.raises(ValueError, match="the last is 7"):
            market.wait(sequence)
    with pytest.raises(ValueError, match="most is 1 or more"):
        market.event_array(0)


def test_events_wait_for_the_first_as_long_as_they_are_told(tmp_path):
    with Engine.open(tmp_path, segment_bytes=SMALL) as engine:
        engine.open_account(1)
        assert [event.account for event in engine.events(timeout=10)] == [1]
        assert list(engine.events(timeout=0.01)) == []


def orders(count):
    """An array of orders of account 1 that mostly trade with each other."""
    commands = np.zeros(count, COMMAND)
    number = np.arange(count)
    commands["type"] = CommandType.NEW_ORDER
    commands["account"] = commands["instrument"] = 1
    commands["client_order_id"] = number + 1
    commands["side"] = number % 2
    commands["price"] = 100_000 + 100 * (number * 7 % 5)
    commands["quantity"] = 1 + number % 3
    return commands


def test_an_array_of_100_000_commands_at_once_gives_the_events_of_an_offline_engine(market):
    commands = orders(100_000)
    before = commands.copy()
    last = market.submit(commands, timeout=60)
    assert last == 7 + len(commands)
    assert commands.tobytes() == before.tobytes()
    market.wait(last, timeout=60)
    parts = []
    while market.read_up_to < last:
        parts.append(market.event_array(timeout=10))
    events = joined(parts)
    assert events.dtype == EVENT
    assert events.tobytes() == offline_events(market, last)
    assert market.account(1).sequence == last


def offline_events(engine, last):
    """The events after the first seven, worked out from the journal in one go."""
    from journal.reader import Reader

    offline = OfflineEngine()
    parts = []
    with Reader(engine._directory) as reader:
        while len(commands := reader.read(last)):
            parts.append(offline.apply(commands))
    events = joined(parts)
    assert engine.state_hash() == (last, offline.state_hash)
    return events[events["sequence"] > 7].tobytes()


def test_one_command_with_more_events_than_the_ring_holds_comes_through(tmp_path):
    """Also where one thread does everything: it empties the ring while the logic waits."""
    for layout in ("invoker", "shared"):
        with Engine.open(
            tmp_path / layout, layout=layout, slots=1024, segment_bytes=SMALL
        ) as engine:
            engine.define_instrument(1, "ACME")
            engine.open_account(1)
            engine.deposit(1, 1_000_000)
            resting = orders(3000)
            resting["side"] = Side.BUY
            last = engine.submit(resting, timeout=30)
            engine.wait(last)
            events = engine.result(engine.end_of_day(), timeout=30)
            assert kinds(events).count(EventType.EXPIRED) == 3000
            assert [event.index for event in events] == list(range(6001))
            assert engine.book(1).bids == ()


def test_nothing_to_submit_is_the_last_sequence(market):
    assert market.submit(np.empty(0, COMMAND)) == 7


def test_what_is_not_an_array_of_commands_is_refused(market):
    for wrong in ([1], np.zeros(2), np.zeros(2, EVENT)):
        with pytest.raises(TypeError, match="COMMAND"):
            market.submit(wrong)
    assert market.open_account(5) == 8


def test_a_command_of_an_unknown_type_is_rejected_and_can_be_shown(market):
    commands = np.zeros(1, COMMAND)
    commands["type"] = commands["side"] = commands["order_type"] = 99
    (event,) = market.result(market.submit(commands))
    assert (event.reason, event.command, event.side) == (Reason.UNKNOWN_COMMAND, 99, 99)
    assert str(event) == "REJECTED 99: UNKNOWN_COMMAND"
