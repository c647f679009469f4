"""An instrument's status and its tick tables."""

from lmax.schema import EventType, Reason, Status
from tests.twin.checks import known_instrument, require
from tests.twin.commands import Command
from tests.twin.instruments import Instrument
from tests.twin.lifecycle import take_out
from tests.twin.phase_changes import follow_up
from tests.twin.world import World


def tell_definition(world: World, instrument: Instrument) -> None:
    """ACCEPTED of a new instrument, or of its new name."""
    world.report.add(
        EventType.ACCEPTED,
        instrument=instrument.id,
        symbol=instrument.symbol,
        quantity_scale=instrument.quantity_scale,
        price=instrument.tick_size,
        quantity=instrument.lot_size,
    )


def check_status(world: World, c: Command) -> None:
    instrument = known_instrument(world, c)
    require(c.status in list(Status), Reason.INVALID_SETTING)
    for_ever = instrument.status == Status.DELISTED
    require(not for_ever or c.status == Status.DELISTED, Reason.INVALID_SETTING)


def set_status(world: World, c: Command) -> None:
    """PHASE; a delisted instrument's orders end, one that is active again trades on."""
    instrument = world.instruments[c.instrument]
    instrument.status = c.status
    world.report.add(
        EventType.PHASE, instrument=instrument.id, phase=instrument.session.phase, status=c.status
    )
    if c.status == Status.DELISTED:
        for order in instrument.book.orders():
            take_out(world, order, Reason.DELISTED)
    if c.status == Status.ACTIVE:
        follow_up(world, instrument)


def check_tick_row(world: World, c: Command) -> None:
    instrument = known_instrument(world, c)
    require(instrument.ticks.takes(c), Reason.INVALID_SETTING)


def set_tick_row(world: World, c: Command) -> None:
    world.instruments[c.instrument].ticks.set_row(c, world.now)
    world.report.accepted(c)
