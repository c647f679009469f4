"""Reads LOBSTER message files: one line a message, six numbers between commas.

    34200.00424,1,16113575,18,5853300,1
    |           | |        |  |       +- direction: 1 buy, -1 sell (of the resting order)
    |           | |        |  +--------- price, in 10^-4 of the currency unit
    |           | |        +------------ size, in shares
    |           | +--------------------- order id
    |           +----------------------- type
    +----------------------------------- seconds after midnight

A chunk of the file is parsed at once: where the commas and line ends are gives the fields of all
lines, and their digits are summed up column by column. No number passes through a float. The first
line that does not parse ends the reading; it is then looked at again, slowly, to say what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flow import lobster_line
from flow.errors import FlowError
from flow.lobster_line import MAX_DIGITS, MAX_TYPE
from flow.source import open_file

MESSAGE = np.dtype(
    [
        ("time", "i8"),
        ("type", "i8"),
        ("order", "i8"),
        ("size", "i8"),
        ("price", "i8"),
        ("direction", "i8"),
    ]
)
"""One message; time in ns after midnight, price in 10^-4."""

CHUNK_BYTES = 1 << 18
LONGEST_LINE = 256
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_POWERS = 10 ** np.arange(10, dtype=np.int64)


class LobsterReader:
    """The messages of a file, in order.

    A last line without a line end counts if it is complete: its last number is 1 or -1 and cannot
    be mistaken for the start of another.

    Attributes:
        offset: bytes read and understood so far.
        line: lines understood so far.
    """

    def __init__(self, path: Path | str, chunk_bytes: int = CHUNK_BYTES) -> None:
        self.path = Path(path)
        self._file = open_file(self.path)
        self._chunk_bytes = chunk_bytes
        self.offset = 0
        self.line = 0

    def __iter__(self) -> Iterator[NDArray[np.void]]:
        """Arrays of MESSAGE; FlowError at the first bad line, after everything before it."""
        with self._file:
            rest = self._file.read(len(BYTE_ORDER_MARK))
            if rest == BYTE_ORDER_MARK:
                self.offset, rest = len(rest), b""
            while more := self._file.read(self._chunk_bytes):
                whole, end, rest = (rest + more).rpartition(b"\n")
                if end:
                    yield from self._lines(whole + end)
                if len(rest) > LONGEST_LINE:
                    raise self._error(rest)
            if rest:
                yield from self._lines(rest + b"\n", ended=False)
            if self.line == 0:
                raise FlowError(self.path, self.offset, "holds no message")

    def _lines(self, text: bytes, ended: bool = True) -> Iterator[NDArray[np.void]]:
        """The messages of whole lines."""
        raw = np.frombuffer(text, dtype=np.uint8)
        messages = _parse(raw)
        ends = np.flatnonzero(raw == ord("\n"))
        good = len(messages)
        if good:
            self.line += good
            self.offset += int(ends[good - 1]) + 1 if ended else len(text) - 1
            yield messages
        if good < len(ends):
            start = int(ends[good - 1]) + 1 if good else 0
            raise self._error(text[start : int(ends[good])])

    def _error(self, line: bytes) -> FlowError:
        return FlowError(self.path, self.offset, lobster_line.explain(line), self.line + 1)


def _parse(raw: Bytes) -> NDArray[np.void]:
    """The messages of the lines of `raw`, up to the first that is wrong."""
    ends = np.flatnonzero(raw == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    commas = np.flatnonzero(raw == ord(","))
    per_line = np.diff(np.searchsorted(commas, np.append(starts, len(raw))))
    count = _before_first(per_line != 5)
    starts, ends = starts[:count], ends[:count]
    # A line may end in carriage return and line feed.
    ends = ends - ((ends > starts) & (raw[ends - 1] == ord("\r")))
    inner = commas[: 5 * count].reshape(count, 5)
    firsts = np.column_stack([starts, inner + 1])
    lasts = np.column_stack([inner, ends])
    messages = np.zeros(count, dtype=MESSAGE)
    messages["time"], bad = _nanoseconds(raw, firsts[:, 0], lasts[:, 0])
    for column, name in enumerate(("type", "order", "size", "price", "direction"), start=1):
        messages[name], wrong = _integers(raw, firsts[:, column], lasts[:, column])
        bad |= wrong
    bad |= ~_sensible(messages)
    return messages[: _before_first(bad)]


def _before_first(flags: Flags) -> int:
    """How many elements come before the first that is set."""
    return int(flags.argmax()) if flags.any() else len(flags)


def _digits(raw: Bytes, first: Numbers, last: Numbers) -> tuple[Numbers, Flags]:
    """Values of runs of digits, and which runs are empty, too long, or hold something else."""
    width = last - first
    bad = (width < 1) | (width > MAX_DIGITS)
    value = np.zeros(len(first), dtype=np.int64)
    for k in range(min(int(width.max(initial=0)), MAX_DIGITS)):
        inside = k < width
        digit = raw[np.where(inside, first + k, 0)].astype(np.int64) - ord("0")
        bad |= inside & ((digit < 0) | (digit > 9))
        value = np.where(inside, value * 10 + digit, value)
    return value, bad


def _integers(raw: Bytes, first: Numbers, last: Numbers) -> tuple[Numbers, Flags]:
    """Values of runs of digits that may begin with a minus sign."""
    negative = raw[first] == ord("-")
    value, bad = _digits(raw, first + negative, last)
    return np.where(negative, -value, value), bad


def _nanoseconds(raw: Bytes, first: Numbers, last: Numbers) -> tuple[Numbers, Flags]:
    """Decimal seconds as nanoseconds.

    Files made from floating-point numbers have more than nine decimals (35821.088778456004): they
    are rounded to the nearest nanosecond.
    """
    dots = np.append(np.flatnonzero(raw == ord(".")), len(raw))
    dot = dots[np.searchsorted(dots, first)]
    has_dot = dot < last
    point = np.where(has_dot, dot, last)
    seconds, bad = _digits(raw, first, point)
    ninth = np.minimum(last, point + 10)
    fraction, wrong = _digits(raw, point + 1, ninth)
    _, rest_wrong = _digits(raw, ninth, last)
    bad |= has_dot & (wrong | ((ninth < last) & rest_wrong))
    # More seconds than a day has cannot overflow once they are refused.
    bad |= seconds >= 86_400
    scaled = fraction * _POWERS[np.clip(point + 10 - ninth, 0, 9)]
    half_up = (ninth < last) & (raw[np.minimum(ninth, len(raw) - 1)] >= ord("5"))
    nanoseconds = np.where(has_dot, scaled + half_up, 0)
    return np.where(bad, 0, seconds * 1_000_000_000 + nanoseconds), bad


def _sensible(messages: NDArray[np.void]) -> Flags:
    """Which messages mean something; the same rules as lobster_line.explain."""
    kind = messages["type"]
    on_order = kind <= 4
    direction = np.abs(messages["direction"]) == 1
    named = (messages["order"] >= 1) & (messages["size"] >= 1) & (messages["price"] >= 1)
    return (kind >= 1) & (kind <= MAX_TYPE) & direction & (~on_order | named)
