"""Orders that end because it is time: at the end of the day, or at a time of their own."""

from lmax.schema import EventType, Reason, TimeInForce
from tests.twin.commands import Command
from tests.twin.instruments import Instrument
from tests.twin.lifecycle import take_out
from tests.twin.mass import settle_all
from tests.twin.watching import day_ends
from tests.twin.world import World

_FOR_A_DAY = (
    TimeInForce.DAY,
    TimeInForce.AT_OPEN,
    TimeInForce.AT_CLOSE,
    TimeInForce.GOOD_FOR_AUCTION,
)


def end_of_day(world: World, c: Command) -> None:
    world.report.add(EventType.ACCEPTED)
    instruments = [instrument for _, instrument in sorted(world.instruments.items())]
    for instrument in instruments:
        for order in instrument.book.orders():
            if order.time_in_force in _FOR_A_DAY:
                take_out(world, order, Reason.END_OF_DAY, EventType.EXPIRED)
        day_ends(world, instrument)
    world.close = world.market_level = 0
    world.closed_orders.clear()
    settle_all(world, instruments)


def expire_due(world: World, instrument: Instrument) -> None:
    """GTD orders whose time has come expire, in order of arrival; what follows is not done yet."""
    for order in instrument.book.orders():
        if order.time_in_force == TimeInForce.GTD and order.expire_time <= world.now:
            take_out(world, order, Reason.TIME_REACHED, EventType.EXPIRED)
