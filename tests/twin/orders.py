"""NEW_ORDER, CANCEL, REDUCE and REPLACE, carried out."""

from lmax.schema import EventType, OrderType, Reason
from tests.twin.commands import Command
from tests.twin.entry import enter
from tests.twin.lifecycle import accept, lower, report_level, take_out
from tests.twin.order import Order, Place
from tests.twin.phase_changes import follow_up
from tests.twin.stops import begin_to_trail
from tests.twin.world import World


def new_order(world: World, c: Command, order: Order) -> None:
    accept(world, order)
    enter(world, order)
    follow_up(world, world.instrument_of(order))


def cancel(world: World, c: Command, order: Order) -> None:
    take_out(world, order, Reason.REQUESTED)
    follow_up(world, world.instrument_of(order))


def reduce(world: World, c: Command, order: Order) -> None:
    if c.quantity >= order.leaves:
        take_out(world, order, Reason.REDUCED_TO_ZERO)
    else:
        lower(world, order, c.quantity)
        if order.place == Place.DISPLAYED:
            report_level(world, order)
    follow_up(world, world.instrument_of(order))


def replace(world: World, c: Command, new: Order) -> None:
    order = world.open_orders[c.account, c.orig_client_order_id]
    if new.leaves <= 0:
        world.closed_orders[c.account, c.client_order_id] = c.instrument
        take_out(world, order, Reason.BELOW_FILLED)
    else:
        _rewrite(world, order, new)
    follow_up(world, world.instrument_of(order))


def _rewrite(world: World, order: Order, new: Order) -> None:
    """Give an order the id, prices and quantity of a replace; it may lose its place."""
    same = (new.price, new.trigger_price) == (order.price, order.trigger_price)
    keeps_place = same and new.quantity < order.quantity
    displayed, old_price, old_id = (
        order.place == Place.DISPLAYED,
        order.price,
        order.client_order_id,
    )
    instrument = world.instrument_of(order)
    if not keeps_place:
        instrument.book.remove(order)
    world.release(order, order.leaves)
    world.close_id(order)
    order.client_order_id, order.price = new.client_order_id, new.price
    order.quantity, order.leaves, order.trigger_price = new.quantity, new.leaves, new.trigger_price
    order.visible = min(order.visible, order.leaves)
    world.open_id(order)
    world.reserve(order, order.leaves)
    if not keeps_place:
        world.arrive(order)
        if order.order_type == OrderType.TRAILING_STOP:
            begin_to_trail(instrument, order)
    world.report.order(
        EventType.REPLACED, order, orig_client_order_id=old_id, quantity=order.quantity
    )
    if displayed:
        queue = instrument.book.queue(order.side, old_price)
        world.report.level(instrument.id, order.side, old_price, queue)
    if not keeps_place:
        enter(world, order)
