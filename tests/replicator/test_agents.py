"""Batches from a primary's rings to a standby's, over a network that does everything wrong."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from lmax.ringbuffer.sequence import RingSequence
from replicator._end import LinkEnd
from replicator._receiver import ReceiverAgent
from replicator._replicator import ReplicatorAgent
from replicator._secure import SecureLink
from tests.journal.test_following import Side, commands
from tests.replicator.pipes import connected

MS = 1_000_000
CLUSTER = bytes(range(16))


class Pair:
    """A primary that writes batches, a standby that follows, and what is between them."""

    def __init__(self, path: Path, random: Random, *, durable: bool = False) -> None:
        self.random = random
        self.clock = RingSequence()
        self.leader = Side(path / "a", "buffered", following=False)
        self.standby = Side(path / "b", "buffered", following=True)
        here, there, self.pipes = connected(random)
        keys = random.randbytes(32), random.randbytes(32)
        ends = LinkEnd(here), LinkEnd(there)
        ends[0].install(SecureLink(keys[0], keys[1], 7), pending=False)
        ends[1].install(SecureLink(keys[1], keys[0], 7), pending=False)
        self.permitted = RingSequence()
        self.replicator = ReplicatorAgent(
            self.leader.input,
            self.leader.sealed,
            self.leader.position,
            [ends[0]],
            epoch=3,
            permitted=self.permitted,
            durable=durable,
            clock=self.clock,
        )
        self.replicator.lease(2**60)
        self.applied = RingSequence()
        self.receiver = ReceiverAgent(
            ends[1],
            self.standby.input,
            self.standby.sealed,
            self.standby.position,
            self.applied,
            clock=self.clock,
        )

    def go_live(self) -> None:
        """At the beginning, where nothing has to come from the journal."""
        assert self.receiver.begin(0, CLUSTER.ljust(32, b"\0"), epoch=0, leader_epoch=3)
        assert self.replicator.hold(0) == 0
        assert self.replicator.go_live(0, 0)
        assert self.replicator.count(0, True)

    def step(self) -> None:
        self.clock.value += self.random.randrange(5 * MS)
        for turn in self.random.sample(range(4), 4):
            if turn == 0:
                assert self.leader.work() >= 0
            elif turn == 1:
                assert self.replicator.do_work() >= 0
            elif turn == 2:
                assert self.receiver.do_work() >= 0
            else:
                assert self.standby.work() >= 0, self.standby.journaler.error

    def publish(self, count: int) -> None:
        ring = self.leader.input
        if ring.remaining >= count:
            ring.publish_array(commands(ring.cursor + 1, count))

    def settle(self, sequence: int) -> None:
        for _ in range(100_000):
            if self.permitted.value >= sequence and self.standby.position.value >= sequence:
                return
            self.step()
        raise AssertionError(f"stands still: {self.replicator.said(0)}, {self.receiver.counters}")

    def close(self) -> None:
        self.leader.close()
        self.standby.close()


@pytest.mark.parametrize("durable", [False, True])
def test_f21_the_standby_has_the_same_bytes_whatever_the_network_does(
    tmp_path: Path, seed: int, durable: bool
) -> None:
    random = Random(seed)
    pair = Pair(tmp_path, random, durable=durable)
    pair.go_live()
    for pipe in pair.pipes:
        pipe.loss, pipe.doubles, pipe.shuffles = 0.3, 0.5, 0.3
    for _ in range(300):
        if random.random() < 0.5:
            pair.publish(random.randrange(1, 30))
        pair.step()
        reached = pair.standby.position.value if durable else pair.receiver.received.value
        assert pair.permitted.value <= reached, "acknowledged, and the standby does not have it"
    pair.settle(pair.leader.input.cursor)
    assert pair.standby.journaler.place == pair.leader.journaler.place
    assert pair.receiver.counters["resends"] > 0
    pair.close()


@pytest.mark.parametrize("durable", [False, True])
def test_what_is_synced_is_said_at_once_only_where_that_is_waited_for(
    tmp_path: Path, seed: int, durable: bool
) -> None:
    """Else it comes with the next acknowledgement, or when it is time for one."""
    pair = Pair(tmp_path, Random(seed), durable=durable)
    pair.go_live()
    pair.publish(1)
    pair.settle(1)
    for _ in range(50):
        pair.step()
    pair.publish(1)
    for _ in range(20):
        pair.leader.work()
        pair.replicator.do_work()
        pair.receiver.do_work()
        pair.standby.work()
    assert pair.standby.position.value == 2
    assert pair.replicator.said(0)[:2] == (2, 2 if durable else 1)
    for _ in range(50):
        pair.step()
    assert pair.replicator.said(0)[:2] == (2, 2)
    pair.close()


def test_nothing_is_permitted_without_the_lease_or_the_standby(tmp_path: Path, seed: int) -> None:
    pair = Pair(tmp_path, Random(seed))
    pair.go_live()
    pair.publish(5)
    pair.settle(5)
    pair.pipes[0].cut = True
    pair.publish(5)
    for _ in range(50):
        pair.step()
    assert pair.permitted.value == 5
    pair.pipes[0].cut = False
    pair.replicator.lease(pair.clock.value)
    for _ in range(50):
        pair.step()
    assert pair.replicator.said(0)[0] == 10, "it was received"
    assert pair.permitted.value == 5, "after the end of the lease"
    pair.replicator.lease(2**60)
    pair.settle(10)
    pair.close()


def test_without_a_standby_that_counts_only_a_recorded_primary_goes_on(
    tmp_path: Path, seed: int
) -> None:
    pair = Pair(tmp_path, Random(seed))
    pair.publish(5)
    for _ in range(50):
        pair.step()
    assert (pair.leader.position.value, pair.permitted.value) == (5, 0)
    pair.replicator.may_go_alone(True)
    pair.step()
    pair.step()
    assert pair.permitted.value == 5
    pair.close()


def test_a_slow_standby_is_felt_at_the_way_in_and_nothing_grows(tmp_path: Path, seed: int) -> None:
    pair = Pair(tmp_path, Random(seed))
    pair.go_live()
    pair.pipes[1].cut = True  # its acknowledgements do not come
    for _ in range(400):
        pair.publish(20)
        pair.step()
    assert pair.leader.input.cursor <= pair.leader.input.capacity
    pair.pipes[1].cut = False
    pair.settle(pair.leader.input.cursor)
    pair.publish(20)
    pair.settle(pair.leader.input.cursor)
    pair.close()


def test_batches_of_a_later_epoch_or_another_history_are_not_taken(
    tmp_path: Path, seed: int
) -> None:
    pair = Pair(tmp_path, Random(seed))
    other = np.frombuffer(b"x" * 32, np.uint8).tobytes()
    assert pair.receiver.begin(0, other, epoch=0, leader_epoch=3)
    assert pair.replicator.hold(0) == 0
    assert pair.replicator.go_live(0, 0)
    pair.publish(3)
    for _ in range(100):
        pair.step()
    assert pair.receiver.received.value == 0
    assert pair.receiver.counters["refused"] > 0
    assert pair.receiver.begin(0, CLUSTER.ljust(32, b"\0"), epoch=0, leader_epoch=2)
    for _ in range(100):
        pair.step()
    assert pair.receiver.received.value == 0, "epoch 3, from a primary of epoch 2"
    pair.close()


HELLO = (1).to_bytes(4, "little") + bytes(268)
FLOOD = 5_000
AT_ONCE, EVERY = 16, 20 * MS


def test_a_flood_of_first_frames_holds_nobody_up(tmp_path: Path, seed: int) -> None:
    """Few are looked at, the others are dropped and counted, and batches go on meanwhile."""
    pair = Pair(tmp_path, Random(seed))
    pair.go_live()
    pair.publish(5)
    pair.settle(5)
    primary, back = pair.replicator.ends[0], pair.pipes[1]
    back.messages.extend([HELLO] * FLOOD)
    before, began, took = len(back.messages), pair.clock.value, 0
    assert pair.replicator.do_work() > 0
    assert 0 < before - len(back.messages) <= 128, "one round is short, whatever comes"
    pair.publish(5)
    while back.messages:
        pair.step()
        while primary.take() is not None:
            took += 1
    most = AT_ONCE + (pair.clock.value - began) // EVERY + 1
    assert AT_ONCE // 2 <= took <= most
    assert FLOOD - most <= primary.limited < FLOOD
    pair.settle(10)
    # Later there is room for some again.
    limited = primary.limited
    pair.clock.value += AT_ONCE * EVERY
    back.messages.append(HELLO)
    while primary.take() is None:
        pair.step()
    assert primary.limited == limited
    pair.close()
