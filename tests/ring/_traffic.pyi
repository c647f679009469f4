from typing import NamedTuple

from lmax.ringbuffer import RingBuffer, RingSequence, SequenceBarrier

MESSAGE_BYTES: int

class Counts(NamedTuple):
    messages: int
    total: int
    misplaced: int
    disordered: int
    torn: int
    lost: int
    detached: int

def produce(
    ring: RingBuffer,
    producer: int,
    count: int,
    batch: int = 1,
    *,
    strategy: int = ...,
    timeout: float = 60.0,
    detach: bool = False,
) -> int: ...
def consume(
    barrier: SequenceBarrier,
    sequence: RingSequence,
    until: int,
    *,
    strategy: int = ...,
    timeout: float = 60.0,
) -> Counts: ...
def consume_detachable(
    ring: RingBuffer,
    gate: int,
    sequence: RingSequence,
    until: int,
    *,
    slow: int = 0,
    timeout: float = 60.0,
) -> Counts: ...
def layout() -> dict[str, int]: ...
