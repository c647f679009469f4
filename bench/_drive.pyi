import numpy as np
import numpy.typing as npt

from lmax.histogram import Histogram
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

Commands = npt.NDArray[np.void]

def feed(
    ring: RingBuffer, commands: Commands, *, seconds: float, id_step: int, batch: int = 64
) -> tuple[int, float]: ...

class Stages:
    sent: Histogram
    synced: Histogram
    readable: Histogram

def feed_at_rate(
    ring: RingBuffer,
    synced: RingSequence,
    commands: Commands,
    stages: Stages,
    *,
    rate: float,
    seconds: float,
    id_step: int,
    output: RingBuffer | None = None,
    warm_up: float = 0.5,
    nap_ns: int = 10_000,
) -> None: ...
