"""What the ring does under ThreadSanitizer: ``python scenarios.py NAME``, in a process of its own.

Left out is a detached consumer: it reads slots while they are overwritten, by design, and
finds out afterwards. ThreadSanitizer cannot know that the copy is then thrown away.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from lmax.ringbuffer import (
    AgentRunner,
    BatchProcessor,
    PythonAgent,
    RingBuffer,
    RingSequence,
    SequenceBarrier,
    WaitStrategy,
)
from tests.ring._traffic import MESSAGE_BYTES, consume, produce

COUNT = 60_000
SECONDS = 30.0


def hand_over(producers: int, batch: int, strategy: WaitStrategy) -> None:
    """Producers to a diamond of three consumers."""
    blocking = strategy == WaitStrategy.BLOCKING
    ring = RingBuffer(
        64,
        slot_bytes=MESSAGE_BYTES,
        producers="single" if producers == 1 else "multi",
        blocking=blocking,
    )
    left, right, last = RingSequence(), RingSequence(), RingSequence()
    ring.add_gate(last)
    barriers = {
        left: SequenceBarrier(ring),
        right: SequenceBarrier(ring),
        last: SequenceBarrier(ring, left, right),
    }
    until = producers * COUNT
    with ThreadPoolExecutor(producers + 3) as pool:
        tallies = [
            pool.submit(consume, barrier, sequence, until, strategy=strategy, timeout=SECONDS)
            for sequence, barrier in barriers.items()
        ]
        for producer in range(producers):
            pool.submit(produce, ring, producer, COUNT, batch, timeout=SECONDS).add_done_callback(
                lambda done: done.result()
            )
        assert all(tally.result().messages == until for tally in tallies)
        assert not any(tally.result().torn for tally in tallies)


def gates_come_and_go() -> None:
    """Gates join and leave, and the room is looked at, while a producer runs."""
    ring = RingBuffer(64, slot_bytes=MESSAGE_BYTES)
    steady = RingSequence()
    ring.add_gate(steady)
    with ThreadPoolExecutor(2) as pool:
        made = pool.submit(produce, ring, 0, COUNT, timeout=SECONDS)
        read = pool.submit(consume, SequenceBarrier(ring), steady, COUNT, timeout=SECONDS)
        while not read.done():
            ring.remove_gate(ring.add_gate(RingSequence()))
            assert ring.remaining <= 64
        made.result()


def processor_and_agent() -> None:
    """A processor halts and an agent's runner stops while a producer's messages arrive."""
    ring = RingBuffer(64, slot_bytes=MESSAGE_BYTES, blocking=True)
    seen: list[int] = []
    processor = BatchProcessor(
        SequenceBarrier(ring),
        lambda lo, hi, end: seen.extend(range(lo, hi + 1)),
        strategy=WaitStrategy.BLOCKING,
    )
    ring.add_gate(processor.sequence)
    runner = AgentRunner(
        [PythonAgent(lambda: 0)], strategy=WaitStrategy.BLOCKING, wake_on=ring
    ).start()
    processor.start()
    produce(ring, 0, 2_000, timeout=SECONDS)
    processor.halt()
    processor.join()
    runner.stop()
    runner.join()
    assert seen == list(range(1, 2_001))


def main() -> None:
    if sys.argv[1] == "short":
        hand_over(1, 1, WaitStrategy.YIELD)
        return
    hand_over(1, 1, WaitStrategy.YIELD)
    hand_over(1, 16, WaitStrategy.BLOCKING)
    hand_over(3, 1, WaitStrategy.YIELD)
    hand_over(3, 7, WaitStrategy.BACKOFF)
    gates_come_and_go()
    processor_and_agent()


if __name__ == "__main__":
    main()
