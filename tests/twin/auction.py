"""The price of an auction and who trades with whom: orders in, pairs out, nothing changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lmax.schema import Side
from tests.twin.order import Order, Place

type Around = Callable[[int], tuple[int, int]]


@dataclass(frozen=True)
class Outcome:
    """What an auction comes to. surplus: what buys at the price less what sells there.

    All zero if nothing crosses.
    """

    price: int = 0
    volume: int = 0
    surplus: int = 0

    @property
    def side(self) -> Side:
        """The side that has too much."""
        return Side.SELL if self.surplus < 0 else Side.BUY

    def is_beyond(self, reference: int, collar: int) -> bool:
        """Whether the price is farther than ``collar`` 10^-4 from a reference (0: no limit)."""
        if not (reference and collar and self.volume):
            return False
        return abs(self.price - reference) * 10**4 > reference * collar


def outcome_at(orders: Sequence[Order], price: int) -> Outcome:
    """What would be executed at a price, and how much of one side would be left."""
    buys = sum(o.leaves for o in orders if o.side == Side.BUY and o.price >= price)
    sells = sum(o.leaves for o in orders if o.side == Side.SELL and o.price <= price)
    return Outcome(price, min(buys, sells), buys - sells)


def auction(
    orders: Sequence[Order], tick: int, reference: int, around: Around | None = None
) -> Outcome:
    """Most volume, then least surplus, then closest to the reference (0: none), then lowest.

    Tried are all prices next to which something changes; between two of them nothing does.
    around: the prices that a tick table has next to one: only those, if one has that volume.
    """
    bids = [o.price for o in orders if o.side == Side.BUY]
    asks = [o.price for o in orders if o.side == Side.SELL]
    if not bids or not asks or max(bids) < min(asks):
        return Outcome()
    near = reference // tick * tick
    tried = {near, near + tick}
    tried |= {price + step for price in bids + asks for step in (-tick, 0, tick)}
    if around:
        tried |= {on_tick for price in {*tried, reference} for on_tick in around(price)}
    found = [p for p in tried if min(asks) <= p <= max(bids)]
    return best_of(orders, _allowed(orders, found, around) if around else found, reference)


def _allowed(orders: Sequence[Order], prices: Sequence[int], around: Around) -> Sequence[int]:
    """Of the prices with the most volume those on a tick of the table, or all prices."""
    volumes = {price: outcome_at(orders, price).volume for price in prices}
    most = max(volumes.values())
    on_tick = [p for p in prices if volumes[p] == most and around(p) == (p, p)]
    return on_tick or prices


def best_of(orders: Sequence[Order], prices: Sequence[int], reference: int) -> Outcome:
    """The outcome at the best of some prices."""

    def rank(outcome: Outcome) -> tuple[int, int, int, int]:
        away = abs(outcome.price - reference) if reference else 0
        return -outcome.volume, abs(outcome.surplus), away, outcome.price

    return min((outcome_at(orders, price) for price in prices), key=rank)


def in_turn(orders: Sequence[Order], side: Side) -> list[Order]:
    """A side's orders as they are served: price, then displayed before hidden, then the oldest."""
    sign = -1 if side == Side.BUY else 1
    own = [order for order in orders if order.side == side]
    return sorted(own, key=lambda o: (sign * o.price, o.place == Place.HIDDEN, o.arrival))


def pairs(orders: Sequence[Order], volume: int) -> Iterator[tuple[Order, Order, int]]:
    """(buy, sell, quantity) of each fill; the leaves must be lowered before the next is asked."""
    buys, sells = in_turn(orders, Side.BUY), in_turn(orders, Side.SELL)
    while volume:
        quantity = min(buys[0].leaves, sells[0].leaves, volume)
        volume -= quantity
        yield buys[0], sells[0], quantity
        buys = [order for order in buys if order.leaves]
        sells = [order for order in sells if order.leaves]
