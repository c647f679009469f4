"""One instrument's open orders, each in its place: price, then time."""

from collections.abc import Iterator

from lmax.schema import Side
from tests.twin.order import Order, Place

type Levels = dict[int, dict[int, list[Order]]]


def best_first(prices: Iterator[int] | set[int], side: int) -> list[int]:
    return sorted(prices, reverse=side == Side.BUY)


class Book:
    """Displayed and hidden orders by side and price, and three lines; all the oldest first."""

    def __init__(self) -> None:
        self.displayed: Levels = {Side.BUY: {}, Side.SELL: {}}
        self.hidden: Levels = {Side.BUY: {}, Side.SELL: {}}
        self.stops: list[Order] = []
        self.waiting: list[Order] = []
        self.held: list[Order] = []

    def prices(self, side: int) -> list[int]:
        """The prices of a side's displayed levels, the best first."""
        return best_first(iter(self.displayed[side]), side)

    def best(self, side: int) -> int | None:
        """The best displayed price."""
        prices = self.displayed[side]
        if not prices:
            return None
        return max(prices) if side == Side.BUY else min(prices)

    def queue(self, side: int, price: int) -> list[Order]:
        """The displayed orders at a price, oldest first (a copy; empty if there are none)."""
        return list(self.displayed[side].get(price, []))

    def hidden_queue(self, side: int, price: int) -> list[Order]:
        """The hidden orders at a price, oldest first (a copy; empty if there are none)."""
        return list(self.hidden[side].get(price, []))

    def orders(self) -> list[Order]:
        """Every open order, wherever it is, in order of arrival."""
        return sorted(self._everywhere(), key=lambda order: order.arrival)

    def open_quantity(self, side: int) -> int:
        """The leaves of all orders of a side, wherever they are."""
        return sum(order.leaves for order in self._everywhere() if order.side == side)

    def _everywhere(self) -> Iterator[Order]:
        for levels in (*self.displayed.values(), *self.hidden.values()):
            for queue in levels.values():
                yield from queue
        for line in (self.stops, self.waiting, self.held):
            yield from line

    def add(self, order: Order, place: Place) -> None:
        """Put an order at the end of its queue in a place."""
        order.place = place
        if place in (Place.DISPLAYED, Place.HIDDEN):
            order.show_anew()
            self._levels(order).setdefault(order.price, []).append(order)
        else:
            self._line(order).append(order)

    def remove(self, order: Order) -> None:
        """Take an order out of its place; one that is nowhere stays so."""
        if order.place in (Place.DISPLAYED, Place.HIDDEN):
            levels = self._levels(order)
            levels[order.price].remove(order)
            if not levels[order.price]:
                del levels[order.price]
        elif order.place != Place.NOWHERE:
            self._line(order).remove(order)
        order.place = Place.NOWHERE

    def requeue(self, order: Order) -> None:
        """Move a displayed order behind the others at its price."""
        place = order.place
        self.remove(order)
        self.add(order, place)

    def _levels(self, order: Order) -> dict[int, list[Order]]:
        return (self.displayed if order.place == Place.DISPLAYED else self.hidden)[order.side]

    def _line(self, order: Order) -> list[Order]:
        lines = {Place.STOPS: self.stops, Place.WAITING: self.waiting, Place.HELD: self.held}
        return lines[order.place]
