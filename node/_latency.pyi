from lmax.histogram import Histogram
from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

class LatencyProbe(AgentBase):
    histogram: Histogram
    ring: RingBuffer
    position: RingSequence
    def __init__(self, ring: RingBuffer) -> None: ...
