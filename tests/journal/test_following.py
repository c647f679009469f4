"""A journaler that follows writes the batches it is told of, and no others."""

import errno
import time
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from journal.errors import JournalCorrupt
from journal.files import Journal
from journal.folder import RealFolder
from journal.reader import Reader
from journal.schema import BATCH, BLOCK_BYTES
from journal.snapshotter import confirmed_end
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND

SLOTS = 1024


class Side:
    """One node's input ring, sealed ring and journal."""

    def __init__(self, path: Path, mode: str, *, following: bool, slots: int = SLOTS) -> None:
        self.input = RingBuffer(slots, dtype=COMMAND)
        self.sealed = RingBuffer(slots, dtype=BATCH)
        self.position = RingSequence()
        self.input.add_gate(self.position)
        self.journal = Journal(path, segment_bytes=64 << 10, mode=mode, cluster=bytes(range(16)))
        for _ in self.journal.replay():
            pass
        self.input.reset(self.journal.sequence)
        self.position.value = self.journal.sequence
        self.journaler = self.journal.journaler(
            self.input,
            self.position,
            start=False,
            epoch=0 if following else 3,
            sealed=self.sealed,
            following=following,
            polls=True,
        )
        if following:
            self.sealed.add_gate(self.journaler.followed)

    def work(self) -> int:
        self.journal.make_segment()
        return self.journaler.do_work()

    def settle(self) -> None:
        deadline = time.monotonic() + 60
        while self.journaler.synced < self.input.cursor:
            assert self.work() >= 0, self.journaler.error
            assert time.monotonic() < deadline, f"stands still at {self.journaler.synced}"

    def close(self) -> None:
        self.journaler.release()
        self.journal.close()


def commands(first: int, count: int) -> np.ndarray:
    made = np.zeros(count, COMMAND)
    made["sequence"] = np.arange(first, first + count)
    made["type"] = 3
    made["account"] = made["sequence"] * 7
    return made


class Rings(Protocol):
    """What is handed over from, and to."""

    input: RingBuffer
    sealed: RingBuffer


def hand_over(leader: Rings, follower: Rings, seen: int) -> int:
    """All batches sealed since: commands first, then their headers, as a receiver does it."""
    last = leader.sealed.cursor
    headers = leader.sealed.read(seen + 1, last)
    for header in headers:
        first, count = int(header["first_sequence"]), int(header["count"])
        follower.input.publish_array(leader.input.read(first, first + count - 1))
        follower.sealed.publish_array(header.reshape(1))
    return last


@pytest.mark.parametrize("mode", ["direct", "buffered", "uring"])
def test_both_journals_hold_the_same_batches(tmp_path: Path, mode: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    leader = Side(tmp_path / "a", mode, following=False)
    follower = Side(tmp_path / "b", mode, following=True)
    seen = 0
    for _ in range(60):
        for _ in range(int(random.integers(1, 6))):
            leader.input.publish_array(
                commands(leader.input.cursor + 1, int(random.integers(1, 40)))
            )
            leader.settle()
        seen = hand_over(leader, follower, seen)
        for _ in range(int(random.integers(0, 3))):
            assert follower.work() >= 0
        follower.settle()
    batches, writes = leader.journaler.counters["batches"], follower.journaler.counters["batches"]
    assert leader.sealed.cursor == batches
    assert writes < batches, "several small batches go with one write"
    assert follower.journaler.place == leader.journaler.place
    leader.close()
    follower.close()
    found = []
    for name in "ab":
        with Reader(tmp_path / name) as reader:
            parts = [part.tobytes() for part in reader.batches()]
            found.append((b"".join(parts), reader.chain.hash, reader.chain.epoch, reader.sequence))
    assert found[0] == found[1]
    assert found[0][2] == 3


def test_a_batch_that_comes_out_differently_stops_the_follower(tmp_path: Path) -> None:
    leader = Side(tmp_path / "a", "buffered", following=False)
    follower = Side(tmp_path / "b", "buffered", following=True)
    leader.input.publish_array(commands(1, 5))
    leader.settle()
    changed = leader.input.read(1, 5)
    changed["account"][2] += 1
    follower.input.publish_array(changed)
    follower.sealed.publish_array(leader.sealed.read(1, 1))
    follower.journal.make_segment()
    while (done := follower.journaler.do_work()) >= 0:
        assert follower.journaler.synced == 0
    assert done == -1
    assert follower.journaler.error is not None
    assert follower.journaler.error.errno == errno.EPROTO
    assert follower.journaler.synced == 0
    leader.close()
    follower.close()


def test_a_follower_leads_from_where_it_is_in_a_later_epoch(tmp_path: Path) -> None:
    leader = Side(tmp_path / "a", "buffered", following=False)
    follower = Side(tmp_path / "b", "buffered", following=True)
    leader.input.publish_array(commands(1, 5))
    leader.settle()
    hand_over(leader, follower, 0)
    with pytest.raises(ValueError, match="to be written first"):
        follower.journaler.lead(4)
    follower.settle()
    with pytest.raises(ValueError, match="epoch 3 is over"):
        follower.journaler.lead(3)
    follower.journaler.lead(4)
    follower.input.publish_array(commands(6, 2))
    follower.settle()
    assert follower.journaler.place[:2] == (4, 7)
    leader.close()
    follower.close()
    with Reader(tmp_path / "b") as reader:
        assert sum(len(part) for part in reader.batches()) == 7
        assert reader.chain.epoch == 4


def test_a_leader_waits_while_the_replicator_is_a_ring_of_batches_behind(tmp_path: Path) -> None:
    leader = Side(tmp_path / "a", "buffered", following=False, slots=16)
    slow = RingSequence()
    leader.sealed.add_gate(slow)
    for first in range(1, 17):
        leader.input.publish_array(commands(first, 1))
        leader.settle()
    leader.input.publish_array(commands(17, 1))
    for _ in range(10):
        assert leader.work() >= 0
    assert leader.journaler.synced == 16
    slow.value = 1
    leader.settle()
    assert leader.journaler.synced == 17
    leader.close()


def write_at_once(tmp_path: Path, writes: list[int]) -> Path:
    """A follower's journal, of so many batches in each write behind the first; its segment."""
    leader = Side(tmp_path / "a", "buffered", following=False)
    follower = Side(tmp_path / "b", "buffered", following=True)
    seen = 0
    for batches in [1, *writes]:
        for _ in range(batches):
            leader.input.publish_array(commands(leader.input.cursor + 1, 3))
            leader.settle()
        before = follower.journaler.counters["batches"]
        seen = hand_over(leader, follower, seen)
        follower.settle()
        assert follower.journaler.counters["batches"] == before + 1, "it is one write"
    leader.close()
    follower.close()
    return tmp_path / "b" / "00000001.segment"


def zero(segment: Path, block: int) -> None:
    with segment.open("r+b") as file:
        file.seek(block * BLOCK_BYTES)
        file.write(bytes(BLOCK_BYTES))


def test_a_last_write_that_is_torn_before_a_whole_batch_of_its_own_is_cut(tmp_path: Path) -> None:
    """A disk may write the end of a write and lose its beginning."""
    segment = write_at_once(tmp_path, [3, 4])
    zero(segment, 1 + 1 + 3 + 1)  # the second of the last four
    with Journal(tmp_path / "b", mode="buffered") as journal:
        assert sum(len(part) for part in journal.replay()) == 3 * (1 + 3 + 1)
        assert journal.cut
    with Reader(tmp_path / "b") as reader:
        assert sum(len(part) for part in reader.batches()) == 15
        assert not reader.torn


@pytest.mark.parametrize("block", [2, 3, 4])
def test_a_write_that_is_damaged_before_another_one_is_damage(tmp_path: Path, block: int) -> None:
    zero(write_at_once(tmp_path, [3, 4]), block)
    with Reader(tmp_path / "b") as reader, pytest.raises(JournalCorrupt):
        list(reader.batches())


def test_what_the_disk_has_confirmed_ends_before_the_last_write(tmp_path: Path) -> None:
    write_at_once(tmp_path, [3, 4])
    assert confirmed_end(RealFolder(tmp_path / "b")) == 3 * (1 + 3)
