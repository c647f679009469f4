"""One instrument's open orders: price, then time."""

from collections.abc import Iterator
from dataclasses import dataclass

from lmax.schema import Side


@dataclass(eq=False)
class Order:
    """An order that was accepted; ``leaves`` of its ``quantity`` are still open."""

    account: int
    client_order_id: int
    instrument: int
    side: int
    order_type: int
    time_in_force: int
    price: int
    quantity: int
    leaves: int

    @property
    def filled(self) -> int:
        return self.quantity - self.leaves


def opposite(side: int) -> int:
    return Side.SELL if side == Side.BUY else Side.BUY


class Book:
    """Two sides; each maps a price to its orders, the oldest first."""

    def __init__(self) -> None:
        self.sides: dict[int, dict[int, list[Order]]] = {Side.BUY: {}, Side.SELL: {}}

    def prices(self, side: int) -> list[int]:
        """The prices of a side's levels, the best first."""
        return sorted(self.sides[side], reverse=side == Side.BUY)

    def queue(self, side: int, price: int) -> list[Order]:
        """The orders at a level, oldest first (a copy; empty if there is no such level)."""
        return list(self.sides[side].get(price, []))

    def orders(self, side: int) -> Iterator[Order]:
        """Every order of a side, from the best price outwards, oldest first."""
        for price in self.prices(side):
            yield from self.queue(side, price)

    def open_quantity(self, side: int) -> int:
        return sum(order.leaves for queue in self.sides[side].values() for order in queue)

    def add(self, order: Order) -> None:
        """Rest an order behind what rests at its price."""
        self.sides[order.side].setdefault(order.price, []).append(order)

    def remove(self, order: Order) -> None:
        queue = self.sides[order.side][order.price]
        queue.remove(order)
        if not queue:
            del self.sides[order.side][order.price]

    def crossing(self, side: int, limit: int | None) -> list[int]:
        """Prices an incoming order of ``side`` may trade at, best first; no limit: all of them."""
        prices = self.prices(opposite(side))
        if limit is None:
            return prices
        if side == Side.BUY:
            return [price for price in prices if price <= limit]
        return [price for price in prices if price >= limit]

    def fillable(self, side: int, limit: int | None, quantity: int) -> list[tuple[int, int]]:
        """(price, quantity) of what an incoming order would trade now, the best price first."""
        found = []
        for price in self.crossing(side, limit):
            for order in self.queue(opposite(side), price):
                traded = min(order.leaves, quantity)
                if traded:
                    found.append((price, traded))
                quantity -= traded
        return found
