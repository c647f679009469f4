"""Consumers in series, in parallel and in a diamond."""

import time

import pytest

from lmax.ringbuffer import RingBuffer, RingSequence, SequenceBarrier, WaitStrategy

KINDS = ["single", "multi"]
STRATEGIES = [WaitStrategy.YIELD, WaitStrategy.BACKOFF, WaitStrategy.BLOCKING]


@pytest.mark.parametrize("kind", KINDS)
def test_in_series_the_second_reads_only_what_the_first_has_passed(kind):
    ring = RingBuffer(8, dtype="i8", producers=kind)
    first = RingSequence()
    behind = SequenceBarrier(ring, first)
    ring.publish_array(range(5))
    assert SequenceBarrier(ring).available(1) == 5
    assert behind.available(1) == 0
    first.value = 3
    assert behind.available(1) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_diamond_the_last_waits_for_the_slower_of_both(kind):
    ring = RingBuffer(8, dtype="i8", producers=kind)
    journal, replicator = RingSequence(), RingSequence()
    logic = SequenceBarrier(ring, journal, replicator)
    ring.publish_array(range(5))
    journal.value = 5
    assert logic.available(1) == 0
    replicator.value = 2
    assert logic.available(1) == 2


def test_one_more_dependency_may_join_later():
    ring = RingBuffer(8, dtype="i8")
    journal, replicator = RingSequence(5), RingSequence(4)
    logic = SequenceBarrier(ring, journal)
    assert logic.available(1) == 5
    logic.add(replicator)
    assert logic.available(1) == 4
    for _ in range(6):
        logic.add(RingSequence(9))
    with pytest.raises(ValueError, match="at most 8"):
        logic.add(RingSequence())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_waiting_ends_with_a_timeout_that_says_where_the_barrier_is(strategy):
    ring = RingBuffer(8, dtype="i8", blocking=True)
    ring.publish_array(range(3))
    barrier = SequenceBarrier(ring)
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=r"sequence 4 may not be read .* is at 3"):
        barrier.wait(4, strategy=strategy, timeout=0.05)
    assert 0.05 <= time.monotonic() - begin < 5
    assert barrier.wait(2, strategy=strategy, timeout=0) == 3


def test_blocking_on_a_ring_that_wakes_nobody_is_refused():
    barrier = SequenceBarrier(RingBuffer(8, dtype="i8"))
    with pytest.raises(ValueError, match="blocking=True"):
        barrier.wait(1, strategy=WaitStrategy.BLOCKING)
