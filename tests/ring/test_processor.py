"""Batch processors handle everything, in batches, and drain before they end."""

import time

import pytest

from lmax.ringbuffer import (
    BatchProcessor,
    RingBuffer,
    RingFull,
    RingSequence,
    SequenceBarrier,
    WaitStrategy,
)

STRATEGIES = [WaitStrategy.YIELD, WaitStrategy.BACKOFF, WaitStrategy.BLOCKING]


def publish_all(ring, values):
    for value in values:
        while True:
            try:
                ring.publish_array([value])
                break
            except RingFull:
                time.sleep(0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_halted_processor_first_drains_all_that_was_published(strategy):
    ring = RingBuffer(64, dtype="i8", blocking=True)
    seen: list[int] = []
    processor = BatchProcessor(
        SequenceBarrier(ring),
        lambda lo, hi, _: seen.extend(ring.read(lo, hi)),
        strategy=strategy,
    )
    ring.add_gate(processor.sequence)
    processor.start()
    publish_all(ring, range(2_000))
    processor.halt()
    processor.join()
    assert seen == list(range(2_000))
    assert processor.sequence.value == 2_000
    assert not processor.running


def test_an_idle_processor_ends_promptly_even_asleep_in_the_kernel():
    ring = RingBuffer(64, dtype="i8", blocking=True)
    processor = BatchProcessor(
        SequenceBarrier(ring), lambda *_: None, strategy=WaitStrategy.BLOCKING
    ).start()
    time.sleep(0.05)
    begin = time.monotonic()
    processor.halt()
    processor.join()
    assert time.monotonic() - begin < 0.5


def test_two_processors_in_series_keep_their_order():
    ring = RingBuffer(32, dtype="i8", blocking=True)
    log: list[tuple[str, int]] = []
    first = BatchProcessor(
        SequenceBarrier(ring),
        lambda lo, hi, _: log.extend(("journal", n) for n in range(lo, hi + 1)),
        strategy=WaitStrategy.BLOCKING,
    )
    second = BatchProcessor(
        SequenceBarrier(ring, first.sequence),
        lambda lo, hi, _: log.extend(("logic", n) for n in range(lo, hi + 1)),
        strategy=WaitStrategy.BLOCKING,
    )
    ring.add_gate(second.sequence)
    first.start()
    second.start()
    publish_all(ring, range(500))
    for processor in (first, second):
        processor.halt()
        processor.join()
    place = {entry: index for index, entry in enumerate(log)}
    assert len(place) == 1_000
    assert all(place["journal", n] < place["logic", n] for n in range(1, 501))


def test_steps_are_batches_cut_at_the_maximum_and_the_last_says_so():
    ring = RingBuffer(64, dtype="i8")
    calls = []
    processor = BatchProcessor(SequenceBarrier(ring), lambda *call: calls.append(call), max_batch=4)
    ring.publish_array(range(10))
    assert [processor.step() for _ in range(4)] == [4, 4, 2, 0]
    assert calls == [(1, 4, False), (5, 8, False), (9, 10, True)]


def test_a_handler_that_raises_stops_the_processor_before_its_batch():
    ring = RingBuffer(64, dtype="i8")

    def handler(lo, hi, _):
        if hi >= 6:
            raise RuntimeError("disk full")

    processor = BatchProcessor(SequenceBarrier(ring), handler, max_batch=3)
    ring.publish_array(range(9))
    processor.start()
    processor.join()
    assert isinstance(processor.error, RuntimeError)
    assert processor.sequence.value == 3
    with pytest.raises(RuntimeError, match="disk full"):
        processor.step()


def test_joining_a_processor_that_was_not_halted_times_out_and_says_what_to_do():
    ring = RingBuffer(64, dtype="i8")
    processor = BatchProcessor(
        SequenceBarrier(ring), lambda *_: None, sequence=RingSequence(), name="logic"
    ).start()
    with pytest.raises(TimeoutError, match=r"logic still runs .* halt it first"):
        processor.join(0.05)
    processor.halt()
    processor.join()


def test_impossible_processors_are_refused_with_the_reason():
    barrier = SequenceBarrier(RingBuffer(8, dtype="i8"))
    with pytest.raises(ValueError, match="max_batch=0"):
        BatchProcessor(barrier, lambda *_: None, max_batch=0)
    with pytest.raises(ValueError, match="blocking=True"):
        BatchProcessor(barrier, lambda *_: None, strategy=WaitStrategy.BLOCKING)
