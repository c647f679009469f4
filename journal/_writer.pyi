from journal._disk import DiskBase
from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

class Journaler(AgentBase):
    ring: RingBuffer
    position: RingSequence
    disk: DiskBase
    sealed: RingBuffer | None
    followed: RingSequence
    def __init__(
        self,
        ring: RingBuffer,
        position: RingSequence,
        disk: DiskBase,
        *,
        handle: int,
        segment_bytes: int,
        segment: int,
        offset: int,
        generation: int,
        hash: bytes,  # noqa: A002
        cluster: bytes,
        epoch: int = 1,
        last_epoch: int = 0,
        write_bytes: int = ...,
        skips: int = 0,
        sealed: RingBuffer | None = None,
        following: bool = False,
        polls: bool = False,
    ) -> None: ...
    def lead(self, epoch: int) -> None: ...
    @property
    def place(self) -> tuple[int, int, bytes]: ...
    def at_rest(self) -> bool: ...
    def release(self) -> None: ...
    def wants_segment(self) -> bool: ...
    def offer_segment(
        self,
        handle: int,
        *,
        recycled: bool = False,
        key: int = 0,
        salt: bytes = ...,
        secret: bytes = ...,
    ) -> None: ...
    @property
    def remaining(self) -> int: ...
    @property
    def segment(self) -> int: ...
    @property
    def synced(self) -> int: ...
    @property
    def outstanding(self) -> int: ...
    @property
    def error(self) -> OSError | None: ...
    @property
    def counters(self) -> dict[str, int]: ...
