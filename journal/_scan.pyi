import numpy as np
import numpy.typing as npt

SIZES: tuple[int, int, int]
Bytes = npt.NDArray[np.uint8]

EXHAUSTED: int
END: int
BAD: int
SPOILED: int

class OtherFormat(Exception): ...

def crc(data: bytes, start: int = 0) -> int: ...
def crc_by_table(data: bytes, start: int = 0) -> int: ...
def segment_header(block: Bytes) -> dict[str, int] | str | None: ...
def gather(
    chunk: Bytes, expected: int, last: int, checksum: int, out: Bytes
) -> tuple[int, int, int, int, int, str]: ...
def whole_batch(chunk: Bytes) -> int: ...
