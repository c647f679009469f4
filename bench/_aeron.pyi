from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from lmax.ringbuffer.agent import AgentBase
from lmax.ringbuffer.sequence import RingSequence
from replicator.channel import ChannelBase

class End:
    base: ChannelBase
    agents: tuple[AgentBase, ...]
    def __init__(self, channel: ChannelBase, agents: Iterable[AgentBase]) -> None: ...

def round_trips(
    here: End, size: int, count: int, there: End | None = None
) -> npt.NDArray[np.int64]: ...
def echo(there: End, done: RingSequence) -> None: ...
def pour(here: End, taken: RingSequence, size: int, count: int) -> None: ...
def take(there: End, taken: RingSequence, count: int) -> npt.NDArray[np.int64]: ...
def stream(here: End, there: End, size: int, count: int) -> npt.NDArray[np.int64]: ...
