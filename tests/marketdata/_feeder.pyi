import numpy as np

from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer

class Feeder(AgentBase):
    def __init__(self, output: RingBuffer, events: np.ndarray) -> None: ...
