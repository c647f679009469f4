"""PostgreSQL's binary formats, built a column at a time.

A COPY row is a field count and, for each field, a length and the value, all big-endian.
As no field is ever null and every kind has one length, a batch of rows is one structured
array: each column is one assignment, and no Python object is made for a row.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from psycopg.adapt import Dumper
from psycopg.pq import Format

_NUMERIC = np.dtype(
    [("ndigits", ">i2"), ("weight", ">i2"), ("sign", ">i2"), ("scale", ">i2"), ("d", ">i2", 5)]
)
_KINDS: dict[str, tuple[np.dtype, int]] = {
    "int2": (np.dtype(">i2"), 21),
    "int4": (np.dtype(">i4"), 23),
    "int8": (np.dtype(">i8"), 20),
    "char": (np.dtype("S1"), 18),
    "bool": (np.dtype("?"), 16),
    "numeric": (_NUMERIC, 1700),
}
"""Kind: its bytes on the wire, and PostgreSQL's oid of the type."""

_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_TRAILER = struct.pack(">h", -1)


def copy_data(kinds: Mapping[str, str], rows: np.ndarray) -> bytes:
    """The text of a ``COPY … FROM STDIN (FORMAT BINARY)``.

    kinds: column → kind, in the order of the COPY. rows: a structured array with those names.
    """
    layout: list[tuple[str, Any]] = [("count", ">i2")]
    for name, kind in kinds.items():
        layout += [(f"{name} bytes", ">i4"), (name, _KINDS[kind][0])]
    out = np.empty(len(rows), dtype=layout)
    out["count"] = len(kinds)
    for name, kind in kinds.items():
        out[f"{name} bytes"] = _KINDS[kind][0].itemsize
        _put(out, name, kind, rows[name])
    return _COPY_HEADER + out.tobytes() + _COPY_TRAILER


class PgArray:
    """A one-dimensional array parameter; cast it in the SQL, ``%s::bigint[]``."""

    __slots__ = ("data",)

    def __init__(self, kind: str, values: np.ndarray) -> None:
        """kind: one of the kinds above. values: their numbers."""
        wire, oid = _KINDS[kind]
        out = np.empty(len(values), dtype=[("bytes", ">i4"), ("value", wire)])
        out["bytes"] = wire.itemsize
        _put(out, "value", kind, values)
        self.data = struct.pack(">iiiii", 1, 0, oid, len(values), 1) + out.tobytes()


class PgArrayDumper(Dumper):
    """Hands a PgArray to libpq as it is."""

    format = Format.BINARY

    def dump(self, obj: PgArray) -> bytes:
        """The bytes of the parameter."""
        return obj.data


def _put(out: np.ndarray, name: str, kind: str, values: np.ndarray) -> None:
    if kind == "numeric":
        _put_numeric(out[name], values.astype("u8", copy=False))
    else:
        out[name] = values


def _put_numeric(out: np.ndarray, values: np.ndarray) -> None:
    """An unsigned 64-bit number as five digits of base 10,000; PostgreSQL drops leading zeros."""
    out["ndigits"], out["weight"], out["sign"], out["scale"] = 5, 4, 0, 0
    rest = values
    for place in range(4, -1, -1):
        higher = rest // np.uint64(10_000)
        out["d"][:, place] = rest - higher * np.uint64(10_000)
        rest = higher
