"""F08, F10, F11, F09: the last record cut at every byte, every byte of a journal flipped, and more.

On a disk in memory, so that all of it takes seconds.
"""

import hashlib
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal._scan import crc
from journal.errors import JournalCorrupt
from journal.files import Journal
from journal.reader import Reader, segment_name
from journal.schema import BATCH, offset_of
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND
from tests.journal.simulated import SimulatedFolder
from tests.journal.writing import BLOCK, CLUSTER, batch_bytes, commands_of

SEGMENT = 4 * BLOCK


def in_memory(seed: int, sizes: list[int], free: bytes = b"") -> SimulatedFolder:
    """A journal of those batches; free: content of a file to recycle."""
    folder = SimulatedFolder(Random(seed))
    go_on(folder, seed, sizes, free)
    return folder


def go_on(folder: SimulatedFolder, seed: int, sizes: list[int], free: bytes = b"") -> bytes:
    """Recover, write more, close; all commands that were found."""
    with Journal(folder, segment_bytes=SEGMENT, cluster=CLUSTER) as journal:
        found = b"".join(commands.tobytes() for commands in journal.replay())
        ring = RingBuffer(512, dtype=COMMAND, last=journal.sequence)
        position = RingSequence()
        ring.add_gate(position)
        agent = journal.journaler(ring, position, start=False)
        for size in sizes:
            ring.publish_array(commands_of(seed, ring.cursor + 1, size))
            while position.value < ring.cursor:
                if free and agent.wants_segment():
                    folder.write_file("old.free", free)
                journal.make_segment()
                assert agent.do_work() >= 0
    return found


def read(folder: SimulatedFolder) -> bytes:
    with Reader(folder) as reader:
        return b"".join(commands.tobytes() for commands in reader.batches())


def content(folder: SimulatedFolder, number: int) -> bytearray:
    return folder.seen_names[segment_name(number)].seen


def numbered(seed: int, sizes: list[int]) -> bytes:
    firsts = np.cumsum([1, *sizes])
    return b"".join(
        commands_of(seed, int(first), size).tobytes()
        for first, size in zip(firsts, sizes, strict=False)
    )


@pytest.mark.parametrize("recycled", [False, True])
def test_f08_the_last_batch_cut_at_every_byte_is_dropped_and_nothing_else(
    seed: int, recycled: bool
) -> None:
    """What stands behind the cut: zeros, or in a recycled file what it held before."""
    old = bytes(content(in_memory(seed + 1, [31] * 3), 1)) if recycled else bytes(SEGMENT)
    before = [31, 31, 31, 5]
    folder = in_memory(seed, [*before, 20], old if recycled else b"")
    assert read(folder) == numbered(seed, [*before, 20])
    data = content(folder, 2)
    start, size = BLOCK + batch_bytes(5), batch_bytes(20)
    whole = bytes(data[start : start + size])
    used = 128 + 20 * 128
    for cut in range(size):
        data[start:] = whole[:cut] + old[start + cut :]
        # Whether the zeros behind the commands got there makes no difference where it was zeros.
        same = bytes(data[start : start + size]) == whole
        assert same == (cut >= used and not recycled) or cut >= used - 64
        assert read(folder) == numbered(seed, [*before, 20] if same else before), f"cut at {cut}"
    assert go_on(folder, seed + 2, [1]) in (numbered(seed, before), numbered(seed, [*before, 20]))
    assert len(read(folder)) >= 128 * (sum(before) + 1)


def test_f10_every_byte_of_a_middle_segment_flipped_in_turn_is_found(seed: int) -> None:
    folder = in_memory(seed, [31, 31, 31, 5, 31, 5, 31, 31, 31])
    data = content(folder, 2)
    random = Random(seed)
    for at in range(SEGMENT):
        mask = 1 << random.randrange(8)
        data[at] ^= mask
        with pytest.raises(JournalCorrupt) as caught:
            read(folder)
        assert caught.value.path.name == segment_name(2), f"byte {at}"
        assert caught.value.offset <= at
        assert caught.value.sequence > 93
        data[at] ^= mask
    assert len(read(folder)) == 128 * 227


def test_f10_every_byte_of_the_last_segment_flipped_never_loses_more_than_the_last_batch(
    seed: int,
) -> None:
    folder = in_memory(seed, [31, 31, 31, 3, 4, 5])
    whole = read(folder)
    data = content(folder, 2)
    last = BLOCK + 2 * BLOCK
    dropped = 0
    for at in range(SEGMENT):
        data[at] ^= 4
        try:
            found = read(folder)
        except JournalCorrupt:
            pass
        else:
            assert last <= at < last + 128 + 5 * 128, f"byte {at} was let pass"
            assert found == whole[: -5 * 128]
            dropped += 1
        data[at] ^= 4
    assert dropped <= 128 + 5 * 128
    assert read(folder) == whole


def test_f09_batches_of_a_recycled_file_are_never_taken_for_new_ones(seed: int) -> None:
    """The file holds old segments whose batches are good, at the very places of the new ones."""
    sizes = [31, 31, 31, 31, 31, 31]
    old = bytes(content(in_memory(seed, sizes), 1))
    folder = in_memory(seed, [31, 31, 31, 31], old)
    assert bytes(content(folder, 2)[2 * BLOCK :]) == old[2 * BLOCK :], "nothing was recycled"
    assert read(folder) == numbered(seed, [31] * 4)
    assert go_on(folder, seed, [31, 31], old) == numbered(seed, [31] * 4)
    assert read(folder) == numbered(seed, sizes)


def test_f09_an_old_segment_in_place_of_a_new_one_is_named(seed: int) -> None:
    folder = in_memory(seed, [31] * 7)
    content(folder, 3)[:] = content(folder, 1)
    with pytest.raises(JournalCorrupt, match="a segment whose number is 1, not 3"):
        read(folder)


def test_f11_a_good_batch_in_another_place_is_found(seed: int) -> None:
    """A write that went astray, and one that never happened."""
    folder = in_memory(seed, [31, 31, 31, 31, 31, 31])
    data = content(folder, 1)
    before = bytes(data)
    places = [BLOCK, 2 * BLOCK, 3 * BLOCK]
    for source in places:
        for target in places:
            if source != target:
                data[target : target + BLOCK] = before[source : source + BLOCK]
                with pytest.raises(JournalCorrupt):
                    read(folder)
                data[:] = before
    for target in places:
        data[target : target + BLOCK] = bytes(BLOCK)
        with pytest.raises(JournalCorrupt) as caught:
            read(folder)
        assert (caught.value.path.name, caught.value.offset) == (segment_name(1), target)
        data[:] = before


def test_f39_a_batch_that_was_edited_with_its_checksums_set_right_is_found(seed: int) -> None:
    """Who knows the format can mend CRCs; the hash of the batch, or the next link, tells."""
    folder = in_memory(seed, [31, 31, 31, 31])
    data = content(folder, 1)
    at = 2 * BLOCK
    data[at + 128 + 40] ^= 1
    batch = np.frombuffer(data, np.uint8)[at : at + BLOCK].tobytes()
    checksum = crc(batch[128 : 128 + 31 * 128])
    header = np.frombuffer(bytearray(batch[:128]), BATCH)
    header["checksum"] = checksum
    first = offset_of("BatchHeader", "checksum")
    header["header_checksum"] = crc(header.tobytes()[first:])
    data[at : at + 128] = header.tobytes()
    with pytest.raises(JournalCorrupt, match="a batch that is not what was hashed") as caught:
        read(folder)
    assert (caught.value.offset, caught.value.sequence) == (at, 32)


GOLDEN = Path(__file__).parent / "golden"


def test_f15_the_golden_journal_of_format_2_is_read_as_ever() -> None:
    """Written once by the program that brought format 2; its bytes and commands never change."""
    text = (GOLDEN / "format-2.sha256").read_text().split()
    digest = hashlib.sha256()
    for path in sorted(GOLDEN.glob("*.segment")):
        digest.update(path.read_bytes())
    with Reader(GOLDEN) as reader:
        commands = b"".join(batch.tobytes() for batch in reader.batches())
        assert reader.torn == ""
        assert reader.chain.hash.hex() == text[2]
    assert [digest.hexdigest(), hashlib.sha256(commands).hexdigest()] == text[:2]
