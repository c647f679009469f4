"""F03 between a write and its sync: what a start reads is safe before anything is built on it."""

from random import Random

import numpy as np

from journal.files import Journal
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND
from tests.journal.simulated import SimulatedFolder

SEGMENT_BYTES = 32 * 4096


def write(folder: SimulatedFolder, count: int, *, syncs: bool) -> int:
    """So many commands more, a process that ends then; what it found at its start."""
    with Journal(folder, segment_bytes=SEGMENT_BYTES, cluster=bytes(16)) as journal:
        found = sum(len(part) for part in journal.replay())
        ring, position = RingBuffer(64, dtype=COMMAND), RingSequence()
        ring.reset(found)
        position.value = found
        journaler = journal.journaler(ring, position, start=False)
        folder.syncs = syncs
        commands = np.zeros(count, COMMAND)
        commands["sequence"] = np.arange(found + 1, found + count + 1)
        if count:
            ring.publish_array(commands)
        while journaler.synced < found + count:
            journal.make_segment()
            assert journaler.do_work() >= 0
    return found


def test_f03_what_was_written_and_not_synced_is_safe_once_it_was_read(seed: int) -> None:
    """Else the power could take it when it counts as acknowledged, and leave what came behind."""
    for number in range(40):
        folder = SimulatedFolder(Random(seed + number))
        write(folder, 3, syncs=True)
        write(folder, 3, syncs=False)
        assert write(folder, 0, syncs=True) == 6
        folder.crash()
        assert write(folder, 0, syncs=True) == 6
