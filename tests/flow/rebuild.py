"""Books from the two LOBSTER files: summed up directly, and by replaying commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flow.lobster import INSTRUMENT, LobsterSource
from lmax._engine import Engine
from tests.flow.venue import apply_all, book_of

Top = tuple[int, int, int, int] | None
"""Best ask, its size, best bid, its size; None if a side is empty."""


def published(book_path: Path) -> list[Top]:
    """What the orderbook file says after each message."""
    rows = [line.split(",") for line in book_path.read_text("utf-8-sig").split()]
    return [(int(a), int(b), int(c), int(d)) for a, b, c, d, *_ in rows]


def directly(message_path: Path, book_path: Path) -> Iterator[Top]:
    """Sizes by price from the book's first row, each later message added or taken away.

    This is on purpose another way than that of the reader and the engine: no orders, no code
    shared.
    """
    first = [int(field) for field in book_path.read_text("utf-8-sig").split()[0].split(",")]
    asks = dict(zip(first[0::4], first[1::4], strict=True))
    bids = dict(zip(first[2::4], first[3::4], strict=True))
    for number, line in enumerate(message_path.read_text("utf-8-sig").split()):
        _, kind, _, size, price, direction = line.split(",")
        side = bids if direction == "1" else asks
        level = int(price)
        if number and kind == "1":
            side[level] = side.get(level, 0) + int(size)
        elif number and kind in "234" and level in side:
            side[level] -= int(size)
            if side[level] <= 0:
                del side[level]
        if not asks or not bids:
            yield None
        else:
            yield min(asks), asks[min(asks)], max(bids), bids[max(bids)]


def by_engine(message_path: Path, book_path: Path) -> tuple[list[Top], LobsterSource, Engine]:
    """The engine's best prices after each message, its book started from the first row."""
    source = LobsterSource(message_path, orderbook=book_path)
    engine = Engine()
    apply_all(engine, source.setup())
    tops = [_top(engine)]
    for commands in source.batches():
        for number, command in zip(source.message_numbers, range(len(commands)), strict=True):
            # A message without a command leaves the book as it was.
            tops += [tops[-1]] * (int(number) - 1 - len(tops))
            apply_all(engine, commands[command : command + 1])
            tops.append(_top(engine))
    messages = len(message_path.read_text("utf-8-sig").split())
    return tops + [tops[-1]] * (messages - len(tops)), source, engine


def _top(engine: Engine) -> Top:
    bids, asks = book_of(engine, INSTRUMENT)
    if not bids or not asks:
        return None
    return asks[0][:2] + bids[0][:2]
