"""Tick tables, splits and the log of trades of the twin, each against what it must be."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lmax.schema import CommandType, OrderType, Side
from tests.twin import Command
from tests.twin.build import define
from tests.twin.instruments import instrument_from
from tests.twin.numbers import MAX_INT64
from tests.twin.order import Order
from tests.twin.splits import Split, split_order
from tests.twin.ticks import TickTables
from tests.twin.trades import Trade, TradeLog

parts = st.integers(1, 1000)


def row(number: int, rows: int, price: int, tick: int, effective_time: int = 0) -> Command:
    return Command(
        type=CommandType.SET_TICK_ROW,
        instrument=1,
        row=number,
        rows=rows,
        price=price,
        tick_size=tick,
        effective_time=effective_time,
    )


def tables(*rows: Command, now: int = 0) -> TickTables:
    ticks = TickTables(10)
    for one in rows:
        assert ticks.takes(one), one
        ticks.set_row(one, now)
    return ticks


def test_without_a_table_the_tick_is_the_same_everywhere() -> None:
    ticks = TickTables(10)
    assert [ticks.tick_at(price, 0) for price in (1, 10**18)] == [10, 10]


def test_the_tick_is_that_of_the_last_row_that_begins_at_or_below_the_price() -> None:
    ticks = tables(row(0, 3, 0, 10), row(1, 3, 100, 50), row(2, 3, 1000, 500))
    found = [ticks.tick_at(price, 0) for price in (1, 99, 100, 999, 1000, MAX_INT64)]
    assert found == [10, 10, 50, 50, 500, 500]


def test_a_table_holds_when_its_last_row_is_set_and_its_time_has_come() -> None:
    ticks = tables(row(0, 2, 0, 20, 5), row(1, 2, 100, 50, 30))
    assert [ticks.tick_at(100, now) for now in (29, 30)] == [10, 50]
    ticks.set_row(row(0, 2, 0, 30), 31)
    assert ticks.tick_at(50, 40) == 20


def test_a_later_table_takes_the_place_of_one_that_waits_but_not_of_one_in_force() -> None:
    ticks = tables(row(0, 1, 0, 20, 30))
    ticks.set_row(row(0, 1, 0, 40, 50), 10)
    assert [ticks.tick_at(1, now) for now in (30, 50)] == [10, 40]
    ticks.set_row(row(0, 1, 0, 60, 90), 60)
    assert [ticks.tick_at(1, now) for now in (89, 90)] == [40, 60]


@pytest.mark.parametrize(
    "wrong",
    [
        row(0, 0, 0, 10),
        row(0, 25, 0, 10),
        row(0, 2, 10, 10),
        row(1, 2, 200, 10),
        row(2, 3, 50, 10),
        row(1, 3, 0, 10),
        row(1, 3, 100, 15),
        row(1, 3, 105, 10),
        row(1, 3, 100, 0),
        row(1, 3, 100, -10),
        row(3, 3, 100, 10),
    ],
)
def test_a_row_that_does_not_follow_is_not_taken(wrong: Command) -> None:
    ticks = tables(row(0, 3, 0, 10))
    assert not ticks.takes(wrong)
    assert ticks.takes(row(1, 3, 10, 10))
    assert ticks.takes(row(0, 1, 0, 10))


def a_split(new: int, old: int, lot: int = 1, scale: int = 0, tick: int = 10_000) -> Split:
    definition = define(lot_size=lot, quantity_scale=scale, tick_size=tick)
    return Split(instrument_from(definition), new, old)


@given(parts, parts, st.integers(0, MAX_INT64), st.integers(1, 10**6))
def test_quantities_are_rounded_down_to_the_lot_and_prices_to_the_tick(
    new: int, old: int, value: int, step: int
) -> None:
    split = a_split(new, old, lot=step, tick=step)
    most, more, less = Fraction(MAX_INT64), Fraction(value * new, old), Fraction(value * old, new)
    assert split.quantity(value) == (min(more, most) / step).__floor__() * step
    assert split.price_down(value) == (min(less, most) / step).__floor__() * step
    assert split.price_up(value) == (less / step).__ceil__() * step


@given(parts, parts, st.integers(0, MAX_INT64), st.integers(0, 10**12))
def test_cash_in_lieu_is_what_the_lot_cuts_off_at_the_price_rounded_down(
    new: int, old: int, shares: int, price: int
) -> None:
    split = a_split(new, old, lot=1000, scale=3)
    assume(shares * new // old <= MAX_INT64)
    cut_off = Fraction(shares * new, old) - split.quantity(shares)
    assert 0 <= cut_off < 1000
    assert split.cash_in_lieu(shares, price) == (cut_off * price / 1000).__floor__()


@given(parts, st.lists(st.integers(1, 10**6), min_size=1), st.integers(1, 100))
def test_what_orders_reserve_never_outgrows_the_position(
    new: int, leaves: list[int], lot: int
) -> None:
    split = a_split(new + 1, 1 + new // 2, lot=lot)
    together = sum(split.quantity(quantity) for quantity in leaves)
    assert together <= split.quantity(sum(leaves))


def test_an_order_that_cannot_live_on_is_left_as_it_was() -> None:
    split = a_split(2, 1)
    order = Order(1, 1, 1, Side.BUY, OrderType.LIMIT, 1, 10_000, 500_001, 500_001)
    before = vars(order).copy()
    assert not split_order(split, order, now=0)
    assert vars(order) == before
    order.leaves = order.quantity = 500_000
    order.price = 20_000
    assert split_order(split, order, now=0)
    assert (order.price, order.leaves, order.quantity) == (10_000, 1_000_000, 1_000_000)


def test_the_log_forgets_the_oldest_trade_and_those_of_a_split_instrument() -> None:
    log = TradeLog(limit=3)
    for instrument in (1, 2, 1, 2):
        log.add(Trade(instrument, 5, 6, 10, 1))
    assert [log.find(i, 1) is None for i in (1, 2, 3, 4, 5)] == [True, True, False, True, True]
    assert log.find(4, 2) is not None
    log.forget(1)
    assert log.find(3, 1) is None
    assert log.find(2, 2) is not None
    assert log.add(Trade(1, 5, 6, 10, 1)) == 5
    assert log.find(5, 1) is not None
