"""Writes ITCH 5.0 messages, so that files can be made where no real one is at hand."""

from __future__ import annotations

import numpy as np

from flow.itch_layout import LAYOUTS, LENGTH_BYTES, SKIPPED


def message(letter: str, *, time: int = 0, **fields: int | str) -> bytes:
    """One message behind its length.

    Args:
        letter: its type; one of the types that are only counted is filled with zeros.
        time: ns after midnight.
        fields: as in `flow.itch_layout.LAYOUTS`; what is left out is zero, text is padded with
            spaces. KeyError or ValueError for a type or field that there is not.
    """
    if letter in SKIPPED:
        body = letter.encode() + bytes(SKIPPED[letter] - 1)
        return len(body).to_bytes(LENGTH_BYTES, "big") + body
    layout = LAYOUTS[letter]
    record = np.zeros((), dtype=layout)
    record["type"] = letter
    record["time_high"], record["time_low"] = time >> 32, time & 0xFFFF_FFFF
    for name, value in fields.items():
        size = layout[name].itemsize
        record[name] = value.ljust(size).encode("ascii") if isinstance(value, str) else value
    return layout.itemsize.to_bytes(LENGTH_BYTES, "big") + record.tobytes()


def end_of_file() -> bytes:
    """The message of length zero that ends a file."""
    return bytes(LENGTH_BYTES)
