"""CHECKPOINT commands that a node publishes by itself: the state hash, into the journal.

The hash of a state is known once it was applied, so each of them carries that of the one before;
whoever replays the journal, at a start or as a standby, stops where it has another one.
"""

from __future__ import annotations

import time

import numpy as np

from lmax._business import Business
from lmax.schema import COMMAND, CommandType
from node.timer import Clock, Offers, Timer

PERIOD_S = 1.0
"""What `lmax run` uses."""


class Checkpoints(Timer):
    """Publishes a CHECKPOINT every `period` seconds in which anything else was applied.

    There is one on its way at a time: the next waits until that was applied, since it carries
    its hash. After a restart the first carries that of the last one in the journal.
    """

    name = "checkpoints"

    def __init__(
        self,
        ingress: Offers,
        business: Business,
        period: float = PERIOD_S,
        *,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(ingress, period, clock=clock)
        self._business = business
        self._command = np.zeros(1, COMMAND)
        self._command["type"] = CommandType.CHECKPOINT
        self._last = 0

    def of_epoch(self, epoch: int) -> Checkpoints:
        """Have them carry the primary's epoch."""
        self._command["epoch"] = epoch
        return self

    def _publish(self) -> bool:
        if self._business.applied <= self._last:
            return False
        self._command["state_sequence"], self._command["state_hash"] = (
            self._business.state.checkpoint
        )
        self._last = self._ingress.offer(self._command)
        return True
