"""The twin against events and balances worked out by hand from docs/matching.md."""

import pytest

from lmax.schema import CommandType, EventType, OrderType, Reason, Side, TimeInForce
from tests.twin import Command, Event, Twin, state
from tests.twin.build import (
    Feed,
    cancel,
    define,
    deposit,
    end_of_day,
    open_account,
    order,
    reduce,
    replace_order,
    withdraw,
)

ALICE, BOB, CAROL = 1, 2, 3
DOLLAR = 10_000


@pytest.fixture
def feed() -> Feed:
    """One instrument; Alice has 10,000.00, Bob 500 shares, Carol 1,000.00 and 50 shares."""
    feed = Feed()
    feed(define(), open_account(ALICE), open_account(BOB), open_account(CAROL))
    feed(deposit(ALICE, 10_000 * DOLLAR), deposit(BOB, 500, instrument=1))
    feed(deposit(CAROL, 1_000 * DOLLAR), deposit(CAROL, 50, instrument=1))
    return feed


def nonzero(event: Event) -> dict[str, int | bytes]:
    """What an event says beyond its sequence, timestamp and command."""
    common = ("sequence", "timestamp", "command")
    return {name: value for name, value in event.items() if value and name not in common}


def kinds(events: list[Event]) -> list[str]:
    return [EventType(event["type"]).name for event in events]


def reason(events: list[Event]) -> Reason:
    assert len(events) == 1
    assert events[0]["type"] == EventType.REJECTED
    return Reason(events[0]["reason"])


def test_a_definition_is_answered_with_its_tick_lot_scale_and_symbol() -> None:
    (event,) = Feed()(define(9, b"IBM", lot_size=10, quantity_scale=1))
    assert event["command"] == CommandType.DEFINE_INSTRUMENT
    assert nonzero(event) == {
        "type": EventType.ACCEPTED,
        "instrument": 9,
        "symbol": b"IBM",
        "quantity_scale": 1,
        "price": 10_000,
        "quantity": 10,
        "flags": 1,
    }


def test_a_trade_says_who_what_and_how_much_on_both_sides(feed: Feed) -> None:
    feed(order(BOB, 70, Side.SELL, 30, 10 * DOLLAR))
    events = feed(order(ALICE, 80, Side.BUY, 100, 11 * DOLLAR, TimeInForce.GTC))
    about = {"client_order_id": 80, "account": ALICE, "instrument": 1, "time_in_force": 1}
    assert [nonzero(event) for event in events] == [
        about | {"type": EventType.ACCEPTED, "price": 110_000, "quantity": 100, "leaves": 100},
        about
        | {
            "type": EventType.FILL,
            "index": 1,
            "price": 100_000,
            "quantity": 30,
            "leaves": 70,
            "trade_id": 1,
            "amount": 3_000_000,
            "maker_client_order_id": 70,
            "maker_account": BOB,
        },
        {"type": EventType.BOOK, "index": 2, "instrument": 1, "side": 1, "price": 100_000},
        {
            "type": EventType.BOOK,
            "index": 3,
            "instrument": 1,
            "price": 110_000,
            "quantity": 70,
            "order_count": 1,
            "flags": 1,
        },
    ]
    assert state.account(feed.twin, ALICE) == (9_700 * DOLLAR, 770 * DOLLAR)
    assert state.position(feed.twin, ALICE, 1) == (30, 0)
    assert state.account(feed.twin, BOB) == (300 * DOLLAR, 0)
    assert state.position(feed.twin, BOB, 1) == (470, 0)


def test_each_level_is_reported_after_its_own_fills(feed: Feed) -> None:
    feed(order(BOB, 1, Side.SELL, 10, 10 * DOLLAR), order(BOB, 2, Side.SELL, 10, 10 * DOLLAR))
    feed(order(BOB, 3, Side.SELL, 10, 11 * DOLLAR))
    events = feed(order(ALICE, 1, Side.BUY, 25, 12 * DOLLAR))
    assert kinds(events) == ["ACCEPTED", "FILL", "FILL", "BOOK", "FILL", "BOOK"]
    assert [event["maker_client_order_id"] for event in events] == [0, 1, 2, 0, 3, 0]
    assert (events[-1]["price"], events[-1]["quantity"]) == (11 * DOLLAR, 5)
    assert [event["trade_id"] for event in events] == [0, 1, 2, 0, 3, 0]


def test_the_end_of_day_goes_by_instrument_and_arrival(feed: Feed) -> None:
    feed(define(2, b"MSFT"), deposit(BOB, 100, instrument=2))
    feed(order(BOB, 1, Side.SELL, 1, 20 * DOLLAR, instrument=2))
    feed(order(BOB, 2, Side.SELL, 2, 21 * DOLLAR))
    feed(order(BOB, 3, Side.SELL, 3, 20 * DOLLAR))
    feed(order(ALICE, 4, Side.BUY, 4, 8 * DOLLAR))
    feed(order(CAROL, 5, Side.BUY, 5, 9 * DOLLAR, TimeInForce.GTC))
    feed(order(ALICE, 6, Side.BUY, 6, 9 * DOLLAR))
    feed(order(ALICE, 7, Side.BUY, 7, 9 * DOLLAR))
    events = feed(end_of_day())
    assert kinds(events) == ["ACCEPTED"] + ["EXPIRED", "BOOK"] * 6
    expired = [event for event in events if event["type"] == EventType.EXPIRED]
    assert [event["client_order_id"] for event in expired] == [2, 3, 4, 6, 7, 1]
    assert {event["reason"] for event in expired} == {Reason.END_OF_DAY}
    assert [event["quantity"] for event in events[2::2]] == [0, 0, 0, 12, 5, 0]
    assert state.account(feed.twin, ALICE) == (10_000 * DOLLAR, 0)


def test_a_rejection_repeats_what_was_sent(feed: Feed) -> None:
    command = Command(
        type=CommandType.NEW_ORDER,
        account=99,
        instrument=1,
        client_order_id=5,
        orig_client_order_id=6,
        price=-7,
        quantity=8,
        side=200,
        order_type=201,
        time_in_force=202,
    )
    (event,) = feed(command)
    assert nonzero(event) == {
        "type": EventType.REJECTED,
        "reason": Reason.UNKNOWN_ACCOUNT,
        "account": 99,
        "instrument": 1,
        "client_order_id": 5,
        "orig_client_order_id": 6,
        "price": -7,
        "quantity": 8,
        "side": 200,
        "order_type": 201,
        "time_in_force": 202,
        "flags": 1,
    }


def test_an_unknown_type_is_rejected_under_that_type(feed: Feed) -> None:
    (event,) = feed(Command(type=77))
    assert (event["command"], event["reason"]) == (77, Reason.UNKNOWN_COMMAND)


def test_business_time_never_stands_still_nor_goes_back() -> None:
    feed = Feed()
    times = [
        feed(Command(type=CommandType.END_OF_DAY, timestamp=given))[0]["timestamp"]
        for given in (100, 100, 50, 103, 0)
    ]
    assert times == [100, 101, 102, 103, 104]


def test_a_gap_in_the_sequence_is_a_fault() -> None:
    twin = Twin()
    with pytest.raises(ValueError, match="expected sequence 1, got 2"):
        twin.apply(Command(sequence=2, type=CommandType.END_OF_DAY))


def test_the_engine_holds_only_so_many_open_orders() -> None:
    feed = Feed(Twin(max_open_orders=1))
    feed(define(), open_account(ALICE), deposit(ALICE, 10_000 * DOLLAR))
    feed(order(ALICE, 1, Side.BUY, 1, 5 * DOLLAR))
    assert reason(feed(order(ALICE, 2, Side.BUY, 1, 5 * DOLLAR))) == Reason.CAPACITY
    assert reason(feed(order(ALICE, 2, Side.BUY, 1))) == Reason.CAPACITY
    assert kinds(feed(replace_order(ALICE, 1, 3, 1, 6 * DOLLAR)))[0] == "REPLACED"
    feed(cancel(ALICE, 3))
    assert kinds(feed(order(ALICE, 2, Side.BUY, 1, 5 * DOLLAR))) == ["ACCEPTED", "BOOK"]


def test_a_market_buy_needs_exactly_what_it_would_spend(feed: Feed) -> None:
    feed(order(BOB, 1, Side.SELL, 50, 10 * DOLLAR), order(BOB, 2, Side.SELL, 50, 20 * DOLLAR))
    feed(withdraw(CAROL, 1), deposit(CAROL, 500 * DOLLAR))
    assert reason(feed(order(CAROL, 1, Side.BUY, 100))) == Reason.INSUFFICIENT_CASH
    feed(deposit(CAROL, 1))
    events = feed(order(CAROL, 1, Side.BUY, 100))
    assert kinds(events) == ["ACCEPTED", "FILL", "BOOK", "FILL", "BOOK"]
    assert state.account(feed.twin, CAROL) == (0, 0)


def test_a_market_fill_or_kill_that_cannot_be_filled_costs_nothing(feed: Feed) -> None:
    feed(order(BOB, 1, Side.SELL, 500, 1_000 * DOLLAR))
    events = feed(order(ALICE, 1, Side.BUY, 501, time_in_force=TimeInForce.FOK))
    assert kinds(events) == ["ACCEPTED", "CANCELLED"]
    assert events[1]["reason"] == Reason.FOK_UNFILLED
    assert (events[1]["quantity"], events[1]["order_type"]) == (501, OrderType.MARKET)


def test_a_replace_that_keeps_its_place_reports_one_level(feed: Feed) -> None:
    feed(order(BOB, 1, Side.SELL, 30, 10 * DOLLAR), order(CAROL, 1, Side.SELL, 5, 10 * DOLLAR))
    feed(order(ALICE, 1, Side.BUY, 10, 10 * DOLLAR))
    events = feed(replace_order(BOB, 1, 2, 25, 10 * DOLLAR))
    assert kinds(events) == ["REPLACED", "BOOK"]
    replaced = events[0]
    assert (replaced["client_order_id"], replaced["orig_client_order_id"]) == (2, 1)
    assert (replaced["quantity"], replaced["leaves"]) == (25, 15)
    assert state.queue(feed.twin, 1, Side.SELL, 10 * DOLLAR) == [(BOB, 2, 15), (CAROL, 1, 5)]
    assert state.position(feed.twin, BOB, 1) == (490, 15)


def test_a_replace_that_crosses_trades_at_the_resting_price(feed: Feed) -> None:
    feed(order(BOB, 1, Side.SELL, 30, 12 * DOLLAR), order(ALICE, 1, Side.BUY, 20, 10 * DOLLAR))
    events = feed(replace_order(ALICE, 1, 2, 50, 13 * DOLLAR))
    assert kinds(events) == ["REPLACED", "BOOK", "FILL", "BOOK", "BOOK"]
    assert (events[1]["price"], events[1]["quantity"]) == (10 * DOLLAR, 0)
    assert (events[2]["price"], events[2]["leaves"]) == (12 * DOLLAR, 20)
    assert (events[4]["price"], events[4]["quantity"]) == (13 * DOLLAR, 20)
    assert state.account(feed.twin, ALICE) == (9_640 * DOLLAR, 260 * DOLLAR)


def test_a_replace_below_what_is_filled_cancels_under_the_old_id_and_uses_up_the_new(
    feed: Feed,
) -> None:
    feed(order(BOB, 1, Side.SELL, 30, 10 * DOLLAR), order(ALICE, 1, Side.BUY, 10, 10 * DOLLAR))
    events = feed(replace_order(BOB, 1, 2, 10, 11 * DOLLAR))
    assert kinds(events) == ["CANCELLED", "BOOK"]
    assert (events[0]["client_order_id"], events[0]["orig_client_order_id"]) == (1, 0)
    assert (events[0]["quantity"], events[0]["reason"]) == (20, Reason.BELOW_FILLED)
    assert events[0]["price"] == 10 * DOLLAR
    again = feed(order(BOB, 2, Side.SELL, 1, 10 * DOLLAR))
    assert reason(again) == Reason.DUPLICATE_CLIENT_ORDER_ID
    assert reason(feed(cancel(BOB, 1))) == Reason.TOO_LATE


def test_a_replace_may_use_what_the_old_order_holds(feed: Feed) -> None:
    feed(order(CAROL, 1, Side.BUY, 100, 10 * DOLLAR), order(CAROL, 2, Side.SELL, 50, 40 * DOLLAR))
    assert reason(feed(replace_order(CAROL, 1, 3, 101, 10 * DOLLAR))) == Reason.INSUFFICIENT_CASH
    assert kinds(feed(replace_order(CAROL, 1, 3, 50, 20 * DOLLAR)))[0] == "REPLACED"
    assert state.account(feed.twin, CAROL) == (1_000 * DOLLAR, 1_000 * DOLLAR)
    assert reason(feed(replace_order(CAROL, 2, 4, 51, 40 * DOLLAR))) == Reason.INSUFFICIENT_SHARES
    assert kinds(feed(replace_order(CAROL, 2, 4, 50, 41 * DOLLAR)))[0] == "REPLACED"


def test_reducing_keeps_the_place_and_reducing_all_ends_the_order(feed: Feed) -> None:
    feed(order(BOB, 1, Side.SELL, 30, 10 * DOLLAR), order(BOB, 2, Side.SELL, 5, 10 * DOLLAR))
    events = feed(reduce(BOB, 1, 10))
    assert kinds(events) == ["REDUCED", "BOOK"]
    assert (events[0]["quantity"], events[0]["leaves"]) == (10, 20)
    assert state.queue(feed.twin, 1, Side.SELL, 10 * DOLLAR) == [(BOB, 1, 20), (BOB, 2, 5)]
    events = feed(reduce(BOB, 1, 1_000))
    assert (events[0]["type"], events[0]["quantity"]) == (EventType.CANCELLED, 20)
    assert events[0]["reason"] == Reason.REDUCED_TO_ZERO
    assert (events[1]["quantity"], events[1]["order_count"]) == (5, 1)


def test_ids_are_forgotten_at_the_end_of_the_day_unless_still_open(feed: Feed) -> None:
    feed(order(ALICE, 1, Side.BUY, 1, 5 * DOLLAR), order(BOB, 1, Side.SELL, 2, 5 * DOLLAR))
    feed(order(ALICE, 2, Side.BUY, 1, 4 * DOLLAR, TimeInForce.GTC), end_of_day())
    assert reason(feed(cancel(ALICE, 1))) == Reason.UNKNOWN_ORDER
    again = feed(order(ALICE, 2, Side.BUY, 1, 4 * DOLLAR))
    assert reason(again) == Reason.DUPLICATE_CLIENT_ORDER_ID
    assert kinds(feed(order(ALICE, 1, Side.BUY, 1, 5 * DOLLAR)))[0] == "ACCEPTED"
