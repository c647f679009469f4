from os import PathLike
from typing import Self

from lmax.ringbuffer.agent import AgentBase

LARGEST_MTU: int

class MediaDriver(AgentBase):
    directory: str
    def __init__(
        self,
        directory: str | PathLike[str],
        *,
        mode: str = "invoker",
        term_bytes: int = ...,
        mtu: int = 1408,
        ipc_mtu: int = ...,
        peer_timeout: float = 1.0,
        client_timeout: float = 5.0,
    ) -> None: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...

def largest_buffer(name: str) -> int: ...
