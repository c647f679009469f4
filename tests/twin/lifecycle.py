"""How an order comes into its place, loses part of itself and ends, and what is told of it."""

from lmax.schema import EventType, Instruction, Reason
from tests.twin.order import Order, Place
from tests.twin.world import World


def accept(world: World, order: Order) -> None:
    """A new order: it gets its id, its arrival and its reservation."""
    world.arrive(order)
    world.open_id(order)
    world.report.order(EventType.ACCEPTED, order, quantity=order.quantity)
    world.reserve(order, order.leaves)


def rest(world: World, order: Order) -> None:
    """An order that waits for no one joins the displayed or the hidden book."""
    place = Place.HIDDEN if order.has(Instruction.HIDDEN) else Place.DISPLAYED
    put(world, order, place)


def put(world: World, order: Order, place: Place) -> None:
    """Put an order at the end of its queue in a place; BOOK if it is displayed there."""
    world.instrument_of(order).book.add(order, place)
    if place == Place.DISPLAYED:
        report_level(world, order)


def take_out(
    world: World, order: Order, reason: Reason, event: EventType = EventType.CANCELLED
) -> None:
    """End an order, wherever it is: its event, and BOOK if it was displayed."""
    displayed = order.place == Place.DISPLAYED
    end(world, order, reason, event)
    if displayed:
        report_level(world, order)


def end(world: World, order: Order, reason: Reason, event: EventType = EventType.CANCELLED) -> None:
    """End an order; BOOK is left to the caller."""
    taken_away = order.leaves
    world.release(order, taken_away)
    order.leaves = 0
    fold(world, order)
    world.report.order(event, order, quantity=taken_away, reason=reason)


def fold(world: World, order: Order) -> None:
    """An order with nothing left goes from its place and is closed."""
    world.instrument_of(order).book.remove(order)
    world.close_id(order)


def lower(world: World, order: Order, quantity: int, reason: Reason = Reason.NONE) -> None:
    """Take from an order's total and leaves; it keeps its place. BOOK is left to the caller."""
    world.release(order, quantity)
    order.lose(quantity)
    world.report.order(EventType.REDUCED, order, quantity=quantity, reason=reason)


def report_level(world: World, order: Order) -> None:
    """BOOK of the level an order stands or stood at."""
    book = world.instrument_of(order).book
    world.report.level(
        order.instrument, order.side, order.price, book.queue(order.side, order.price)
    )
