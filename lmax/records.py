"""Arrays of records put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

type Records = npt.NDArray[np.void]


def joined(parts: Sequence[Records]) -> Records:
    """One array of all records of several arrays of one dtype (COMMAND, EVENT, …), at least one.

    `numpy.concatenate` by itself lays a dtype whose fields overlap out anew, so that its result
    is of another one. Here the records' bytes are copied as they are.

    Raises:
        TypeError: the arrays are of different dtypes.
    """
    dtype = parts[0].dtype
    for part in parts:
        if part.dtype != dtype:
            raise TypeError(f"records of {part.dtype} do not go with records of {dtype}")
    plain = np.dtype((np.void, dtype.itemsize))
    return np.concatenate([np.ascontiguousarray(part).view(plain) for part in parts]).view(dtype)
