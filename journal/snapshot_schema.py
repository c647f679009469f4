"""The bytes of a snapshot: the headers of the file and of its frames, declared once."""

from __future__ import annotations

import numpy as np

from journal.schema import Field, offsets

SNAPSHOT_FORMAT = 1
SNAPSHOT_MAGIC = b"LMAXSNAP"
SNAPSHOT_HEADER_BYTES = 256
FRAME_HEADER_BYTES = 64
FRAME_BYTES = 1 << 20
"""A frame with its header; the last one is shorter, and so is none else."""

SNAPSHOT_FIELDS = [
    Field("checksum", "u32", "CRC-32C of the rest of the first block, bytes 4 to 4,095"),
    Field("format", "u32", "1"),
    Field("magic", "b8", "`LMAXSNAP` in ASCII"),
    Field("cluster", "b16", "the journal's name"),
    Field("layout", "b32", "of the engine's memory, and the rules: only the same can be read"),
    Field("sequence", "u64", "of the last command that is in it"),
    Field("hash", "b32", "of the journal's batch that ends with that command"),
    Field("generation", "u64", "of the segment that the batch is in"),
    Field("segment", "u64", "its number"),
    Field("offset", "u64", "in it, behind the batch"),
    Field("epoch", "u32", "of the batch"),
    Field("key", "u32", "number of the key it is encrypted with; 0: it is not"),
    Field("state_hash", "u64", "of the state that is in it"),
    Field("now", "i64", "business time of the state, ns"),
    Field("created", "i64", "ns since 1970 (UTC) when it was taken"),
    Field("frames", "u64", "how many follow"),
    Field("bytes", "u64", "size of the file"),
    Field("salt", "b16", "random: its own key is derived with it, and its frames are known by it"),
    Field("reserved", "b64", "zeros"),
]

FRAME_FIELDS = [
    Field("checksum", "u32", "CRC-32C of the rest of the frame, from byte 4 to its end"),
    Field("size", "u32", "bytes of image in it; zeros follow up to a multiple of 4,096"),
    Field("number", "u64", "1, 2, 3, …"),
    Field("salt", "b16", "the snapshot's"),
    Field("tag", "b16", "of AES-256-GCM; zeros where it is not encrypted"),
    Field("reserved", "b16", "zeros"),
]

SNAPSHOT_STRUCTS = {
    "SnapshotHeader": (SNAPSHOT_FIELDS, SNAPSHOT_HEADER_BYTES),
    "FrameHeader": (FRAME_FIELDS, FRAME_HEADER_BYTES),
}

_NUMPY = {"u32": "<u4", "u64": "<u8", "i64": "<i8"}


def _dtype(fields: list[Field], size: int) -> np.dtype:
    return np.dtype(
        {
            "names": [f.name for f in fields],
            "formats": [_NUMPY.get(f.kind, f"V{f.size}") for f in fields],
            "offsets": offsets(fields),
            "itemsize": size,
        }
    )


SNAPSHOT = _dtype(*SNAPSHOT_STRUCTS["SnapshotHeader"])
FRAME = _dtype(*SNAPSHOT_STRUCTS["FrameHeader"])
