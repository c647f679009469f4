"""Bytes of a file that may be gzipped, in chunks, keeping all that comes before a fault."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31


class UnpackError(Exception):
    """A gzip file is damaged or cut; everything before was yielded."""


def chunks(file: BinaryIO, chunk_bytes: int) -> Iterator[bytes]:
    """What the file holds, unpacked if it begins as a gzip file does.

    Raises:
        UnpackError: a gzip file is damaged or cut.
    """
    first = file.read(max(chunk_bytes, len(GZIP_MAGIC)))
    if first.startswith(GZIP_MAGIC):
        yield from _unpacked(file, first, chunk_bytes)
        return
    while first:
        yield first
        first = file.read(chunk_bytes)


def _unpacked(file: BinaryIO, packed: bytes, chunk_bytes: int) -> Iterator[bytes]:
    member = zlib.decompressobj(_GZIP_WINDOW)
    while packed:
        before = member.copy()
        try:
            plain = member.decompress(packed)
        except zlib.error as error:
            yield _salvage(before, packed)
            raise UnpackError(f"the gzip data is damaged: {error}") from None
        if plain:
            yield plain
        # A gzip file may be several, one behind the other.
        packed = member.unused_data
        if member.eof and (packed := packed or file.read(chunk_bytes)):
            member = zlib.decompressobj(_GZIP_WINDOW)
            continue
        packed = packed or file.read(chunk_bytes)
    if not member.eof:
        raise UnpackError("the gzip file is cut")


def _salvage(member: zlib._Decompress, packed: bytes) -> bytes:
    """What can be unpacked before the fault: byte by byte, as the fault loses its call's output."""
    plain = bytearray()
    try:
        for k in range(len(packed)):
            plain += member.decompress(packed[k : k + 1])
    except zlib.error:
        pass
    return bytes(plain)
