"""The twin's small parts, against results worked out by hand."""

import dataclasses

import numpy as np
import pytest

from lmax.schema import COMMAND, COMMAND_FIELDS, EVENT, EVENT_FIELDS, CommandType, EventType, Side
from tests.twin import Command
from tests.twin.accounts import CASH, Accounts
from tests.twin.book import Book
from tests.twin.build import define
from tests.twin.events import blank_event
from tests.twin.instruments import definition_is_valid, symbol_is_valid
from tests.twin.numbers import MAX_INT64, notional
from tests.twin.order import Order, Place, crosses
from tests.twin.records import (
    array_to_commands,
    array_to_events,
    commands_to_array,
    events_to_array,
    normalised,
)


def resting(side: Side, price: int, leaves: int, client_order_id: int = 1) -> Order:
    return Order(1, client_order_id, 1, side, 0, 0, price, leaves, leaves)


def test_notional_divides_by_the_scale_exactly() -> None:
    assert notional(1_012_500, 300, 0) == 303_750_000
    assert notional(100, 1_500, 3) == 150
    assert notional(MAX_INT64, 10**9, 9) == MAX_INT64


def test_notional_that_is_not_whole_is_an_error() -> None:
    with pytest.raises(ArithmeticError, match="not a whole number"):
        notional(1, 1, 1)


def test_available_is_what_is_not_reserved() -> None:
    accounts = Accounts()
    accounts.open(7)
    cash = accounts.of(7, CASH)
    cash.total, cash.reserved = 100, 30
    assert accounts.of(7, CASH).available == 70


def test_moving_to_oneself_changes_nothing() -> None:
    accounts = Accounts()
    accounts.open(7)
    accounts.of(7, CASH).total = 100
    accounts.move(CASH, 7, 7, 40)
    assert accounts.of(7, CASH).total == 100


def test_the_total_of_an_asset_spans_accounts() -> None:
    accounts = Accounts()
    for account, shares in ((1, 5), (2, 8)):
        accounts.open(account)
        accounts.of(account, 3).total = shares
    assert accounts.total_of(3) == 13
    assert accounts.total_of(4) == 0


def test_bids_are_best_from_above_and_asks_from_below() -> None:
    book = Book()
    for price in (20, 30, 10):
        book.add(resting(Side.BUY, price, 1), Place.DISPLAYED)
        book.add(resting(Side.SELL, price + 100, 1), Place.DISPLAYED)
    assert book.prices(Side.BUY) == [30, 20, 10]
    assert book.prices(Side.SELL) == [110, 120, 130]
    assert (book.best(Side.BUY), book.best(Side.SELL)) == (30, 110)


def test_a_limit_crosses_only_prices_at_least_as_good() -> None:
    assert [crosses(Side.BUY, 11, price) for price in (10, 11, 12)] == [True, True, False]
    assert [crosses(Side.SELL, 11, price) for price in (10, 11, 12)] == [False, True, True]
    assert crosses(Side.BUY, None, 99)


def test_a_level_vanishes_with_its_last_order() -> None:
    book = Book()
    first, second = resting(Side.BUY, 10, 3, 1), resting(Side.BUY, 10, 3, 2)
    book.add(first, Place.DISPLAYED)
    book.add(second, Place.DISPLAYED)
    book.remove(first)
    assert book.queue(Side.BUY, 10) == [second]
    book.remove(second)
    assert book.prices(Side.BUY) == []


def test_every_place_counts_for_a_side_and_keeps_its_own_order() -> None:
    book, orders = Book(), [resting(Side.BUY, 10, n, n) for n in range(1, 6)]
    for order, place in zip(reversed(orders), list(Place)[1:], strict=True):
        order.arrival = 9 - order.leaves
        book.add(order, place)
    assert book.open_quantity(Side.BUY) == 15
    assert book.open_quantity(Side.SELL) == 0
    assert book.orders() == orders[::-1]
    assert [book.stops, book.waiting, book.held] == [[orders[2]], [orders[1]], [orders[0]]]


@pytest.mark.parametrize("symbol", [b"A", b"BRK.B", b"!~!~!~!~", b"AAPL\0\0\0\0"])
def test_symbols_that_are_valid(symbol: bytes) -> None:
    assert symbol_is_valid(symbol)


@pytest.mark.parametrize("symbol", [b"", b"\0\0", b"A B", b"A\0B", b"\x7fA", b"NINECHARS", b"\xc4"])
def test_symbols_that_are_not_valid(symbol: bytes) -> None:
    assert not symbol_is_valid(symbol)


@pytest.mark.parametrize(
    "change",
    [
        {"tick_size": 0},
        {"tick_size": -10_000},
        {"lot_size": 0},
        {"quantity_scale": 10},
        {"quantity_scale": 5},
        {"min_price": 9_999},
        {"min_price": 15_000},
        {"max_price": 15_000},
        {"min_price": 20_000, "max_price": 10_000},
        {"max_quantity": 0},
        {"lot_size": 100, "max_quantity": 150},
        {"lot_size": 100, "max_quantity": 50},
    ],
)
def test_a_definition_with_one_field_that_makes_no_sense_is_not_valid(
    change: dict[str, int],
) -> None:
    assert definition_is_valid(define())
    assert not definition_is_valid(define(**change))


def test_commands_have_the_fields_of_the_schema_in_order() -> None:
    names = [field.name for field in dataclasses.fields(Command)]
    assert names == [field.name for field in COMMAND_FIELDS]


def test_commands_survive_the_way_through_an_array() -> None:
    commands = [define(2, b"MSFT"), Command(sequence=2**64 - 1, price=-(2**63), symbol=b"A\0B")]
    array = commands_to_array(commands)
    assert array.dtype == COMMAND
    there = array_to_commands(array)
    assert [c.sequence for c in there] == [0, 2**64 - 1]
    assert [c.symbol for c in there] == [b"MSFT", b"A\0B"]
    assert there[1].price == -(2**63)
    assert commands_to_array(there).tobytes() == array.tobytes()
    assert normalised(there) == there
    assert array_to_commands(commands_to_array([])) == []


def test_a_command_read_from_a_record_has_the_fields_of_every_body() -> None:
    """They share their bytes, so each says something; only those of its type are looked at."""
    (command,) = normalised([Command(offset=7, session=9)])
    assert (command.offset, command.tick_size, command.numerator) == (7, 7, 7)
    assert (command.session, command.max_quantity) == (9, 9)


def test_events_survive_the_way_through_an_array() -> None:
    definition = {"type": EventType.ACCEPTED, "command": CommandType.DEFINE_INSTRUMENT}
    events = [
        blank_event() | definition | {"amount": MAX_INT64, "symbol": b"AAPL"},
        blank_event() | {"sequence": 5, "trigger_price": -7},
    ]
    assert list(events[0]) == [field.name for field in EVENT_FIELDS]
    array = events_to_array(events)
    assert array.dtype == EVENT
    assert array_to_events(array) == events
    assert len(events_to_array([])) == 0


def test_a_value_too_large_for_its_field_is_an_error() -> None:
    with pytest.raises(OverflowError):
        commands_to_array([Command(price=2**63)])
    assert np.iinfo(np.int64).max == MAX_INT64
