"""The book that a LOBSTER orderbook file starts from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flow.commands import Commands
from flow.errors import FlowError
from flow.lobster_reader import BYTE_ORDER_MARK
from flow.source import open_file
from lmax.schema import COMMAND, CommandType, Side, TimeInForce

_NO_LEVEL = 9_999_999_999
"""The price, with either sign, that stands for an empty level."""


class OpeningBook:
    """The levels of one row of an orderbook file, and a synthetic order for each.

    Args:
        row: ask price, ask size, bid price, bid size, then the same for the next levels.
    """

    def __init__(self, row: list[int]) -> None:
        asks = [(-1, price, size) for price, size in zip(row[0::4], row[1::4], strict=True)]
        bids = [(1, price, size) for price, size in zip(row[2::4], row[3::4], strict=True)]
        self._levels = [level for level in asks + bids if abs(level[1]) != _NO_LEVEL and level[2]]
        self._ids = {
            (direction, price): number
            for number, (direction, price, _) in enumerate(self._levels, start=1)
        }

    @classmethod
    def read(cls, path: Path | str) -> OpeningBook:
        """The first row of an orderbook file; FlowError if it is not one."""
        path = Path(path)
        with open_file(path) as file:
            first = file.readline(1 << 16).removeprefix(BYTE_ORDER_MARK)
        try:
            row = [int(field) for field in first.split(b",")]
        except ValueError as error:
            raise FlowError(path, 0, f"is not an orderbook file: {error}", line=1) from None
        if len(row) % 4:
            what = f"expected ask price, ask size, bid price, bid size a level, found {len(row)}"
            raise FlowError(path, 0, f"{what} numbers", line=1)
        return cls(row)

    def commands(self, account: int, instrument: int) -> Commands:
        """A resting order for each level, numbered 1, 2, 3, …, with the level's whole size."""
        commands = np.zeros(len(self._levels), dtype=COMMAND)
        commands["type"] = CommandType.NEW_ORDER
        commands["account"] = account
        commands["instrument"] = instrument
        commands["time_in_force"] = TimeInForce.DAY
        commands["client_order_id"] = np.arange(1, len(self._levels) + 1)
        commands["side"] = [Side.BUY if level[0] == 1 else Side.SELL for level in self._levels]
        commands["price"] = [level[1] for level in self._levels]
        commands["quantity"] = [level[2] for level in self._levels]
        return commands

    def has(self, direction: int, price: int) -> bool:
        """Whether the book starts with that level."""
        return (direction, price) in self._ids

    def ids(self, messages: NDArray[np.void]) -> list[int]:
        """The synthetic orders at the levels that the messages are about."""
        levels = zip(messages["direction"].tolist(), messages["price"].tolist(), strict=True)
        return [self._ids[level] for level in levels]


def seed_book(row: list[int], account: int, instrument: int) -> Commands:
    """Resting orders that make the book of one row of an orderbook file."""
    return OpeningBook(row).commands(account, instrument)
