"""Whole lives of a journal on a simulated disk: write, crash, recover, again, and then damage."""

from random import Random

from journal.errors import JournalCorrupt
from journal.files import Journal
from journal.reader import BLOCK_BYTES, Reader, segment_name
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND
from tests.journal.simulated import Chances, SimulatedFolder
from tests.journal.writing import batch_bytes, commands_of

SEGMENT_BYTES = 8 * BLOCK_BYTES
NONE = Chances()


class Lives:
    """One seeded run. `published` holds the commands in the log or on their way, as bytes.

    forgets_sync: the journaler acknowledges without a sync; skips_damage: the reader takes damage
    for the end. Both are mistakes that a run must not survive.
    """

    def __init__(self, seed: int, *, forgets_sync: bool = False, skips_damage: bool = False):
        self.random = Random(seed)
        self.seed = seed
        self.skips_damage = skips_damage
        self.folder = SimulatedFolder(self.random, syncs=not forgets_sync)
        self.published = b""
        self.end = (0, 0)
        self.acknowledged = 0

    def run(self) -> None:
        for life in range(self.random.randint(2, 4)):
            self.live(life)
        self.folder.chances = NONE
        if self.random.random() < 0.7:
            self.damage()
        else:
            assert len(self.recovered()) >= 128 * self.acknowledged

    def recovered(self) -> bytes:
        """What a reader finds; it must be a beginning of what was published."""
        parts = []
        with Reader(self.folder) as reader:
            try:
                for commands in reader.batches():
                    parts.append(commands.tobytes())
            except JournalCorrupt:
                if not self.skips_damage:
                    raise
        found = b"".join(parts)
        assert self.published.startswith(found), "commands that nobody sent"
        return found

    def live(self, life: int) -> None:
        """Recover, write for a while with faults, and crash."""
        chance = self.random.random
        self.folder.chances = NONE
        with Journal(self.folder, segment_bytes=SEGMENT_BYTES) as journal:
            found = b"".join(commands.tobytes() for commands in journal.replay())
            assert self.published.startswith(found), "commands that nobody sent"
            assert len(found) >= 128 * self.acknowledged, "an acknowledged command is lost"
            self.published = found
            self.leave_a_free_segment()
            ring = RingBuffer(512, dtype=COMMAND, last=journal.sequence)
            position = RingSequence()
            ring.add_gate(position)
            agent = journal.journaler(ring, position, start=False)
            self.folder.chances = Chances(
                interrupted=0.1 * chance(),
                short=0.3 * chance(),
                write_error=0.02 * chance(),
                sync_error=0.02 * chance(),
                no_room=0.5 * chance(),
            )
            for _ in range(self.random.randint(1, 25)):
                if chance() < 0.6:
                    self.publish(ring, life)
                if chance() < 0.5:
                    journal.make_segment()
                before = position.value
                if agent.do_work() < 0:
                    assert position.value == before, "acknowledged although the disk failed"
                    assert agent.do_work() == -1, "a disk that failed was trusted again"
                    break
            else:
                self.drain(journal, agent, ring, position)
            self.acknowledged = position.value
            del agent
        self.folder.crash()

    def publish(self, ring: RingBuffer, life: int) -> None:
        count = min(self.random.randint(1, 90), ring.remaining)
        if count:
            commands = commands_of(self.seed + life, ring.cursor + 1, count)
            ring.publish_array(commands)
            self.published += commands.tobytes()

    def drain(self, journal: Journal, agent, ring: RingBuffer, position: RingSequence) -> None:
        """Liveness: without faults everything is soon safe, or the crash comes before."""
        if self.random.random() < 0.5:
            return
        self.folder.chances = NONE
        for _ in range(100):
            if position.value == ring.cursor:
                return
            journal.make_segment()
            agent.do_work()
        raise AssertionError(f"{position.value} of {ring.cursor} are safe")

    def leave_a_free_segment(self) -> None:
        """A copy of an old segment, whose batches are good in themselves, is to be recycled."""
        if self.random.random() < 0.5 and self.folder.exists(segment_name(1)):
            content = bytes(self.folder.seen_names[segment_name(1)].seen)
            self.folder.write_file("00000001.free", content)

    def damage(self) -> None:
        """Something that was safe changes: it is found, or it was not needed."""
        whole = self.recovered()
        last_batch = self.survey()
        kinds = [self.flip, self.zero_block, self.move_block, self.swap_segments]
        if not whole:
            return
        touched = self.random.choice(kinds)()
        try:
            found = self.recovered()
        except JournalCorrupt:
            return
        lost = len(whole) - len(found)
        assert lost == 0 or touched >= last_batch, f"{touched}: damage was taken for the end"

    def survey(self) -> tuple[str, int]:
        """Where the last write begins; notes where it ends."""
        begins = (segment_name(1), 0)
        with Reader(self.folder) as reader:
            while len(commands := reader.read(reader.sequence + 1)):
                size = batch_bytes(len(commands))
                start = reader.offset - size
                begins = (segment_name(reader.segment), 0 if start == BLOCK_BYTES else start)
            self.end = (reader.segment, reader.offset)
        return begins

    # What may happen; each returns where: (segment, first byte).

    def pick(self) -> tuple[str, int]:
        """A place in a segment in use, and below the end of the log."""
        last, end = self.end
        number = self.random.randint(1, last)
        top = end if number == last else SEGMENT_BYTES
        return segment_name(number), self.random.randrange(top)

    def flip(self) -> tuple[str, int]:
        name, at = self.pick()
        self.folder.flip(name, at)
        return name, at

    def zero_block(self) -> tuple[str, int]:
        name, at = self.pick()
        at -= at % BLOCK_BYTES
        self.folder.zero(name, at, at + BLOCK_BYTES)
        return name, at

    def move_block(self) -> tuple[str, int]:
        """One write went to another's place."""
        (source, start), (name, at) = self.pick(), self.pick()
        start, at = start - start % BLOCK_BYTES, at - at % BLOCK_BYTES
        block = bytes(self.folder.seen_names[source].seen[start : start + BLOCK_BYTES])
        self.folder.seen_names[name].write(at, block)
        return name, at

    def swap_segments(self) -> tuple[str, int]:
        last, _ = self.end
        if last < 2:
            return segment_name(1), 0
        first = self.random.randint(1, last - 1)
        one, other = segment_name(first), segment_name(first + 1)
        names = self.folder.seen_names
        names[one], names[other] = names[other], names[one]
        return one, 0
