from journal._disk import DiskBase
from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from replicator.channel import ChannelBase

class RawEnd(AgentBase):
    @property
    def messages(self) -> int: ...

class RawPrimary(RawEnd):
    received: RingSequence
    done: RingSequence
    def __init__(
        self,
        channel: ChannelBase,
        disk: DiskBase | None,
        fd: int,
        file_bytes: int,
        *,
        ring: RingBuffer,
    ) -> None: ...

class RawStandby(RawEnd):
    def __init__(
        self, channel: ChannelBase, disk: DiskBase | None, fd: int, file_bytes: int
    ) -> None: ...
