from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

MODES: dict[str, int]

class Journaler(AgentBase):
    ring: RingBuffer
    position: RingSequence
    def __init__(
        self,
        ring: RingBuffer,
        position: RingSequence,
        *,
        fd: int,
        mode: str,
        segment_bytes: int,
        segment: int,
        offset: int,
        checksum: int,
        epoch: int = 1,
    ) -> None: ...
    def wants_segment(self) -> bool: ...
    def offer_segment(self, fd: int) -> None: ...
    @property
    def remaining(self) -> int: ...
    @property
    def segment(self) -> int: ...
    @property
    def synced(self) -> int: ...
    @property
    def error(self) -> OSError | None: ...
    @property
    def counters(self) -> dict[str, int]: ...
