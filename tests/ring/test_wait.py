"""Kernel wake-ups come soon, and none is lost."""

import statistics
import threading
import time

from lmax.ringbuffer import RingBuffer, RingSequence, SequenceBarrier, WaitStrategy

ROUNDS = 3_000


def test_a_blocked_consumer_is_awake_soon_after_the_publication():
    ring = RingBuffer(64, dtype="i8", blocking=True)
    barrier = SequenceBarrier(ring)
    late = []

    def consume():
        for number in range(1, 21):
            barrier.wait(number, strategy=WaitStrategy.BLOCKING, timeout=10)
            late.append(time.monotonic_ns() - int(ring.view[number]))

    thread = threading.Thread(target=consume)
    thread.start()
    for _ in range(20):
        time.sleep(0.005)
        ring.publish_array([time.monotonic_ns()])
    thread.join(20)
    assert len(late) == 20
    assert statistics.median(late) < 20_000_000


def test_no_wake_up_is_lost_between_two_threads_that_both_sleep():
    """A lost wake-up would leave both asleep until the timeout, which fails the test."""
    there = RingBuffer(8, dtype="i8", blocking=True)
    back = RingBuffer(8, dtype="i8", producers="multi", blocking=True)
    here, away = RingSequence(), RingSequence()
    there.add_gate(away)
    back.add_gate(here)

    def echo():
        barrier = SequenceBarrier(there)
        for number in range(1, ROUNDS + 1):
            barrier.wait(number, strategy=WaitStrategy.BLOCKING, timeout=30)
            back.publish_array([number])
            away.value = number

    thread = threading.Thread(target=echo, daemon=True)
    thread.start()
    barrier = SequenceBarrier(back)
    for number in range(1, ROUNDS + 1):
        while away.value + there.capacity < number:
            time.sleep(0)
        there.publish_array([number])
        assert barrier.wait(number, strategy=WaitStrategy.BLOCKING, timeout=30) == number
        here.value = number
    thread.join(10)
    assert not thread.is_alive()


def test_a_waiting_thread_uses_little_of_a_core_unless_it_spins():
    ring = RingBuffer(8, dtype="i8", blocking=True)
    barrier = SequenceBarrier(ring)
    for strategy in (WaitStrategy.BACKOFF, WaitStrategy.BLOCKING):
        before = time.thread_time()
        try:
            barrier.wait(1, strategy=strategy, timeout=0.3)
        except TimeoutError:
            assert time.thread_time() - before < 0.15
        else:
            raise AssertionError("nothing was published")
