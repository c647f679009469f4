"""TIMER: what happens because it is time."""

from lmax.schema import EventType, Phase, Reason
from tests.twin.commands import Command
from tests.twin.expiry import expire_due
from tests.twin.instruments import Instrument
from tests.twin.phase_changes import active_instruments, change_phase, follow_up, resume_at
from tests.twin.protection import PAUSE_TIME
from tests.twin.sessions import PUBLISHING
from tests.twin.uncrossing import publish
from tests.twin.watching import limit_state_lasted, renew_bands
from tests.twin.world import World


def timer(world: World, c: Command) -> None:
    """For each ACTIVE instrument, in order of ids, what its time has come for."""
    world.report.add(EventType.ACCEPTED)
    for instrument in active_instruments(world):
        expire_due(world, instrument)
        _change_what_is_due(world, instrument)
        if instrument.phase == Phase.CONTINUOUS:
            renew_bands(world, instrument)
        if instrument.phase in PUBLISHING:
            publish(world, instrument)
        follow_up(world, instrument)


def _change_what_is_due(world: World, instrument: Instrument) -> None:
    session = instrument.session
    if limit_state_lasted(world, instrument):
        change_phase(world, instrument, Phase.HALTED, Reason.LIMIT_PAUSE)
        resume_at(instrument, world.now + PAUSE_TIME)
    elif session.due_at and world.now >= session.due_at:
        phase, reason = session.due_phase, session.due_reason
        session.nothing_due()
        change_phase(world, instrument, phase, reason)
