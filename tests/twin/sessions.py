"""Where an instrument is in its day, and what TIMER is to do about it."""

from dataclasses import dataclass, field

from lmax.schema import Phase, Reason, TimeInForce
from tests.twin.auction import Outcome

CALL_PHASES = (Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.HALTED, Phase.CLOSING_AUCTION)
"""Orders are taken and rest without matching."""

PUBLISHING = (Phase.OPENING_AUCTION, Phase.HALTED, Phase.CLOSING_AUCTION)
"""TIMER tells what the auction would come to now."""


@dataclass
class Session:
    """The phase of an instrument.

    due_at: when TIMER changes to due_phase, for due_reason (0: never; an auction that was
    extended, or a halt that ends by itself). extensions: of this auction. published: the
    outcome that was last told in this phase.
    """

    phase: int = Phase.CONTINUOUS
    due_at: int = 0
    due_phase: int = Phase.CONTINUOUS
    due_reason: int = Reason.NONE
    extensions: int = 0
    published: Outcome = field(default_factory=Outcome)

    @property
    def is_call(self) -> bool:
        return self.phase in CALL_PHASES

    def begin(self, phase: int) -> None:
        """A phase begins, with nothing due and nothing told."""
        self.phase = phase
        self.extensions = 0
        self.published = Outcome()
        self.nothing_due()

    def schedule(self, at: int, phase: int, reason: int) -> None:
        self.due_at, self.due_phase, self.due_reason = at, phase, reason

    def nothing_due(self) -> None:
        self.schedule(0, Phase.CONTINUOUS, Reason.NONE)


def holds(phase: int, time_in_force: int) -> bool:
    """Whether an order that comes now is held for a later auction."""
    if time_in_force == TimeInForce.AT_CLOSE:
        return phase != Phase.CLOSING_AUCTION
    return time_in_force == TimeInForce.GOOD_FOR_AUCTION and phase not in CALL_PHASES
