"""What a split makes of quantities, prices, orders and positions: plain arithmetic."""

from dataclasses import dataclass

from lmax.schema import Instruction, OrderType, Side
from tests.twin.instruments import Instrument
from tests.twin.numbers import MAX_INT64
from tests.twin.order import Order
from tests.twin.stops import set_trigger


@dataclass(frozen=True)
class Split:
    """``new`` shares for ``old`` ones of an instrument."""

    instrument: Instrument
    new: int
    old: int

    def quantity(self, quantity: int) -> int:
        """Rounded down to the lot."""
        return _scaled(quantity, self.new, self.old, self.instrument.lot_size)

    def at_least_a_lot(self, quantity: int) -> int:
        """0 stays 0."""
        return max(self.quantity(quantity), self.instrument.lot_size) if quantity else 0

    def price_down(self, price: int) -> int:
        """Rounded down to the tick."""
        return _scaled(price, self.old, self.new, self.instrument.tick_size)

    def price_up(self, price: int) -> int:
        """Rounded up to the tick, of an order: more new shares than old ones."""
        return -(-price * self.old // (self.new * self.instrument.tick_size)) * (
            self.instrument.tick_size
        )

    def at_least_a_tick(self, price: int) -> int:
        """Rounded down; 0, which stands for no price, stays 0."""
        return max(self.price_down(price), self.instrument.tick_size) if price else 0

    def cash_in_lieu(self, shares: int, price: int) -> int:
        """Money for what the lot cuts off a position, at a price a (new) share, rounded down."""
        cut_off = shares * self.new - self.quantity(shares) * self.old
        return cut_off * price // (self.old * 10**self.instrument.quantity_scale)


def _scaled(value: int, new: int, old: int, step: int) -> int:
    """At most 2^63 - 1, then down to a multiple of the step."""
    return min(value * new // old, MAX_INT64) // step * step


def split_order(split: Split, order: Order, now: int) -> bool:
    """Adjust an order; False, and nothing is changed, if it cannot live on."""
    instrument = split.instrument
    leaves, filled = split.quantity(order.leaves), split.quantity(order.filled)
    price, trigger = _split_price(split, order, now), _split_trigger(split, order, now)
    prices = [price] if order.price else []
    if order.is_stop and order.order_type != OrderType.TRAILING_STOP:
        prices.append(trigger)
    if leaves == 0 or leaves + filled > instrument.max_quantity:
        return False
    if not all(instrument.min_price <= p <= instrument.max_price for p in prices):
        return False
    order.leaves, order.quantity = leaves, leaves + filled
    order.price, order.trigger_price = price, trigger
    order.display_quantity = split.at_least_a_lot(order.display_quantity)
    order.min_quantity = split.at_least_a_lot(order.min_quantity)
    order.offset = _split_offset(split, order)
    order.best = split.at_least_a_tick(order.best)
    if order.order_type == OrderType.TRAILING_STOP:
        set_trigger(instrument, order)
    return True


def _split_price(split: Split, order: Order, now: int) -> int:
    ticks = split.instrument.ticks
    if order.side == Side.BUY:
        return ticks.around(split.price_down(order.price), now)[0]
    price = ticks.around(split.price_up(order.price), now)[1]
    if order.order_type == OrderType.MARKET and order.price:
        return max(price, split.instrument.min_price)
    return price


def _split_trigger(split: Split, order: Order, now: int) -> int:
    ticks = split.instrument.ticks
    if order.side == Side.SELL:
        return ticks.around(split.price_down(order.trigger_price), now)[0]
    return ticks.around(split.price_up(order.trigger_price), now)[1]


def _split_offset(split: Split, order: Order) -> int:
    if order.has(Instruction.TRAIL_PERCENT):
        return order.offset
    if order.is_peg:
        return split.price_down(order.offset)
    return split.at_least_a_tick(order.offset)
