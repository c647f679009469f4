import numpy as np
import numpy.typing as npt

from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

class Ingress:
    ring: RingBuffer
    def __init__(self, ring: RingBuffer, clock: RingSequence | None = None) -> None: ...
    def offer(self, commands: npt.NDArray[np.void]) -> int: ...
