"""Halts of the whole market after a fall of its index."""

from lmax.schema import Phase, Reason, Status
from tests.twin.commands import Command
from tests.twin.instruments import Instrument
from tests.twin.phase_changes import change_phase, resume_at
from tests.twin.protection import MINUTE
from tests.twin.world import World

FALLS = {1: 7, 2: 13, 3: 20}
"""Per cent by level."""

HALT_TIME = 15 * MINUTE
NOT_BEFORE_CLOSE = 35 * MINUTE
UNTIL_AN_OPERATOR_RESUMES = 3


def set_index(world: World, c: Command) -> None:
    """The index is at ``price`` now; ``quantity`` is what its fall is measured from."""
    world.report.accepted(c)
    fallen = [level for level, percent in FALLS.items() if _fell(c, percent)]
    level = max(fallen, default=0)
    if level <= world.market_level or (level < UNTIL_AN_OPERATOR_RESUMES and _is_late(world)):
        return
    world.market_level = level
    for _, instrument in sorted(world.instruments.items()):
        if instrument.status != Status.DELISTED:
            _halt(world, instrument, level)


def _fell(c: Command, percent: int) -> bool:
    return c.price * 100 <= c.quantity * (100 - percent)


def _is_late(world: World) -> bool:
    return world.close != 0 and world.now > world.close - NOT_BEFORE_CLOSE


def _halt(world: World, instrument: Instrument, level: int) -> None:
    """Halt what trades; what TIMER was to begin anew does not begin before the market does."""
    session = instrument.session
    if instrument.phase == Phase.CONTINUOUS:
        change_phase(world, instrument, Phase.HALTED, Reason.MARKET_HALT)
        resume_at(instrument, world.now)
    if level == UNTIL_AN_OPERATOR_RESUMES:
        session.nothing_due()
    elif session.due_at:
        session.due_at = max(session.due_at, world.now + HALT_TIME)
