"""Why commands are not taken: for a moment, or for good."""

from __future__ import annotations

from lmax.ringbuffer.ring import RingFull


class CoreFailed(RuntimeError):
    """An agent stopped for good: nothing is accepted any more."""


class Unavailable(Exception):
    """The journal cannot be written, so nothing can be promised.

    retry: whether the same call may succeed later, without a restart.
    """

    code = "UNAVAILABLE"
    retry = False


class JournalFailed(CoreFailed, Unavailable):
    """A write or a sync of the journal failed. Nothing is acknowledged any more.

    What was acknowledged is safe; what was on its way may be in the journal or not. Mend the
    disk, start again, and send the same client order ids again.
    """


class NoRoom(RingFull, Unavailable):
    """The disk is full: no further journal segment can be made. Nothing was taken.

    While there is room left in the last one, cancels and whatever else adds no order are taken.
    It ends by itself when there is room on the disk again.
    """

    retry = True


class LogicFailed(CoreFailed):
    """The business logic stopped at a command, and would at every restart.

    sequence: of that command; `lmax journal skip` leaves it out.
    """

    def __init__(self, message: str, sequence: int) -> None:
        self.sequence = sequence
        super().__init__(
            f"{message.rstrip('.')}. A restart would stop there again:"
            f" `lmax journal skip` leaves command {sequence} out."
        )


class SwitchUnderWay(ValueError):
    """The lead is being handed over to another node already."""

    def __init__(self, heir: str) -> None:
        super().__init__(
            f"the lead is on its way to {heir or 'whoever has the most'} already; wait until it is"
            " there"
        )
