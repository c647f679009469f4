"""Batches that stand where none was expected: the proof that something before them was lost."""

from __future__ import annotations

import itertools

import numpy as np

from journal._scan import SIZES, batch_at
from journal.folder import Bytes
from journal.schema import BATCH_MAGIC

BLOCK_BYTES = SIZES[0]


def newer_batches(data: Bytes, generation: int) -> list[int]:
    """First sequences of batches of that generation or a later one in these blocks, at most two.

    A header is enough: there is one write at a time, so what stands before it was safe.
    """
    blocks = data[: len(data) // BLOCK_BYTES * BLOCK_BYTES].reshape(-1, BLOCK_BYTES)
    magic = np.frombuffer(BATCH_MAGIC, np.uint8)
    starts = np.flatnonzero((blocks[:, : len(magic)] == magic).all(axis=1)) * BLOCK_BYTES
    found = (
        batch[1] for at in starts if (batch := batch_at(data[int(at) :])) and batch[0] >= generation
    )
    return list(itertools.islice(found, 2))
