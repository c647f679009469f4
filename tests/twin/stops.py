"""Stop orders: what they watch, when they are elected, and how trailing ones follow."""

from lmax.schema import EventType, Instruction, OrderType, Side, TriggerSource
from tests.twin.instruments import Instrument
from tests.twin.numbers import MAX_INT64
from tests.twin.order import Order, opposite
from tests.twin.world import World


def quote(instrument: Instrument, side: int) -> int | None:
    """The quote that a stop of ``side`` watches: a buy the best ask, a sell the best bid."""
    return instrument.book.best(opposite(side))


def price_to_trail(instrument: Instrument, side: int) -> int:
    """Where a trailing stop that enters now begins; 0: there is no price."""
    if instrument.protection.trigger_source == TriggerSource.QUOTE:
        now = quote(instrument, side)
        if now is not None:
            return now
    return instrument.last_price or instrument.reference_price


def distance(instrument: Instrument, order: Order) -> int:
    """How far a trailing stop stays behind its best price."""
    if not order.has(Instruction.TRAIL_PERCENT):
        return order.offset
    tick = instrument.tick_size
    return max(order.best * order.offset // 10_000 // tick * tick, tick)


def begin_to_trail(instrument: Instrument, order: Order) -> bool:
    """A trailing stop enters; False if there is no price to trail."""
    order.best = price_to_trail(instrument, order.side)
    set_trigger(instrument, order)
    return order.best > 0


def set_trigger(instrument: Instrument, order: Order) -> None:
    """A trailing stop's trigger price follows from its best price."""
    behind = distance(instrument, order)
    if order.side == Side.SELL:
        order.trigger_price = order.best - behind
    else:
        order.trigger_price = min(order.best + behind, MAX_INT64)


def _sees(instrument: Instrument, order: Order, price: int) -> bool:
    """The watched price is now this: a trailing stop follows. Whether the stop is elected."""
    if order.order_type == OrderType.TRAILING_STOP:
        pick = max if order.side == Side.SELL else min
        order.best = pick(order.best, price)
        set_trigger(instrument, order)
    if order.side == Side.SELL:
        return price <= order.trigger_price
    return price >= order.trigger_price


def _watched(instrument: Instrument, side: int) -> list[int]:
    """The prices that a stop of ``side`` has to look at now, in the order they came."""
    if instrument.protection.trigger_source == TriggerSource.QUOTE:
        now = quote(instrument, side)
        return [] if now is None else [now]
    return [*instrument.passed, instrument.last_price] if instrument.last_price else []


def trigger_elected(world: World, instrument: Instrument) -> list[Order]:
    """Take the stops out that are elected now, in order of arrival; each is told of."""
    elected = [
        order
        for order in instrument.book.stops
        if any(_sees(instrument, order, price) for price in _watched(instrument, order.side))
    ]
    instrument.passed.clear()
    for order in sorted(elected, key=lambda order: order.arrival):
        instrument.book.remove(order)
        order.triggered = True
        world.arrive(order)
        world.report.order(EventType.TRIGGERED, order, quantity=order.quantity)
    return sorted(elected, key=lambda order: order.arrival)
