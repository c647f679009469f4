"""The messages of NASDAQ TotalView-ITCH 5.0, declared once, for reading and for writing.

A file is a row of messages, each behind its length in two bytes. All integers are big-endian;
prices have four decimals, as everywhere in this project; time counts ns after midnight.

    | length 2 | type 1 | locate 2 | tracking 2 | time 6 | what the type adds … |
"""

from __future__ import annotations

import numpy as np

LENGTH_BYTES = 2

_HEADER: list[tuple[str, str]] = [
    ("type", "S1"),
    ("locate", ">u2"),
    ("tracking", ">u2"),
    ("time_high", ">u2"),
    ("time_low", ">u4"),
]


def _layout(*fields: tuple[str, str]) -> np.dtype[np.void]:
    return np.dtype(_HEADER + list(fields))


_ADD = [("order", ">u8"), ("side", "S1"), ("shares", ">u4"), ("symbol", "S8"), ("price", ">u4")]

LAYOUTS: dict[str, np.dtype[np.void]] = {
    "S": _layout(("code", "S1")),
    "R": _layout(("symbol", "S8"), ("attributes", "V20")),
    "A": _layout(*_ADD),
    "F": _layout(*_ADD, ("attribution", "S4")),
    "E": _layout(("order", ">u8"), ("shares", ">u4"), ("match", ">u8")),
    "C": _layout(
        ("order", ">u8"), ("shares", ">u4"), ("match", ">u8"), ("code", "S1"), ("price", ">u4")
    ),
    "X": _layout(("order", ">u8"), ("shares", ">u4")),
    "D": _layout(("order", ">u8")),
    "U": _layout(("order", ">u8"), ("new_order", ">u8"), ("shares", ">u4"), ("price", ">u4")),
    "P": _layout(*_ADD, ("match", ">u8")),
}
"""Messages that are read. `code` is the event of an S, or says whether a C's trade is printable."""

SKIPPED: dict[str, int] = {
    "H": 25,  # stock trading action
    "Y": 20,  # short sale price test restriction
    "L": 26,  # market participant position
    "V": 35,  # market-wide circuit breaker levels
    "W": 12,  # market-wide circuit breaker status
    "K": 28,  # IPO quoting period
    "J": 35,  # limit up, limit down auction collar
    "h": 21,  # operational halt
    "Q": 40,  # cross trade
    "B": 19,  # broken trade
    "I": 50,  # net order imbalance
    "N": 20,  # retail price improvement
    "O": 48,  # direct listing with capital raise
}
"""Bytes of the messages that are counted and not looked into."""

LENGTHS: dict[str, int] = {
    **{letter: layout.itemsize for letter, layout in LAYOUTS.items()},
    **SKIPPED,
}
"""Bytes of every message, without the two of its length."""

SYSTEM_EVENTS = {
    "O": "start of messages",
    "S": "start of system hours",
    "Q": "start of market hours",
    "M": "end of market hours",
    "E": "end of system hours",
    "C": "end of messages",
}
