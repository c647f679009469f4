"""CHECKPOINT: the state hash told; which checkpoint it may speak of.

The hash itself is made of the engine's own numbers, so the twin knows none: its event has a zero
there, and whoever compares the two puts the engine's in its place.
"""

from lmax.schema import EventType, Reason
from tests.twin.checks import require
from tests.twin.commands import Command
from tests.twin.world import World


def check_checkpoint(world: World, c: Command) -> None:
    """It speaks of the checkpoint before it, or of none."""
    require(c.state_sequence in (0, world.checkpoint), Reason.INVALID_SETTING)


def checkpoint(world: World, c: Command) -> None:
    world.checkpoint = c.sequence
    world.report.add(EventType.ACCEPTED)
