from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from replicator._end import LinkEnd
from replicator.common import Place

class ReceiverAgent(AgentBase):
    end: LinkEnd
    received: RingSequence
    def __init__(
        self,
        end: LinkEnd,
        input: RingBuffer,  # noqa: A002
        sealed: RingBuffer,
        synced: RingSequence,
        applied: RingSequence,
        *,
        period_ns: int = ...,
        clock: RingSequence | None = None,
    ) -> None: ...
    def begin(self, sequence: int, digest: bytes, *, epoch: int, leader_epoch: int) -> bool: ...
    @property
    def place(self) -> Place | None: ...
    @property
    def held_bytes(self) -> int: ...
    def unfit(self, unfit: bool) -> None: ...
    def stop(self) -> bool: ...
    @property
    def leader(self) -> tuple[int, int, int, int]: ...
    @property
    def counters(self) -> dict[str, int]: ...
