"""A new file put together from pieces of others, safe and read back before it counts."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from journal.errors import JournalError
from journal.folder import Bytes, Folder, ReadFolder
from journal.schema import BLOCK_BYTES

PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Span:
    """Bytes of a file, whole blocks; of no file: so many zeros."""

    name: str
    start: int
    end: int


def aligned(size: int) -> Bytes:
    """Zeros that begin on a page, as writes past the page cache ask for."""
    return np.frombuffer(mmap.mmap(-1, size), np.uint8)


def assemble(folder: Folder, name: str, parts: Sequence[Span | bytes]) -> None:
    """Write the parts one behind the other to a new file, sync it, and read it back.

    What there was under that name is gone. JournalError if what is read is not what was written.
    """
    digest = hashlib.sha256()
    end = 0
    handle = folder.create(name)
    try:
        for data in _pieces(folder, parts):
            digest.update(data.tobytes())
            folder.write_at(handle, data, end)
            end += len(data)
        folder.sync_file(handle)
    finally:
        folder.close(handle)
    if hashed(folder, name) != digest.digest() or folder.size(name) != end:
        raise JournalError(
            f"{folder.path / name} is not what was written: another disk? Nothing else was changed."
        )


def hashed(folder: ReadFolder, name: str, size: int | None = None) -> bytes:
    """SHA-256 of a file, or of its first bytes."""
    digest = hashlib.sha256()
    for data in read_pieces(folder, Span(name, 0, folder.size(name) if size is None else size)):
        digest.update(data.tobytes())
    return digest.digest()


def read_pieces(folder: ReadFolder, span: Span, buffer: Bytes | None = None) -> Iterator[Bytes]:
    """Its bytes, a piece at a time; each is valid until the next one."""
    if buffer is None:
        buffer = np.empty(PIECE_BYTES, np.uint8)
    handle = folder.open_to_read(span.name)
    try:
        for at in range(span.start, span.end, PIECE_BYTES):
            room = buffer[: min(PIECE_BYTES, span.end - at)]
            got = folder.read_at(handle, room, at)
            if got != len(room):
                raise JournalError(f"{folder.path / span.name} ends at byte {at + got}")
            yield room
    finally:
        folder.close(handle)


def _pieces(folder: ReadFolder, parts: Sequence[Span | bytes]) -> Iterator[Bytes]:
    """All of it in pieces of whole blocks that begin on a page."""
    buffer = aligned(PIECE_BYTES)
    for part in parts:
        if isinstance(part, bytes):
            block = aligned(-(-len(part) // BLOCK_BYTES) * BLOCK_BYTES)
            block[: len(part)] = np.frombuffer(part, np.uint8)
            yield block
        elif part.name:
            yield from read_pieces(folder, part, buffer)
        else:
            buffer[:] = 0
            for at in range(part.start, part.end, PIECE_BYTES):
                yield buffer[: min(PIECE_BYTES, part.end - at)]
