from collections.abc import Sequence

from lmax.histogram import Histogram
from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

def one_in_flight(
    ring: RingBuffer,
    agents: Sequence[AgentBase],
    reached: RingSequence,
    done: RingSequence,
    into: Histogram,
    count: int,
) -> None: ...
