import numpy as np
import numpy.typing as npt

from lmax.histogram import Histogram
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

Commands = npt.NDArray[np.void]

def feed(
    ring: RingBuffer, commands: Commands, *, seconds: float, id_step: int, batch: int = ...
) -> tuple[int, float]: ...
def feed_at_rate(
    ring: RingBuffer,
    commands: Commands,
    histogram: Histogram,
    *,
    rate: float,
    seconds: float,
    id_step: int,
    done: RingSequence | None = ...,
    output: RingBuffer | None = ...,
    warm_up: float = ...,
) -> tuple[int, float]: ...
