"""Claiming, publishing and gating, step by step on one thread."""

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmax.ringbuffer import RingBuffer, RingFull, RingSequence, SequenceBarrier

KINDS = ["single", "multi"]


def gated(kind="single", capacity=8, last=0, **options):
    """A ring with one gate, that gate's sequence and its number."""
    ring = RingBuffer(capacity, dtype="i8", producers=kind, last=last, **options)
    sequence = RingSequence()
    return ring, sequence, ring.add_gate(sequence)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_message_is_number_one(kind):
    ring, _, _ = gated(kind)
    assert ring.cursor == 0
    assert ring.try_claim() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_claim_of_many_gives_consecutive_numbers(kind):
    ring, _, _ = gated(kind)
    assert [ring.try_claim(), ring.try_claim(3), ring.try_claim(2)] == [1, 4, 6]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_readable_before_it_is_published(kind):
    ring, _, _ = gated(kind)
    barrier = SequenceBarrier(ring)
    assert ring.try_claim(2) == 2
    assert barrier.available(1) == 0
    ring.publish(1, 2)
    assert barrier.available(1) == 2


def test_several_producers_may_publish_in_any_order():
    ring, _, _ = gated("multi")
    barrier = SequenceBarrier(ring)
    assert ring.try_claim(4) == 4
    ring.publish(2)
    ring.publish(4)
    assert barrier.available(1) == 0
    ring.publish(1)
    assert barrier.available(1) == 2
    ring.publish(3)
    assert barrier.available(1) == 4
    assert ring.highest_published(2, 3) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_ring_refuses_and_takes_the_claim_once_the_gate_moves(kind):
    ring, sequence, _ = gated(kind)
    ring.publish_array(range(8))
    assert ring.remaining == 0
    assert ring.try_claim() == -1
    sequence.value = 3
    assert ring.remaining == 3
    assert ring.try_claim(4) == -1
    assert ring.try_claim(3) == 11


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_claim_leaves_nothing_behind(kind):
    ring, sequence, _ = gated(kind)
    ring.publish_array(range(6))
    for _ in range(5):
        assert ring.try_claim(3) == -1
    assert ring.try_claim(2) == 8
    ring.publish(7, 8)
    sequence.value = 8
    assert ring.publish_array(range(8)) == 16


@pytest.mark.parametrize("kind", KINDS)
def test_publishing_an_array_into_a_full_ring_says_to_retry_and_publishes_nothing(kind):
    ring, sequence, _ = gated(kind)
    ring.publish_array(range(6))
    with pytest.raises(RingFull, match="retry"):
        ring.publish_array(range(3))
    assert ring.cursor == 6
    sequence.value = 1
    assert ring.publish_array(range(3)) == 9


@pytest.mark.parametrize("kind", KINDS)
def test_messages_wrap_around_and_keep_their_numbers(kind):
    ring, sequence, _ = gated(kind)
    for lap in range(20):
        values = np.arange(5) + 5 * lap
        last = ring.publish_array(values)
        assert list(ring.read(last - 4, last)) == list(values)
        sequence.value = last
    assert ring.view[100 % 8] == 99


@pytest.mark.parametrize("kind", KINDS)
def test_the_slowest_gate_decides(kind):
    ring, first, _ = gated(kind)
    second = RingSequence()
    ring.add_gate(second)
    ring.publish_array(range(8))
    first.value = 8
    second.value = 2
    assert ring.remaining == 2
    second.value = 7
    assert ring.remaining == 7


@pytest.mark.parametrize("kind", KINDS)
def test_a_gate_added_later_starts_at_the_cursor_and_then_counts(kind):
    ring, first, _ = gated(kind)
    ring.publish_array(range(5))
    late = RingSequence()
    ring.add_gate(late)
    assert late.value == 5
    first.value = 5
    ring.publish_array(range(8))
    first.value = 13
    assert ring.try_claim() == -1
    late.value = 6
    assert ring.try_claim() == 14


@pytest.mark.parametrize("kind", KINDS)
def test_a_removed_gate_holds_nobody_up_and_its_place_is_free_again(kind):
    ring, _, gate = gated(kind)
    ring.publish_array(range(8))
    assert ring.try_claim() == -1
    ring.remove_gate(gate)
    assert ring.try_claim(8) == 16
    for _ in range(100):
        ring.remove_gate(ring.add_gate(RingSequence()))


@pytest.mark.parametrize("kind", KINDS)
def test_without_gates_nobody_waits_for_consumers_but_no_unpublished_slot_is_claimed_again(kind):
    ring = RingBuffer(8, dtype="i8", producers=kind)
    ring.publish_array(range(8))
    ring.publish_array(range(8))
    assert ring.try_claim(3) == 19
    assert ring.try_claim(5) == 24
    assert ring.try_claim() == -1
    ring.publish(17, 18)
    assert ring.try_claim(3) == -1
    assert ring.try_claim(2) == 26


def test_a_seventeenth_gate_is_refused():
    ring = RingBuffer(8, dtype="i8")
    for _ in range(16):
        ring.add_gate(RingSequence())
    with pytest.raises(ValueError, match="16 gates"):
        ring.add_gate(RingSequence())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("last", [0, 1, 7, 8, 1_000_003, 2**62])
def test_a_ring_goes_on_after_any_sequence(kind, last):
    ring, sequence, _ = gated(kind, last=last)
    barrier = SequenceBarrier(ring)
    assert (ring.cursor, sequence.value, ring.remaining) == (last, last, 8)
    assert barrier.available(last + 1) == last
    for _ in range(5):
        sequence.value = ring.publish_array(range(7))
    assert barrier.available(last + 29) == last + 35


def test_reset_moves_the_gates_that_exist():
    ring, sequence, _ = gated("multi")
    ring.reset(500)
    assert sequence.value == 500
    assert ring.publish_array(range(8)) == 508


def test_the_view_is_the_ring_and_keeps_it_alive():
    ring = RingBuffer(8, dtype=[("a", "i8"), ("b", "i8")])
    view = ring.view
    ring.publish_array(np.array([(1, 2)], dtype=ring.dtype))
    assert view[1]["b"] == 2
    del ring
    gc.collect()
    view["a"] = 7
    assert view["a"].sum() == 56


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"capacity": 0, "slot_bytes": 8}, "capacity must be a power of two"),
        ({"capacity": 12, "slot_bytes": 8}, "capacity must be a power of two"),
        ({"capacity": 8, "slot_bytes": 24}, "slot_bytes"),
        ({"capacity": 8, "dtype": "S3"}, "size of dtype"),
        ({"capacity": 8}, "either dtype or slot_bytes"),
        ({"capacity": 8, "dtype": "i8", "slot_bytes": 8}, "either dtype or slot_bytes"),
        ({"capacity": 8, "dtype": "i8", "producers": "two"}, "not 'two'"),
        ({"capacity": 8, "dtype": "i8", "last": -1}, "last=-1"),
        ({"capacity": 8, "dtype": "O"}, "Python objects"),
    ],
)
def test_impossible_rings_are_refused_with_the_reason(arguments, message):
    with pytest.raises(ValueError, match=message):
        RingBuffer(**arguments)


def test_misuse_is_refused_with_the_reason():
    ring, _, _ = gated()
    with pytest.raises(ValueError, match="1 to 8 slots, not of 9"):
        ring.try_claim(9)
    with pytest.raises(ValueError, match="1 to 8 slots, not of 0"):
        ring.publish_array([])
    with pytest.raises(ValueError, match="was not claimed"):
        ring.publish(1)
    with pytest.raises(ValueError, match="9 messages, the ring has 8"):
        ring.read(1, 9)
    with pytest.raises(ValueError, match="no gate 3"):
        ring.remove_gate(3)


@given(
    kind=st.sampled_from(KINDS),
    last=st.integers(0, 2**40),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 8)), max_size=60),
)
def test_a_ring_is_a_bounded_queue(kind, last, steps):
    """Random puts and takes against a plain list."""
    ring, sequence, _ = gated(kind, last=last)
    barrier = SequenceBarrier(ring)
    waiting: list[int] = []
    value = 0
    for is_put, n in steps:
        if is_put:
            new = list(range(value, value + n))
            if len(waiting) + n <= ring.capacity:
                ring.publish_array(new)
                waiting += new
                value += n
            else:
                with pytest.raises(RingFull):
                    ring.publish_array(new)
        else:
            lo = sequence.value + 1
            hi = min(barrier.available(lo), lo + n - 1)
            assert list(ring.read(lo, hi)) == waiting[:n]
            del waiting[:n]
            sequence.value = hi
        assert ring.remaining == ring.capacity - len(waiting)
