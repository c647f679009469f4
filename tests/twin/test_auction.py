"""The price of an auction against every tick there is, and who trades in it."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from lmax.schema import OrderType, Side, TimeInForce
from tests.twin.auction import Outcome, auction, best_of, in_turn, outcome_at, pairs
from tests.twin.order import Order, Place
from tests.twin.ticks import TickTables

TICK = 5
LIMIT, DAY = OrderType.LIMIT, TimeInForce.DAY

BUY, SELL = Side.BUY, Side.SELL


def resting(
    side: Side, quantity: int, price: int, arrival: int = 0, place: Place = Place.DISPLAYED
) -> Order:
    order = Order(1, arrival, 1, side, LIMIT, DAY, price, quantity, quantity)
    order.arrival, order.place = arrival, place
    return order


def book(*orders: tuple[Side, int, int]) -> list[Order]:
    return [resting(*order, arrival) for arrival, order in enumerate(orders)]


@st.composite
def books(draw: st.DrawFn) -> list[Order]:
    """Up to a dozen orders within 20 ticks, in any order of arrival."""
    one = st.tuples(
        st.sampled_from(Side),
        st.integers(1, 30),
        st.integers(1, 20).map(lambda ticks: ticks * TICK),
        st.sampled_from([Place.DISPLAYED, Place.DISPLAYED, Place.HIDDEN]),
    )
    drawn = draw(st.lists(one, max_size=12))
    return [
        resting(side, quantity, price, arrival, place)
        for arrival, (side, quantity, price, place) in enumerate(drawn)
    ]


references = st.integers(0, 24 * TICK)


def every_tick(orders: list[Order], reference: int) -> Outcome:
    """The best of all prices from the best ask to the best bid, one by one."""
    bids = [o.price for o in orders if o.side == BUY]
    asks = [o.price for o in orders if o.side == SELL]
    if not bids or not asks or max(bids) < min(asks):
        return Outcome()
    return best_of(orders, range(min(asks), max(bids) + 1, TICK), reference)


@given(books(), references)
def test_the_price_is_the_best_of_all_ticks(orders: list[Order], reference: int) -> None:
    assert auction(orders, TICK, reference) == every_tick(orders, reference)


TABLE = TickTables(TICK, in_force=[(0, TICK), (3 * TICK, 3 * TICK), (10 * TICK, 5 * TICK)])


@given(books(), references)
def test_a_tick_table_leaves_its_own_prices_if_one_of_them_trades_as_much(
    orders: list[Order], reference: int
) -> None:
    best = every_tick(orders, reference)
    prices = range(best.price % TICK, 21 * TICK, TICK)
    as_much = [p for p in prices if p and outcome_at(orders, p).volume == best.volume]
    allowed = [p for p in as_much if p % TABLE.tick_at(p, 0) == 0]
    expected = best_of(orders, allowed, reference) if best.volume and allowed else best
    assert auction(orders, TICK, reference, lambda price: TABLE.around(price, 0)) == expected


@given(books(), references)
def test_no_other_price_trades_more(orders: list[Order], reference: int) -> None:
    found = auction(orders, TICK, reference)
    for price in range(TICK, 21 * TICK, TICK):
        buys = sum(o.leaves for o in orders if o.side == BUY and o.price >= price)
        sells = sum(o.leaves for o in orders if o.side == SELL and o.price <= price)
        assert min(buys, sells) <= found.volume
        if found.volume and min(buys, sells) == found.volume:
            assert abs(buys - sells) >= abs(found.surplus)


def execute(orders: list[Order], volume: int) -> list[tuple[Order, Order, int]]:
    fills = []
    for buy, sell, quantity in pairs(orders, volume):
        buy.leaves -= quantity
        sell.leaves -= quantity
        fills.append((buy, sell, quantity))
    return fills


@given(books(), references)
def test_everyone_trades_at_a_price_he_takes_and_the_volume_is_used_up(
    orders: list[Order], reference: int
) -> None:
    found = auction(orders, TICK, reference)
    fills = execute(orders, found.volume)
    assert sum(quantity for _, _, quantity in fills) == found.volume
    assert all(sell.price <= found.price <= buy.price for buy, sell, _ in fills)
    assert all(quantity > 0 for _, _, quantity in fills)


@given(books(), references)
def test_nobody_who_comes_before_another_is_left_out(orders: list[Order], reference: int) -> None:
    """Of each side a beginning of the line is filled, and at most the last of it in part."""
    lines = {side: in_turn(orders, side) for side in Side}
    found = auction(orders, TICK, reference)
    execute(orders, found.volume)
    for line in lines.values():
        filled = [order.leaves == 0 for order in line]
        first_open = filled.index(False) if False in filled else len(line)
        assert not any(filled[first_open:])
        assert all(order.leaves == order.quantity for order in line[first_open + 1 :])


@given(books(), references)
def test_nothing_that_still_crosses_the_price_is_left_on_both_sides(
    orders: list[Order], reference: int
) -> None:
    found = auction(orders, TICK, reference)
    execute(orders, found.volume)
    if found.volume:
        left = [sum(_open_at(orders, side, found.price)) for side in Side]
        assert min(left) == 0
        assert max(left) == abs(found.surplus)


def _open_at(orders: list[Order], side: Side, price: int) -> Iterable[int]:
    for order in orders:
        crosses = order.price >= price if side == BUY else order.price <= price
        if order.side == side and crosses:
            yield order.leaves


def test_most_volume_wins() -> None:
    orders = book((BUY, 10, 60), (BUY, 20, 55), (SELL, 10, 50), (SELL, 25, 55))
    assert auction(orders, TICK, 0) == Outcome(55, 30, -5)


def test_at_equal_volume_the_least_surplus_wins() -> None:
    orders = book((BUY, 10, 60), (SELL, 10, 50), (SELL, 5, 60))
    assert auction(orders, TICK, 60) == Outcome(55, 10, 0)


def test_at_equal_surplus_the_price_closest_to_the_reference_wins() -> None:
    orders = book((BUY, 10, 70), (SELL, 10, 50))
    assert auction(orders, TICK, 66).price == 65
    assert auction(orders, TICK, 90).price == 70
    assert auction(orders, TICK, 5).price == 50


def test_at_equal_distance_or_without_a_reference_the_lower_price_wins() -> None:
    orders = book((BUY, 10, 70), (SELL, 10, 50))
    assert auction(orders, 10, 65).price == 60
    assert auction(orders, TICK, 0).price == 50


def test_a_surplus_of_the_other_side_is_not_less() -> None:
    """5 too many buys below, 5 too many sells above: only the reference tells them apart."""
    orders = book((BUY, 10, 60), (BUY, 5, 50), (SELL, 10, 50), (SELL, 5, 60))
    assert auction(orders, 10, 60) == Outcome(60, 10, -5)
    assert auction(orders, 10, 50) == Outcome(50, 10, 5)


def test_a_wide_gap_is_no_work() -> None:
    orders = book((BUY, 10, 2**62 // TICK * TICK), (SELL, 10, TICK))
    assert auction(orders, TICK, 10**15) == Outcome(10**15, 10, 0)


def test_nothing_crosses() -> None:
    assert auction(book((BUY, 10, 50), (SELL, 10, 55)), TICK, 50) == Outcome()
    assert auction(book((BUY, 10, 50)), TICK, 50) == Outcome()
    assert auction([], TICK, 50) == Outcome()


def test_displayed_comes_before_hidden_and_old_before_new_at_a_price() -> None:
    hidden, new, old, better = (
        resting(BUY, 5, 50, 1, Place.HIDDEN),
        resting(BUY, 5, 50, 3),
        resting(BUY, 5, 50, 2),
        resting(BUY, 5, 55, 4, Place.HIDDEN),
    )
    assert in_turn([hidden, new, old, better], BUY) == [better, old, new, hidden]


def test_a_price_is_too_far_only_beyond_the_collar() -> None:
    assert not Outcome(110, 1, 0).is_beyond(100, 1_000)
    assert Outcome(111, 1, 0).is_beyond(100, 1_000)
    assert Outcome(89, 1, 0).is_beyond(100, 1_000)
    assert not Outcome(89, 1, 0).is_beyond(0, 1_000)
    assert not Outcome(89, 1, 0).is_beyond(100, 0)
    assert not Outcome().is_beyond(100, 1_000)
