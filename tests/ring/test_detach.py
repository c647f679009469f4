"""A slow consumer that may be left behind never stops producers, and always notices."""

import numpy as np
import pytest

from lmax.ringbuffer import RingBuffer, RingSequence

KINDS = ["single", "multi"]


def slow_consumer(kind):
    ring = RingBuffer(8, dtype="i8", producers=kind)
    sequence = RingSequence()
    return ring, sequence, ring.add_gate(sequence, detachable=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_producer_goes_on_and_the_consumer_finds_its_copy_worthless(kind):
    ring, _, gate = slow_consumer(kind)
    ring.publish_array(np.arange(8))
    before = ring.read(1, 4)
    assert ring.is_attached(gate)
    assert list(before) == [0, 1, 2, 3]
    assert ring.try_claim(2) == -1
    assert ring.detach_slowest(2) == 1
    ring.publish_array(np.array([98, 99]))
    overwritten = ring.read(1, 4)
    assert list(overwritten) == [98, 99, 2, 3]
    assert not ring.is_attached(gate)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gate_that_blocks_nothing_is_left_alone(kind):
    ring, sequence, gate = slow_consumer(kind)
    ring.publish_array(np.arange(6))
    assert ring.detach_slowest(2) == 0
    assert ring.detach_slowest(3) == 1
    sequence.value = 6
    assert ring.attach(gate, 6)
    assert ring.is_attached(gate)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_detached_while_a_gate_that_must_not_be_blocks_too(kind):
    ring, _, gate = slow_consumer(kind)
    journal = RingSequence()
    ring.add_gate(journal)
    ring.publish_array(np.arange(8))
    assert ring.detach_slowest() == 0
    assert ring.is_attached(gate)
    journal.value = 8
    assert ring.detach_slowest() == 1
    assert ring.try_claim() == 9


@pytest.mark.parametrize("kind", KINDS)
def test_only_who_blocks_is_detached(kind):
    ring, slow, gate = slow_consumer(kind)
    quick = RingSequence()
    other = ring.add_gate(quick, detachable=True)
    ring.publish_array(np.arange(8))
    quick.value = 5
    assert ring.detach_slowest(3) == 1
    assert (ring.is_attached(gate), ring.is_attached(other)) == (False, True)
    assert ring.try_claim(5) == 13
    assert ring.try_claim() == -1
    assert slow.value == 0


@pytest.mark.parametrize("kind", KINDS)
def test_coming_back_too_far_behind_is_refused_and_further_on_succeeds(kind):
    ring, sequence, gate = slow_consumer(kind)
    ring.publish_array(np.arange(8))
    ring.detach_slowest(8)
    ring.publish_array(np.arange(8, 16))
    assert not ring.attach(gate, 3)
    assert not ring.is_attached(gate)
    assert ring.attach(gate, 12)
    assert sequence.value == 12
    assert list(ring.read(13, 16)) == [12, 13, 14, 15]
    assert ring.is_attached(gate)
    assert ring.try_claim(4) == 20
    assert ring.try_claim(1) == -1


@pytest.mark.parametrize("kind", KINDS)
def test_an_accepted_position_is_safe_whatever_the_producer_saw_last(kind):
    """For every position: once attached there, everything above it stays readable."""
    for position in range(17):
        ring, _, gate = slow_consumer(kind)
        ring.publish_array(np.arange(1, 9))
        ring.detach_slowest(8)
        ring.publish_array(np.arange(9, 17))
        if not ring.attach(gate, position):
            continue
        while ring.remaining:
            ring.publish_array(np.array([ring.cursor + 1]))
        whole = range(position + 1, ring.cursor + 1)
        assert list(ring.read(position + 1, ring.cursor)) == list(whole)
        assert ring.is_attached(gate)
