"""Where a new order, or one that lost its place, goes."""

from tests.twin.lifecycle import put, rest
from tests.twin.matching import trade_then_rest
from tests.twin.order import Order, Place
from tests.twin.sessions import holds
from tests.twin.world import World


def enter(world: World, order: Order) -> None:
    """Put an order to its place, or let it trade first."""
    instrument = world.instrument_of(order)
    if holds(instrument.session.phase, order.time_in_force):
        put(world, order, Place.HELD)
    elif order.is_stop:
        put(world, order, Place.STOPS)
    elif order.waits:
        put(world, order, Place.WAITING)
    elif instrument.is_trading:
        trade_then_rest(world, order)
    else:
        rest(world, order)
