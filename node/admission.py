"""The way in while the disk is full: cancels before orders, and refusals instead of waiting.

Segments are made ahead, so a full disk is known long before a command has no place: what is left
of the segment in use. The last quarter of it is kept for cancels, reduces and the operator's
commands. Nothing is taken for which there is no place, so nobody waits in the ring.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from journal._writer import Journaler
from journal.files import BLOCK_BYTES, Journal
from lmax.schema import RECORD_BYTES, CommandType
from node._ingress import Ingress
from node.refusals import NoRoom

RESERVE = 0.25
"""Of a segment, for what makes the books smaller."""

LAST_SERVED = [
    CommandType.NEW_ORDER,
    CommandType.REPLACE,
    CommandType.TIMER,
    CommandType.CHECKPOINT,
]
"""Not taken from the reserve. A TIMER alone takes a block, ten times a second."""


class Entrance:
    """Publishes commands where the journal has room for them."""

    def __init__(self, ingress: Ingress, journal: Journal, journaler: Journaler) -> None:
        self._ingress = ingress
        self._journal = journal
        self._journaler = journaler

    def offer(self, commands: npt.NDArray[np.void], *, spare: bool = False) -> int:
        """As Ingress.offer. spare: from what is kept for cancels. Raises RingFull, NoRoom."""
        if self._journal.problem:
            self._check_room(commands, spare)
        return self._ingress.offer(commands)

    @property
    def refuses_orders(self) -> bool:
        """Whether the disk is full, and what is left is kept for cancels."""
        return bool(self._journal.problem) and self._in_reserve

    @property
    def _in_reserve(self) -> bool:
        return self._journaler.remaining < RESERVE * self._journal.segment_bytes

    def _check_room(self, commands: npt.NDArray[np.void], spare: bool) -> None:
        problem, left = self._journal.problem, self._journaler.remaining
        waiting = self._ingress.ring.cursor - self._journaler.synced
        # One batch may be under way and one behind it; each has a header, and ends its block.
        needed = (waiting + len(commands)) * RECORD_BYTES + 2 * BLOCK_BYTES
        if needed > left:
            raise NoRoom(f"UNAVAILABLE: {problem}; nothing was taken, try again when there is room")
        if spare or not self._in_reserve:
            return
        if bool(np.isin(commands["type"], LAST_SERVED).any()):
            raise NoRoom(
                f"UNAVAILABLE: {problem}; orders and replaces are not taken, cancels are;"
                " nothing was taken, try again when there is room"
            )
