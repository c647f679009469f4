"""The sequencer's clock: a TIMER command now and then, so that what is due gets done.

The engine has no clock. Orders expire, halts end and bands move when a TIMER command says what
time it is. It is journaled like every other command, so a replay does the same things at the
same places; this is the only part of the system that looks at the time to decide something.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lmax.ringbuffer.ring import RingFull
from lmax.schema import COMMAND, CommandType

PERIOD_S = 0.1
"""What `lmax run` uses."""

SHORTEST_S = 0.001
LONGEST_S = 3600.0
RETRIES = 10
"""A full ring is tried again so many times in a period."""

Clock = Callable[[], float]


class Offers(Protocol):
    """Where commands are published."""

    def offer(self, commands: npt.NDArray[np.void]) -> int:
        """The sequence of the last. Raises RingFull."""


class Timer:
    """Publishes a TIMER command every `period` seconds.

    With `start` a thread of its own does it until `stop`; without one, whoever calls `poll`
    often enough. Periods that were missed, by a full ring or a machine that stood still, are
    not made up for: one command does all that is due.

    published: how many there were; late: how often the ring was full when one was due.
    """

    name = "timer"

    def __init__(
        self, ingress: Offers, period: float = PERIOD_S, *, clock: Clock = time.monotonic
    ) -> None:
        if not SHORTEST_S <= period <= LONGEST_S:
            raise ValueError(
                f"a timer's period is {SHORTEST_S:g} to {LONGEST_S:g} seconds, not {period!r}"
            )
        self.period = period
        self.published = 0
        self.late = 0
        self._ingress = ingress
        self._clock = clock
        self._due = clock() + period
        self._command = np.zeros(1, COMMAND)
        self._command["type"] = CommandType.TIMER
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def poll(self) -> bool:
        """Publish one if it is due and the ring has room; whether it did."""
        now = self._clock()
        if now < self._due:
            return False
        try:
            published = self._publish()
        except RingFull:
            self.late += 1
            self._due = now + self.period / RETRIES
            return False
        self.published += published
        self._due += self.period
        if self._due <= now:
            self._due = now + self.period
        return published

    def _publish(self) -> bool:
        """What is due; False if there is nothing to say. Raises RingFull."""
        self._ingress.offer(self._command)
        return True

    def start(self) -> Timer:
        """Begin, in a thread of its own; the first is published after one period."""
        self._due = self._clock() + self.period
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """After the return nothing more is published. May be called again."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._ended.wait(max(0.0, self._due - self._clock())):
            self.poll()
