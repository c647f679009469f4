"""A venue without threads over a simulated disk: its agents do a step when they are told to."""

from random import Random

import numpy as np

from journal.files import Journal
from journal.reader import BLOCK_BYTES
from lmax._business import Business
from lmax._tail import RingTail
from lmax.records import joined
from lmax.ringbuffer.ring import RingBuffer, RingFull
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND, EVENT
from tests.journal.simulated import SimulatedFolder

SEGMENT_BYTES = 8 * BLOCK_BYTES
SLOTS = 64
EVENT_SLOTS = 4096


class Venue:
    """Input ring → journal → logic → output ring, as node.core puts them together.

    Making one recovers what the folder holds: `survived`. gated: whether the logic waits for the
    journal; alters: whether recovery changes a command; journal_class: what recovers. Raises
    JournalCorrupt.
    """

    def __init__(
        self,
        folder: SimulatedFolder,
        *,
        gated: bool = True,
        alters: bool = False,
        journal_class: type[Journal] = Journal,
    ) -> None:
        self.folder = folder
        self.input = RingBuffer(SLOTS, dtype=COMMAND, producers="multi")
        self.output = RingBuffer(EVENT_SLOTS, dtype=EVENT)
        self.synced = RingSequence()
        self.business = Business(self.input, self.output, after=[self.synced] if gated else [])
        self.input.add_gate(self.business.position)
        self.input.add_gate(self.synced)
        self.journal = journal_class(folder, segment_bytes=SEGMENT_BYTES)
        parts = []
        for commands in self.journal.replay():
            parts.append(commands.copy())
            commands["quantity"][-1] += alters
            self.business.replay(commands)
        self.survived = joined([np.empty(0, COMMAND), *parts])
        self.input.reset(self.journal.sequence)
        self.synced.value = self.journal.sequence
        self.journaler = self.journal.journaler(self.input, self.synced, start=False)
        self.tail = RingTail(self.output)
        self.tail.attach()

    def publish(self, commands: np.ndarray) -> bool:
        """Into the ring, with their sequences; False when it is full."""
        commands["sequence"] = self.input.cursor + 1 + np.arange(len(commands))
        try:
            self.input.publish_array(commands)
        except RingFull:
            return False
        return True

    def journal_step(self) -> int:
        """What the journaler says; a failure must not move it, now or later."""
        before = self.synced.value
        done = self.journaler.do_work()
        if done < 0:
            assert self.synced.value == before, "acknowledged although the disk failed"
            assert self.journaler.do_work() == -1, "a disk that failed was trusted again"
            assert self.synced.value == before, "acknowledged after the disk failed"
        return done

    def logic_step(self) -> None:
        assert self.business.do_work() >= 0, "the logic failed"

    def events(self) -> np.ndarray:
        """What came out since the last call."""
        found = self.tail.read()
        assert found is not None, "the simulation reads too seldom"
        return found

    def settle(self, rounds: int = 200) -> None:
        """Steps in their order until all that was published is applied; without faults."""
        for _ in range(rounds):
            if self.business.applied == self.input.cursor:
                return
            self.journal.make_segment()
            assert self.journal_step() >= 0, "failed without a fault"
            self.logic_step()
        raise AssertionError(f"stands still at {self.business.applied} of {self.input.cursor}")

    def crash(self) -> None:
        """The power goes; what this process would still do happens to no disk."""
        self.folder.crash()
        self.journal.close()


def reuse_a_segment(random: Random, folder: SimulatedFolder) -> None:
    """Now and then an old segment, whose batches are good in themselves, is to be recycled."""
    name = "00000001.segment"
    if random.random() < 0.4 and folder.exists(name):
        folder.write_file("00000001.free", bytes(folder.seen_names[name].seen))
