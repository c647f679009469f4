"""Reads the messages of a NASDAQ TotalView-ITCH 5.0 file, plain or gzipped.

Where messages begin follows from one length to the next, so that is a plain loop. Everything else
is done for all messages of one type at once: their bytes are gathered into a table and seen through
the type's layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flow.errors import FlowError
from flow.itch_layout import LAYOUTS, LENGTH_BYTES, LENGTHS, SYSTEM_EVENTS
from flow.source import open_file
from flow.unpack import UnpackError, chunks

MESSAGE = np.dtype(
    [
        ("type", "u1"),
        ("side", "u1"),
        ("code", "u1"),
        ("locate", "i8"),
        ("time", "i8"),
        ("order", "u8"),
        ("new_order", "u8"),
        ("shares", "i8"),
        ("price", "i8"),
        ("symbol", "S8"),
    ]
)
"""Any message; fields that its type lacks are zero. type, side and code are ASCII codes."""

CHUNK_BYTES = 1 << 18
DAY_NS = 86_400 * 10**9

_LONGEST = max(LENGTHS.values())
_EXPECTED = np.zeros(256, dtype=np.int64)
for _letter, _length in LENGTHS.items():
    _EXPECTED[ord(_letter)] = _length

Offsets = NDArray[np.int64]


class ItchReader:
    """The messages of a file, in order.

    A message of length zero ends a file, as does its last byte.

    Attributes:
        offset: bytes read and understood so far, counted unpacked.
        packed_offset: bytes of the file itself taken in so far.
    """

    def __init__(self, path: Path | str, chunk_bytes: int = CHUNK_BYTES) -> None:
        self.path = Path(path)
        self._file = open_file(self.path)
        self._chunk_bytes = chunk_bytes
        self.offset = 0
        self.packed_offset = 0

    def __iter__(self) -> Iterator[NDArray[np.void]]:
        """Arrays of MESSAGE; FlowError at the first bad message, after everything before it."""
        rest = b""
        with self._file:
            try:
                for chunk in chunks(self._file, self._chunk_bytes):
                    self.packed_offset = self._file.tell()
                    data = rest + chunk
                    starts, end = _frame(data)
                    yield from self._messages(data, starts)
                    self.offset += end
                    rest = data[end:]
                    self._check_next(rest)
                self.packed_offset = self._file.tell()
            except UnpackError as error:
                raise FlowError(self.path, self.offset + len(rest), str(error)) from None
        if rest not in (b"", b"\0\0"):
            raise FlowError(self.path, self.offset, _cut(rest))

    def _messages(self, data: bytes, starts: Offsets) -> Iterator[NDArray[np.void]]:
        raw = np.frombuffer(data, dtype=np.uint8)
        types = raw[starts]
        lengths = raw[starts - 2].astype(np.int64) << 8 | raw[starts - 1]
        sized = _before_first(lengths != _EXPECTED[types])
        messages = _decode(raw, starts[:sized], types[:sized])
        good = _before_first(~_sensible(messages))
        if good:
            yield messages[:good]
        if good < sized:
            raise self._error(starts[good], _senseless(messages[good]))
        if good < len(starts):
            raise self._error(starts[good], _wrong_length(int(types[good]), int(lengths[good])))

    def _check_next(self, rest: bytes) -> None:
        """A message that is not all here yet must at least be possible."""
        length = int.from_bytes(rest[:LENGTH_BYTES], "big")
        if len(rest) > LENGTH_BYTES and (length == 0 or length != LENGTHS.get(chr(rest[2]))):
            raise FlowError(self.path, self.offset, _wrong_length(rest[2], length))

    def _error(self, start: int, what: str) -> FlowError:
        return FlowError(self.path, self.offset + int(start) - LENGTH_BYTES, what)


def _frame(data: bytes) -> tuple[Offsets, int]:
    """Where the whole messages of `data` begin, behind their lengths, and where they end."""
    starts = []
    position, size = 0, len(data)
    while position + LENGTH_BYTES < size:
        length = data[position] << 8 | data[position + 1]
        following = position + LENGTH_BYTES + length
        if following > size or not 0 < length <= _LONGEST:
            break
        starts.append(position + LENGTH_BYTES)
        position = following
    return np.array(starts, dtype=np.int64), position


def _decode(raw: NDArray[np.uint8], starts: Offsets, types: NDArray[np.uint8]) -> NDArray[np.void]:
    messages = np.zeros(len(starts), dtype=MESSAGE)
    messages["type"] = types
    for letter, layout in LAYOUTS.items():
        at = np.flatnonzero(types == ord(letter))
        if not len(at):
            continue
        table = raw[starts[at, None] + np.arange(layout.itemsize)].view(layout)[:, 0]
        high = table["time_high"].astype(np.int64) << 32
        messages["time"][at] = high | table["time_low"]
        messages["locate"][at] = table["locate"]
        for name in ("order", "new_order", "shares", "price", "symbol"):
            if name in (layout.names or ()):
                messages[name][at] = table[name]
        for name in ("side", "code"):
            if name in (layout.names or ()):
                messages[name][at] = np.ascontiguousarray(table[name]).view(np.uint8)
    return messages


def _before_first(flags: NDArray[np.bool_]) -> int:
    """How many elements come before the first that is set."""
    return int(flags.argmax()) if flags.any() else len(flags)


def _is_one_of(codes: NDArray[np.uint8], letters: str) -> NDArray[np.bool_]:
    return np.isin(codes, np.frombuffer(letters.encode(), dtype=np.uint8))


def _sensible(messages: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which messages mean something; the same rules as _senseless."""
    types = messages["type"]
    good = messages["time"] < DAY_NS
    good &= ~_is_one_of(types, "AFECXDU") | (messages["order"] > 0)
    good &= ~_is_one_of(types, "AFECXU") | (messages["shares"] > 0)
    good &= ~_is_one_of(types, "AFU") | (messages["price"] > 0)
    good &= (types != ord("U")) | (messages["new_order"] > 0)
    good &= ~_is_one_of(types, "AF") | _is_one_of(messages["side"], "BS")
    directory = types == ord("R")
    good[directory] &= np.fromiter(map(_is_listing, messages[directory]), np.bool_)
    good &= (types != ord("S")) | _is_one_of(messages["code"], "".join(SYSTEM_EVENTS))
    return good


def _is_listing(message: np.void) -> bool:
    """Whether a directory message has a locate and a symbol."""
    symbol = message["symbol"].rstrip(b" ")
    return bool(message["locate"] and symbol and all(0x21 <= byte <= 0x7E for byte in symbol))


def _senseless(message: np.void) -> str:
    """What is wrong with a message of the right length."""
    letter = chr(message["type"])
    if message["time"] >= DAY_NS:
        return f"time of the {letter} message is {message['time']} ns; a day has {DAY_NS}"
    if letter == "S":
        return f"system event is {chr(message['code'])!r}; known are {', '.join(SYSTEM_EVENTS)}"
    if letter == "R":
        return f"locate {message['locate']} and symbol {message['symbol']!r} name no stock"
    needed = {"D": ("order",), "U": ("order", "new_order", "shares", "price")}
    for name in needed.get(letter, ("order", "shares")):
        if message[name] == 0:
            return f"{name} of the {letter} message is 0"
    if letter in "AF" and chr(message["side"]) not in "BS":
        return f"side of the {letter} message is {chr(message['side'])!r}; it must be B or S"
    return f"price of the {letter} message is 0"


def _wrong_length(kind: int, length: int) -> str:
    letter = chr(kind)
    if length == 0:
        return "a message of length 0, which ends a file, is followed by more"
    if letter in LENGTHS:
        return f"a {letter} message has {LENGTHS[letter]} bytes, its length says {length}"
    return (
        f"message type {letter!r} (length {length}) is not one of ITCH 5.0; is this an ITCH file?"
    )


def _cut(rest: bytes) -> str:
    if len(rest) < LENGTH_BYTES:
        return "the file is cut within the length of a message"
    length = int.from_bytes(rest[:LENGTH_BYTES], "big")
    return f"the file is cut: a message of {length} bytes, {len(rest) - LENGTH_BYTES} are there"
