"""The least that a journaled pipeline can be: a ring and the synced append, no engine behind it.

The writing thread is the journaler itself and idles as it does in the system, so what a
comparison shows is the price of the logic and of handing events over, not of the append.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from journal._writer import Journaler
from journal.files import Journal
from lmax.ringbuffer.agent import AgentRunner
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.ringbuffer.wait import WaitStrategy
from lmax.schema import COMMAND


@contextmanager
def group_commit(folder: Path, slots: int) -> Iterator[tuple[RingBuffer, RingSequence, Journaler]]:
    """A thread that takes what is in the ring, writes it with one call, and syncs it."""
    with Journal(folder) as journal:
        for _ in journal.replay():
            pass
        ring = RingBuffer(slots, dtype=COMMAND, producers="multi")
        synced = RingSequence()
        ring.add_gate(synced)
        journaler = journal.journaler(ring, synced)
        runner = AgentRunner(
            [journaler], name="bare", strategy=WaitStrategy.BACKOFF, max_sleep=0.00005
        ).start()
        wait_for_segment(journaler)
        try:
            yield ring, synced, journaler
        finally:
            runner.stop()
            runner.join()


def wait_for_segment(journaler: Journaler, timeout: float = 30.0) -> None:
    """Until the first segment is made, so that its making is not measured."""
    deadline = time.monotonic() + timeout
    while journaler.wants_segment():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no journal segment was made within {timeout} s: is the disk full?")
        time.sleep(0.001)


def wait_until(sequence: RingSequence, value: int, timeout: float = 60.0) -> None:
    deadline = time.monotonic() + timeout
    while sequence.value < value:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{sequence.value} of {value} were done within {timeout} s")
        time.sleep(0.0002)
