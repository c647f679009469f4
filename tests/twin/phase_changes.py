"""How an instrument goes from one phase of its day to another."""

from lmax.schema import EventType, Phase, Reason, Status
from tests.twin.auction import Outcome
from tests.twin.commands import Command
from tests.twin.instruments import Instrument
from tests.twin.lifecycle import rest
from tests.twin.protection import RecentTrades
from tests.twin.sessions import holds
from tests.twin.settling import settle
from tests.twin.uncrossing import indicative, tell, uncross
from tests.twin.watching import has_dropped, watch_limits, watch_short_sales, work_out_bands
from tests.twin.world import World


def set_phase(world: World, c: Command) -> None:
    """An operator sets the phase of one instrument, or of all; whatever was due is forgotten."""
    world.report.accepted(c)
    for instrument in active_instruments(world, c.instrument):
        instrument.session.nothing_due()
        change_phase(world, instrument, c.phase)


def active_instruments(world: World, instrument: int = 0) -> list[Instrument]:
    """One instrument, or all (0) in order of their ids, that are ACTIVE."""
    ids = [instrument] if instrument else sorted(world.instruments)
    found = [world.instruments[number] for number in ids]
    return [one for one in found if one.status == Status.ACTIVE]


def change_phase(
    world: World, instrument: Instrument, phase: int, reason: int = Reason.NONE
) -> None:
    """Go to a phase, through an auction if one is due; an auction may go on instead."""
    session, outcome = instrument.session, Outcome()
    if phase == session.phase:
        tell_phase(world, instrument, reason)
        return
    if _ends_with_auction(session.phase, phase):
        outcome = indicative(world, instrument)
        if _goes_too_far(instrument, outcome):
            _extend(world, instrument, outcome, phase, reason)
            return
        uncross(world, instrument, outcome)
    session.begin(phase)
    tell_phase(world, instrument, reason)
    if phase != Phase.CONTINUOUS:
        watch_limits(world, instrument)
    _held_orders_enter(world, instrument)
    if phase == Phase.CONTINUOUS:
        _trading_begins(world, instrument, outcome)
    watch(world, instrument)


def tell_phase(world: World, instrument: Instrument, reason: int = Reason.NONE) -> None:
    world.report.add(
        EventType.PHASE,
        instrument=instrument.id,
        phase=instrument.phase,
        status=instrument.status,
        reason=reason,
    )


def _ends_with_auction(now: int, then: int) -> bool:
    return then == Phase.CONTINUOUS or (now, then) == (Phase.CLOSING_AUCTION, Phase.CLOSED)


def _goes_too_far(instrument: Instrument, outcome: Outcome) -> bool:
    settings = instrument.protection
    beyond = outcome.is_beyond(instrument.reference_price, settings.auction_collar)
    return beyond and instrument.session.extensions < settings.extensions


def _extend(
    world: World, instrument: Instrument, outcome: Outcome, phase: int, reason: int
) -> None:
    """The auction goes on; TIMER tries again."""
    instrument.session.extensions += 1
    due_at = world.now + instrument.protection.extension_time
    instrument.session.schedule(due_at, phase, reason)
    tell(world, instrument, outcome, reason=Reason.EXTENDED)


def _held_orders_enter(world: World, instrument: Instrument) -> None:
    for order in list(instrument.book.held):
        if not holds(instrument.phase, order.time_in_force):
            instrument.book.remove(order)
            world.arrive(order)
            rest(world, order)


def _trading_begins(world: World, instrument: Instrument, outcome: Outcome) -> None:
    instrument.guard.trades = RecentTrades()
    if outcome.volume:
        instrument.guard.refer_to(outcome.price, world.now)
    work_out_bands(world, instrument)
    settle(world, instrument)


def follow_up(world: World, instrument: Instrument) -> None:
    """What is done after each command that reached an instrument."""
    settle(world, instrument)
    watch(world, instrument)


def watch(world: World, instrument: Instrument) -> None:
    """What protection does at the end of a command that reached the instrument."""
    if instrument.status == Status.ACTIVE:
        watch_limits(world, instrument)
    watch_short_sales(world, instrument)
    dropped = instrument.is_trading and has_dropped(instrument)
    instrument.guard.lowest = instrument.guard.last_continuous = None
    if dropped:
        _halt_after_drop(world, instrument)


def _halt_after_drop(world: World, instrument: Instrument) -> None:
    instrument.guard.drop_halted = True
    change_phase(world, instrument, Phase.HALTED, Reason.DROP_HALT)
    halt_time = instrument.protection.halt_time
    if halt_time:
        resume_at(instrument, world.now + halt_time)


def resume_at(instrument: Instrument, at: int) -> None:
    """TIMER ends the halt."""
    instrument.session.schedule(at, Phase.CONTINUOUS, Reason.RESUMED)
