"""Batches that stand where none was expected: the proof that something before them was lost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from journal._scan import SIZES, all_zeros, batch_at
from journal.folder import Bytes, ReadFolder
from journal.schema import BATCH_MAGIC

BLOCK_BYTES = SIZES[0]
PIECE_BYTES = 256 * BLOCK_BYTES
"""Read at once: it stays in a cache, and the same memory serves for a whole segment."""


@dataclass(frozen=True)
class Rest:
    """What a segment holds from some block on.

    size: in bytes; batches: as of `newer_batches`; zeros: there is nothing else.
    """

    size: int
    batches: list[int]
    zeros: bool


def rest_of(folder: ReadFolder, name: str, start: int, generation: int, skip: int = 0) -> Rest:
    """Look through a file from `start` on; for batches only `skip` bytes behind, whole blocks."""
    piece = np.empty(PIECE_BYTES, np.uint8)
    batches: list[int] = []
    zeros, at = True, start
    handle = folder.open_to_read(name)
    try:
        while size := folder.read_at(handle, piece, at):
            data = piece[:size]
            first = max(0, start + skip - at)
            batches += newer_batches(data[first:], generation, since=start - at - first)
            zeros = zeros and all_zeros(data)
            at += size
    finally:
        folder.close(handle)
    return Rest(at - start, batches[:2], zeros)


def newer_batches(data: Bytes, generation: int, since: int = -1) -> list[int]:
    """First sequences of batches of that generation or a later one in these blocks, at most two.

    since: only those whose write began behind this place, counted from the blocks' begin. A header
    is enough: there is one write at a time, so what stands before a write was safe.
    """
    blocks = data[: len(data) // BLOCK_BYTES * BLOCK_BYTES].reshape(-1, BLOCK_BYTES)
    magic = np.frombuffer(BATCH_MAGIC, np.uint8)
    starts = np.flatnonzero((blocks[:, : len(magic)] == magic).all(axis=1)) * BLOCK_BYTES
    found = (
        batch[1]
        for at in starts
        if (batch := batch_at(data[int(at) :]))
        and batch[0] >= generation
        and at - batch[2] * BLOCK_BYTES > since
    )
    return list(itertools.islice(found, 2))
