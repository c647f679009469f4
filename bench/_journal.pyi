import numpy as np
import numpy.typing as npt

from lmax.histogram import Histogram
from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

Sizes = npt.NDArray[np.int64]

def one_in_flight(
    ring: RingBuffer, agent: AgentBase, synced: RingSequence, into: Histogram, count: int
) -> None: ...
def drain(agent: AgentBase, synced: RingSequence, ns: int, sizes: Sizes) -> tuple[int, int]: ...
def raw_writes(fd: int, sizes: Sizes, file_bytes: int, into: Histogram) -> int: ...
