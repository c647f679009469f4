"""Zstandard, and the hashes of what goes in and what comes out.

A segment of generated orders becomes a tenth of its size; docs/archive.md has the measurements.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from journal.archive.errors import ArchiveError
from journal.archive.store import PIECE_BYTES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 1


@dataclass(frozen=True)
class Packed:
    """Sizes and SHA-256 (hex) of the content and of its compressed form."""

    bytes: int
    sha256: str
    compressed_bytes: int
    compressed_sha256: str


def pack(source: Path, size: int, target: Path) -> Packed:
    """Compress the first `size` bytes of a file into another. ArchiveError if it is shorter."""
    content, compressed, left = hashlib.sha256(), hashlib.sha256(), size
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: LEVEL,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    compressor = zstd.ZstdCompressor(options=options)
    with source.open("rb") as file, target.open("wb") as out:
        while data := file.read(min(PIECE_BYTES, left)):
            left -= len(data)
            content.update(data)
            put(out, compressed, compressor.compress(data))
        put(out, compressed, compressor.flush())
        written = out.tell()
    if left:
        raise ArchiveError(f"{source} ends {left} bytes too early")
    return Packed(size, content.hexdigest(), written, compressed.hexdigest())


def put(out: BinaryIO, digest: hashlib._Hash, data: bytes) -> None:
    digest.update(data)
    out.write(data)


def unpack(source: Path, target: BinaryIO, most: int) -> Packed:
    """The content of a compressed file, at most `most` bytes of it. ArchiveError if it is none."""
    content, compressed = hashlib.sha256(), hashlib.sha256()
    decompressor = zstd.ZstdDecompressor()
    size = written = 0
    with source.open("rb") as file:
        while data := file.read(PIECE_BYTES):
            size += len(data)
            compressed.update(data)
            for piece in pieces(decompressor, data):
                written += len(piece)
                if written > most:
                    raise ArchiveError("the content is longer than the manifest says")
                put(target, content, piece)
    if not decompressor.eof:
        raise ArchiveError("the compressed bytes end too early")
    return Packed(written, content.hexdigest(), size, compressed.hexdigest())


def pieces(decompressor: zstd.ZstdDecompressor, data: bytes) -> Iterator[bytes]:
    """What comes out for these bytes, in pieces of bounded size."""
    try:
        yield decompressor.decompress(data, PIECE_BYTES)
        while not (decompressor.needs_input or decompressor.eof):
            yield decompressor.decompress(b"", PIECE_BYTES)
    except EOFError:
        raise ArchiveError("bytes follow the compressed content") from None
    except zstd.ZstdError:
        raise ArchiveError("the compressed bytes are damaged") from None
    if decompressor.unused_data:
        raise ArchiveError("bytes follow the compressed content")


def hashed(path: Path, size: int) -> str:
    """SHA-256 (hex) of the first `size` bytes of a file, or of all if there are fewer."""
    digest, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while data := file.read(min(PIECE_BYTES, left)):
            left -= len(data)
            digest.update(data)
    return digest.hexdigest()
