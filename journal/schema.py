"""The one place where the bytes of a journal are declared.

Everything that knows the layout takes it from here:

* ``journal/layout.pxd``  the C structs and sizes, written by ``python -m journal.generate``
* ``SEGMENT``/``BATCH``   the NumPy dtypes, built below
* ``docs/journal.md``     the tables a person reads, written by the same command

A test writes the files again and compares, and checks every offset the compiler chose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

FORMAT = 2
BLOCK_BYTES = 4096
MAX_BATCH_BYTES = 1 << 20
RECORD_BYTES = 128
BATCH_HEADER_BYTES = 128
SEGMENT_HEADER_BYTES = 256
MAX_BATCH = (MAX_BATCH_BYTES - BATCH_HEADER_BYTES) // RECORD_BYTES
HASH_BYTES = 32

SEGMENT_MAGIC = b"LMAXSEG1"
"""The same in all formats: what differs is told by the number behind it."""

BATCH_MAGIC = b"LMAXBAT\xff"
"""As an integer above 2^63, and so never the sequence with which a command begins."""


@dataclass(frozen=True)
class Field:
    """One field of a header.

    kind: ``u32 u64 i64``, or ``b`` and a number: so many bytes.
    """

    name: str
    kind: str
    meaning: str

    @property
    def size(self) -> int:
        return int(self.kind[1:]) if self.kind[0] == "b" else int(self.kind[1:]) // 8


SEGMENT_FIELDS = [
    Field("checksum", "u32", "CRC-32C of the rest of the header, bytes 4 to 255"),
    Field("format", "u32", "2"),
    Field("magic", "b8", "`LMAXSEG1` in ASCII"),
    Field("cluster", "b16", "the journal's name, drawn when it began; the same in all segments"),
    Field("number", "u64", "1, 2, 3, …: the file's name"),
    Field("generation", "u64", "grows with each segment that is begun, in new and old files"),
    Field("first_sequence", "u64", "of the first command in this segment"),
    Field("segment_bytes", "u64", "size of the file"),
    Field("created", "i64", "ns since 1970 (UTC) when the first batch was written"),
    Field("epoch", "u32", "of the writer"),
    Field("key", "u32", "number of the key the commands are encrypted with; 0: they are not"),
    Field("previous", "b32", "hash of the last batch before; in the first: see `previous` below"),
    Field("salt", "b16", "random, drawn for this segment: its own key is derived with it"),
    Field("recycled", "u32", "1: the file held an old segment, and its bytes may lie behind ours"),
    Field("unused", "b4", "zeros"),
    Field("skips", "u64", "an earlier command that is never applied, see Skips; 0: none"),
    Field("reserved", "b112", "zeros"),
]

BATCH_FIELDS = [
    Field("magic", "b8", "`LMAXBAT` in ASCII, and 255"),
    Field("header_checksum", "u32", "CRC-32C of the header from byte 12 on"),
    Field("checksum", "u32", "CRC-32C of the commands, as they stand in the file"),
    Field("count", "u32", "of commands"),
    Field("epoch", "u32", "of the writer; never lower than before"),
    Field("first_sequence", "u64", "of the first command; the others follow without a gap"),
    Field("previous", "b32", "hash of the batch before; in the first: `cluster`, then zeros"),
    Field("hash", "b32", "SHA-256 of the commands, not encrypted, and then of bytes 16 to 63"),
    Field("generation", "u64", "of the segment: what else stands in the file is from before"),
    Field("key", "u32", "as in the segment's header"),
    Field("behind", "u32", "blocks of the same write before this batch; 0: it begins the write"),
    Field("tag", "b16", "of AES-256-GCM; zeros where the commands are not encrypted"),
]

STRUCTS = {
    "SegmentHeader": (SEGMENT_FIELDS, SEGMENT_HEADER_BYTES),
    "BatchHeader": (BATCH_FIELDS, BATCH_HEADER_BYTES),
}

_NUMPY = {"u32": "<u4", "u64": "<u8", "i64": "<i8"}


def offsets(fields: list[Field]) -> list[int]:
    """Where each field begins; they follow each other without gaps. ValueError if misaligned."""
    found, end = [], 0
    for field in fields:
        if field.kind in _NUMPY and end % field.size:
            raise ValueError(f"{field.name} at {end} is not aligned")
        found.append(end)
        end += field.size
    return found


def offset_of(struct: str, name: str) -> int:
    """Where a field begins in "SegmentHeader" or "BatchHeader"."""
    fields, _ = STRUCTS[struct]
    return dict(zip((f.name for f in fields), offsets(fields), strict=True))[name]


def _dtype(struct: str) -> np.dtype:
    fields, size = STRUCTS[struct]
    return np.dtype(
        {
            "names": [f.name for f in fields],
            "formats": [_NUMPY.get(f.kind, f"V{f.size}") for f in fields],
            "offsets": offsets(fields),
            "itemsize": size,
        }
    )


SEGMENT = _dtype("SegmentHeader")
BATCH = _dtype("BatchHeader")


class SegmentFields(TypedDict):
    """A segment's header as it is read."""

    cluster: bytes
    number: int
    generation: int
    first_sequence: int
    segment_bytes: int
    created: int
    epoch: int
    key: int
    previous: bytes
    salt: bytes
    recycled: int
    skips: int
