"""Sends a generated market at its own pace, whatever the system does with it."""

from __future__ import annotations

import threading
import time

from flow import MarketGenerator
from flow.commands import Commands
from lmax.ringbuffer.ring import RingFull
from node.cli.stopping import Stop
from node.core import Core

TICK_S = 0.001
"""How often something is sent."""

RETRY_S = 0.000_2
LARGEST = 4_096
"""Commands offered at once, when the sender has fallen behind."""


class Feeder(threading.Thread):
    """An open loop: what is due is sent, and a full ring is tried again until it takes it.

    rate: commands a second in the mean; seconds: for how long, 0 until `stop`.
    ring_full: how often the ring refused. error: why it ended early, if it did.
    """

    def __init__(
        self, core: Core, market: MarketGenerator, rate: float, seconds: float, stop: Stop
    ) -> None:
        super().__init__(name="feeder", daemon=True)
        self._core = core
        self._market = market
        self._rate = rate
        self._seconds = seconds
        self._stop_request = stop
        self._began = time.monotonic()
        self.ring_full = 0
        self.error: Exception | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the first command was due."""
        return time.monotonic() - self._began

    def run(self) -> None:
        self._began = time.monotonic()
        try:
            self._feed()
        except Exception as error:
            self.error = error

    def _feed(self) -> None:
        """Raises CoreFailed as soon as the core has, not when the ring has filled up behind it."""
        due, before = 0.0, 0.0
        while not self._over():
            self._core.raise_failure()
            now = self.elapsed
            due += self._rate * self._market.burst_factor(now) * (now - before)
            before = now
            while due >= 1 and not self._over():
                count = min(int(due), LARGEST)
                self._offer(self._market.next_batch(count))
                due -= count
            self._stop_request.wait(TICK_S)

    def _over(self) -> bool:
        return self._stop_request.asked or 0 < self._seconds <= self.elapsed

    def _offer(self, commands: Commands) -> None:
        """Returns when the ring took them, or it is time to end. Raises CoreFailed."""
        while not self._over():
            try:
                self._core.entrance.offer(commands)
                return
            except RingFull:
                self.ring_full += 1
                self._core.raise_failure()
                time.sleep(RETRY_S)
