from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.view._view import StateView

class Business(AgentBase):
    input: RingBuffer
    output: RingBuffer
    position: RingSequence
    def __init__(
        self, commands: RingBuffer, events: RingBuffer, after: Sequence[RingSequence] = ()
    ) -> None: ...
    def pump_while_full(self, consumer: AgentBase) -> None: ...
    def abandon_output(self) -> None: ...
    def replay(self, commands: npt.NDArray[np.void]) -> None: ...
    def raise_fault(self) -> None: ...
    @property
    def applied(self) -> int: ...
    @property
    def state(self) -> StateView: ...
