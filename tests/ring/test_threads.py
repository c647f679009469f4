"""Real threads, without the GIL: every message arrives once, whole, and in its order.

No test spins on both cores: threads yield, back off or sleep.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lmax.ringbuffer import RingBuffer, RingSequence, SequenceBarrier, WaitStrategy
from tests.ring._traffic import MESSAGE_BYTES, Counts, consume, consume_detachable, layout, produce

SECONDS = 60.0


def all_of(count, producers=1):
    """What a consumer must have seen of `count` messages from each producer."""
    return Counts(producers * count, producers * count * (count - 1) // 2, 0, 0, 0, 0, 0)


def hand_over(count, *, producers=1, batch=1, capacity=1024, strategy=WaitStrategy.YIELD, last=0):
    """`count` messages from each producer to one consumer; what it saw."""
    ring = RingBuffer(
        capacity,
        slot_bytes=MESSAGE_BYTES,
        producers="single" if producers == 1 else "multi",
        blocking=strategy == WaitStrategy.BLOCKING,
        last=last,
    )
    sequence = RingSequence()
    ring.add_gate(sequence)
    until = last + producers * count
    with ThreadPoolExecutor(producers + 1) as pool:
        seen = pool.submit(
            consume, SequenceBarrier(ring), sequence, until, strategy=strategy, timeout=SECONDS
        )
        made = [
            pool.submit(produce, ring, number, count, batch, timeout=SECONDS)
            for number in range(producers)
        ]
        for one in made:
            one.result()
        return seen.result()


@pytest.mark.parametrize("batch", [1, 16])
def test_twenty_million_messages_from_one_producer_to_one_consumer(batch):
    assert hand_over(20_000_000, batch=batch) == all_of(20_000_000)


@pytest.mark.parametrize("batch", [1, 7])
def test_twelve_million_messages_from_three_producers(batch):
    assert hand_over(4_000_000, producers=3, batch=batch) == all_of(4_000_000, 3)


def test_a_ring_of_two_slots_and_a_batch_of_the_whole_ring():
    assert hand_over(100_000, capacity=2) == all_of(100_000)
    assert hand_over(200_000, capacity=16, batch=16) == all_of(200_000)
    assert hand_over(50_000, capacity=16, batch=16, producers=2) == all_of(50_000, 2)


def test_a_restarted_ring_goes_on_at_a_high_sequence():
    assert hand_over(1_000_000, last=2**40 + 12_345) == all_of(1_000_000)
    assert hand_over(300_000, last=2**40 + 12_345, producers=2) == all_of(300_000, 2)


@pytest.mark.parametrize("strategy", [WaitStrategy.BACKOFF, WaitStrategy.BLOCKING])
@pytest.mark.parametrize("producers", [1, 3])
def test_consumers_that_sleep_lose_nothing(strategy, producers):
    counts = hand_over(200_000, producers=producers, strategy=strategy)
    assert counts == all_of(200_000, producers)


@pytest.mark.parametrize("strategy", [WaitStrategy.YIELD, WaitStrategy.BLOCKING])
@pytest.mark.parametrize(("producers", "count"), [(1, 5_000_000), (2, 1_000_000)])
def test_a_diamond_of_three_consumers_sees_everything_three_times(strategy, producers, count):
    if strategy == WaitStrategy.BLOCKING:
        count //= 25
    ring = RingBuffer(
        1024,
        slot_bytes=MESSAGE_BYTES,
        producers="single" if producers == 1 else "multi",
        blocking=strategy == WaitStrategy.BLOCKING,
    )
    left, right, last = RingSequence(), RingSequence(), RingSequence()
    ring.add_gate(last)
    barriers = [
        (SequenceBarrier(ring), left),
        (SequenceBarrier(ring), right),
        (SequenceBarrier(ring, left, right), last),
    ]
    with ThreadPoolExecutor(3 + producers) as pool:
        seen = [
            pool.submit(
                consume, barrier, own, count * producers, strategy=strategy, timeout=SECONDS
            )
            for barrier, own in barriers
        ]
        for made in [
            pool.submit(produce, ring, p, count, 4, timeout=SECONDS) for p in range(producers)
        ]:
            made.result()
        assert [one.result() for one in seen] == [all_of(count, producers)] * 3


def test_gates_that_come_and_go_lose_nothing_for_the_others():
    count = 3_000_000
    ring = RingBuffer(256, slot_bytes=MESSAGE_BYTES)
    steady = RingSequence()
    ring.add_gate(steady)
    joined = 0
    with ThreadPoolExecutor(2) as pool:
        seen = pool.submit(consume, SequenceBarrier(ring), steady, count, timeout=SECONDS)
        made = pool.submit(produce, ring, 0, count, timeout=SECONDS)
        while not made.done():
            late = RingSequence()
            gate = ring.add_gate(late)
            # While it stands still, the producer cannot come more than a lap beyond it.
            assert ring.cursor <= late.value + ring.capacity
            ring.remove_gate(gate)
            joined += 1
            time.sleep(0.0001)
        made.result()
        assert seen.result() == all_of(count)
    assert joined > 0


@pytest.mark.parametrize("slow", [0, 300_000])
@pytest.mark.parametrize(
    ("kind", "producers"), [("single", 1), ("multi", 1), ("multi", 2)], ids=["1", "1 of many", "2"]
)
def test_a_consumer_left_behind_never_believes_a_torn_copy(kind, producers, slow):
    count = 2_000_000 // producers
    ring = RingBuffer(1024, slot_bytes=MESSAGE_BYTES, producers=kind)
    sequence = RingSequence()
    gate = ring.add_gate(sequence, detachable=True)
    until = producers * count
    with ThreadPoolExecutor(1 + producers) as pool:
        read = pool.submit(
            consume_detachable, ring, gate, sequence, until, slow=slow, timeout=SECONDS
        )
        made = [
            pool.submit(produce, ring, number, count, 64, detach=True, timeout=SECONDS)
            for number in range(producers)
        ]
        refused = sum(one.result() for one in made)
        seen = read.result()
    print(seen)
    assert (seen.torn, seen.misplaced) == (0, 0)
    assert seen.messages + seen.lost == until
    assert seen.messages > 0 or seen.detached > 0
    if producers == 1:
        assert seen.disordered == 0
        # Each refused claim detached the gate, and the very next one went through: no waiting.
        assert seen.detached <= refused <= 2 * (seen.detached + 1)
    if slow:
        assert seen.detached > 0


def test_sequences_stand_alone_on_their_cache_lines():
    assert layout() == {"sequence": 128, "ring": 768, "signal": 128, "misaligned": 0}
