import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

def gather_headers(
    chunk: Bytes, generation: int, sequence: int, previous: bytes, heads: Bytes
) -> tuple[int, int]: ...
