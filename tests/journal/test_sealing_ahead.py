"""Batches that are sealed beside a write, and written with the next one."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from journal.files import Journal
from journal.reader import Reader
from journal.schema import BATCH
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND
from tests.journal.simulated import SimulatedFolder
from tests.journal.test_following import commands, hand_over

MOST = 8
"""Commands of a batch."""


class Side:
    """One node's rings and its journal, on a disk whose writes take as long as we like."""

    def __init__(self, seed: int, *, following: bool) -> None:
        self.folder = SimulatedFolder(Random(seed), background=True)
        self.input = RingBuffer(1024, dtype=COMMAND)
        self.sealed = RingBuffer(1024, dtype=BATCH)
        self.position = RingSequence()
        self.input.add_gate(self.position)
        self.journal = Journal(
            self.folder, segment_bytes=64 << 10, write_bytes=(MOST + 1) * 128, cluster=bytes(16)
        )
        list(self.journal.replay())
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

    def work(self, rounds: int) -> None:
        for _ in range(rounds):
            self.journal.make_segment()
            assert self.journaler.do_work() >= 0, self.journaler.error

    def settle(self) -> None:
        self.folder.chances.late = 0.0
        rounds = 0
        while self.journaler.synced < self.input.cursor:
            self.work(1)
            rounds += 1
            assert rounds < 10_000, f"stands still at {self.journaler.synced}"

    def close(self) -> None:
        self.journaler.release()
        self.journal.close()

    def read(self) -> bytes:
        with Reader(self.folder) as reader:
            return b"".join(part.tobytes() for part in reader.batches())


Begin = Callable[[int, bool], Side]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Of a seed, and whether it follows."""
    made: list[Side] = []

    def one(seed: int, following: bool) -> Side:
        made.append(Side(seed, following=following))
        return made[-1]

    yield one
    for side in made:
        side.close()


def behind(side: Side) -> list[int]:
    return [int(header["behind"]) for header in side.sealed.read(1, side.sealed.cursor)]


def test_whole_batches_are_sealed_while_the_disk_is_busy_and_written_at_once(begin: Begin) -> None:
    leader = begin(1, False)
    leader.input.publish_array(commands(1, 3))
    leader.folder.chances.late = 1.0
    leader.work(3)
    leader.input.publish_array(commands(4, 3 * MOST + 2))
    leader.work(20)
    assert leader.journaler.synced == 0
    assert leader.sealed.cursor == 1 + 3, "those that are full are made, and may be sent"
    leader.settle()
    assert leader.journaler.counters["batches"] == 2, "all that was made meanwhile is one write"
    assert behind(leader) == [0, 0, 1, 2, 3]
    assert leader.read() == commands(1, 3 * MOST + 5).tobytes()


def test_a_batch_that_can_grow_is_not_sealed_before_its_write(begin: Begin) -> None:
    leader = begin(1, False)
    leader.folder.chances.late = 1.0
    for count in (1, 2, MOST - 3):
        leader.input.publish_array(commands(leader.input.cursor + 1, count))
        leader.work(5)
    assert leader.sealed.cursor == 1
    leader.settle()
    assert [int(each["count"]) for each in leader.sealed.read(1, 2)] == [1, MOST - 1]


def test_a_follower_writes_at_once_what_came_during_a_write(begin: Begin) -> None:
    leader, follower = begin(1, False), begin(2, True)
    follower.folder.chances.late = 1.0
    seen = 0
    for count in (3, 5, 1, 7):
        leader.input.publish_array(commands(leader.input.cursor + 1, count))
        leader.settle()
        seen = hand_over(leader, follower, seen)
        follower.work(5)
    assert follower.journaler.synced == 0
    assert follower.journaler.followed.value == 4
    follower.settle()
    assert follower.journaler.counters["batches"] == 2
    assert follower.read() == leader.read()


@pytest.mark.parametrize("seed", range(25))
def test_both_logs_are_one_however_long_writes_take(begin: Begin, seed: int) -> None:
    """Over several segments: what is written together stays in one."""
    print(f"seed {seed}")
    random = Random(seed)
    leader, follower = begin(seed, False), begin(seed + 1000, True)
    sides, seen = (leader, follower), 0
    for _ in range(400):
        for side in sides:
            side.folder.chances.late = random.choice((0.0, 0.5, 0.9, 1.0))
        room = 1024 - (leader.input.cursor - follower.journaler.synced) - 1
        count = min(random.choice((0, 0, 1, 3, MOST, 40)), room)
        if count > 0 and leader.input.cursor - leader.journaler.synced < 900:
            leader.input.publish_array(commands(leader.input.cursor + 1, count))
        leader.work(random.randrange(6))
        if random.random() < 0.7 and follower.input.cursor - follower.journaler.synced < 900:
            seen = hand_over(leader, follower, seen)
        follower.work(random.randrange(6))
    leader.settle()
    hand_over(leader, follower, seen)
    follower.settle()
    assert leader.journaler.segment > 1
    assert leader.read() == follower.read() == commands(1, leader.input.cursor).tobytes()
    assert leader.journaler.place == follower.journaler.place
