"""What an operator sets: reference prices, protection, the close."""

from lmax.schema import Phase, Reason
from tests.twin.checks import known_instrument, require
from tests.twin.commands import Command
from tests.twin.instruments import Instrument
from tests.twin.phase_changes import follow_up
from tests.twin.protection import settings_are_valid, settings_from
from tests.twin.watching import work_out_bands
from tests.twin.world import World

MAX_FIRM = 65_535


def check_phase(world: World, c: Command) -> None:
    if c.instrument:
        known_instrument(world, c)
    require(c.phase in list(Phase), Reason.INVALID_SETTING)
    if c.instrument:
        active = world.instruments[c.instrument].status == 0
        require(active, Reason.NOT_ACTIVE)


def check_reference(world: World, c: Command) -> None:
    instrument = known_instrument(world, c)
    in_range = instrument.min_price <= c.price <= instrument.max_price
    require(in_range, Reason.PRICE_RANGE)
    require(c.price % instrument.tick_size == 0, Reason.PRICE_TICK)


def check_protection(world: World, c: Command) -> None:
    known_instrument(world, c)
    require(settings_are_valid(c), Reason.INVALID_SETTING)


def check_close(world: World, c: Command) -> None:
    require(c.expire_time >= 0, Reason.INVALID_SETTING)


def check_index(world: World, c: Command) -> None:
    require(c.price >= 1 and c.quantity >= 1, Reason.INVALID_SETTING)


def check_kill_switch(world: World, c: Command) -> None:
    require(c.account == 0 or world.accounts.known(c.account), Reason.UNKNOWN_ACCOUNT)
    known = c.instrument == 0 or c.instrument in world.instruments
    require(known, Reason.UNKNOWN_INSTRUMENT)
    named = [number for number in (c.account, c.firm, c.instrument) if number]
    valid = c.firm <= MAX_FIRM and len(named) <= 1 and c.enabled <= 1
    require(valid, Reason.INVALID_SETTING)


def set_reference(world: World, c: Command) -> None:
    world.report.accepted(c)
    instrument = world.instruments[c.instrument]
    instrument.reference_price = c.price
    instrument.guard.refer_to(c.price, world.now)
    _apply(world, instrument)


def set_protection(world: World, c: Command) -> None:
    world.report.accepted(c)
    instrument = world.instruments[c.instrument]
    if c.tier != instrument.protection.tier:
        instrument.guard.trades.parts.clear()
    instrument.protection = settings_from(c)
    _apply(world, instrument)


def _apply(world: World, instrument: Instrument) -> None:
    work_out_bands(world, instrument)
    follow_up(world, instrument)


def set_close(world: World, c: Command) -> None:
    world.report.accepted(c)
    world.close = c.expire_time
