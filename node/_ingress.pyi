import numpy as np
import numpy.typing as npt

from lmax.ringbuffer.ring import RingBuffer

class Ingress:
    ring: RingBuffer
    def __init__(self, ring: RingBuffer) -> None: ...
    def offer(self, commands: npt.NDArray[np.void]) -> int: ...
