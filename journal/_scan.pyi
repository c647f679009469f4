import numpy as np
import numpy.typing as npt

from journal.schema import SegmentFields

SIZES: tuple[int, int, int]
Bytes = npt.NDArray[np.uint8]

EXHAUSTED: int
END: int
BAD: int
SPOILED: int

class OtherFormat(Exception): ...

def crc(data: bytes | Bytes, start: int = 0) -> int: ...
def crc_by_table(data: bytes, start: int = 0) -> int: ...
def all_zeros(data: Bytes) -> bool: ...
def segment_header(block: Bytes) -> SegmentFields | str | None: ...
def batch_at(block: Bytes) -> tuple[int, int, int] | None: ...
def is_whole_batch(block: Bytes) -> bool: ...

class Chain:
    batches: int
    def __init__(
        self,
        *,
        hashes: bool = True,
        sequence: int = 0,
        hash: bytes = ...,  # noqa: A002
    ) -> None: ...
    @property
    def sequence(self) -> int: ...
    @property
    def hash(self) -> bytes: ...
    @property
    def epoch(self) -> int: ...
    @property
    def generation(self) -> int: ...
    def enter(
        self,
        generation: int,
        *,
        epoch: int,
        recycled: bool,
        previous: bytes,
        key: int = 0,
        secret: bytes | None = ...,
    ) -> None: ...
    def gather(
        self,
        chunk: Bytes,
        offset: int,
        last: int,
        out: Bytes,
        ends: npt.NDArray[np.int64] | None = ...,
    ) -> tuple[int, int, int, str]: ...
