"""Plays a LOBSTER message file as commands.

| type | message | command |
|---|---|---|
| 1 | new limit order | NEW_ORDER, limit, DAY: the file's orders end with its day |
| 2 | partial cancel | REDUCE |
| 3 | delete | CANCEL |
| 4 | execution of a visible order | an opposite IOC limit order, same size and price |
| 5 | execution of a hidden order | none, counted: hidden orders are never introduced |
| 6 | cross trade | none, counted |
| 7 | halt | none, counted: there is no command for it yet |

**Accounts.** Resting orders belong to `BOOK` and keep the file's order ids; the takers of type 4
belong to `TAKER` and are numbered 1, 2, 3, …, so no id is used twice within an account. Both have
funds that no file can use up.

**Orders from before the file** are referred to and never introduced. Such messages are counted as
`unintroduced` and not sent: a type 4 would otherwise take some other order that rests in its place.
The exception is a book to start from (`orderbook`): then an unintroduced message on a level of
that book acts on the synthetic order that stands for what rested there, which is what rebuilding
the book from sums would do. The book's first row is the book *after* the first message, so that
message is counted as `in_first_row` and not sent.

**Tick.** 1, that is 10^-4: below a dollar prices move in that step, and the file is read in one
pass, so there is no telling beforehand that all of its prices are whole cents.

**What can differ from the file.** The engine fills the oldest order at the best price. The file
says which order was filled; where that is another one at that price (the venue's priority had
reasons that the file does not show), the order filled here is missing later: its cancel comes too
late, and what the cancel did not take away is there for later takers. In the hour of AAPL that the
tests use where they find it, that is so for 4 cancels, and 86 of 4,103 fills take another order
than the file's, 36 of them at another price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flow.commands import CASH, Commands, define_instrument, deposits, open_accounts
from flow.lobster_book import OpeningBook
from flow.lobster_reader import LobsterReader
from flow.source import file_bytes
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, Side, TimeInForce

BOOK, TAKER, OPENING = 1, 2, 3
"""Accounts: whose the file's orders are, who executes them, whose the orders of a first book."""

INSTRUMENT = 1
_FUNDS = 2**61

KINDS = {
    1: "new_order",
    2: "partial_cancel",
    3: "delete",
    4: "execution",
    5: "hidden_execution",
    6: "cross_trade",
    7: "halt",
}
NEW, PARTIAL_CANCEL, DELETE, EXECUTION = 1, 2, 3, 4

# What becomes of a message.
_DROP, _OWN, _LEVEL = 0, 1, 2


class LobsterSource:
    """A LOBSTER message file as a `flow.source.Source`.

    Args:
        path: the message file.
        symbol: name of the instrument; by default what the file's name begins with.
        orderbook: the orderbook file that goes with it, whose first row gives the book to start
            from; without it the book starts empty.

    Attributes:
        message_numbers: which message of the file, counted from 1, each command of the last batch
            comes from; a message gives one command or none.
    """

    def __init__(
        self, path: Path | str, *, symbol: str | None = None, orderbook: Path | str | None = None
    ) -> None:
        self._reader = LobsterReader(path)
        self._size = file_bytes(self._reader.path)
        self._symbol = symbol or _symbol_of(self._reader.path)
        self._opening = OpeningBook.read(orderbook) if orderbook is not None else None
        self._left: dict[int, int] = {}
        self._taken = 0
        self._read = 0
        self.message_numbers: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.counts = dict.fromkeys(
            [*KINDS.values(), "unintroduced", "in_first_row", "commands"], 0
        )

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes of the message file understood so far, and its size."""
        return self._reader.offset, self._size

    def setup(self) -> Commands:
        """The instrument, the three accounts and their funds, and the first book if any."""
        accounts = np.array([BOOK, TAKER, OPENING])
        parts = [
            define_instrument(INSTRUMENT, self._symbol),
            open_accounts(accounts),
            deposits(accounts, CASH, _FUNDS),
            deposits(accounts, INSTRUMENT, _FUNDS),
        ]
        if self._opening:
            parts.append(self._opening.commands(OPENING, INSTRUMENT))
        return joined(parts)

    def batches(self) -> Iterator[Commands]:
        """The commands of the file; see `flow.source.Source`."""
        for messages in self._reader:
            numbers = np.arange(self._read + 1, self._read + len(messages) + 1)
            self._read += len(messages)
            for kind, count in enumerate(np.bincount(messages["type"], minlength=len(KINDS) + 1)):
                if kind:
                    self.counts[KINDS[kind]] += int(count)
            if self._opening and numbers[0] == 1:
                self.counts["in_first_row"] = 1
                numbers, messages = numbers[1:], messages[1:]
            fate = np.fromiter(map(self._fate, *_columns(messages)), np.int64, len(messages))
            sent = fate != _DROP
            self.message_numbers = numbers[sent]
            commands = self._translate(messages[sent], fate[sent] == _LEVEL)
            self.counts["commands"] += len(commands)
            if len(commands):
                yield commands

    def _translate(self, messages: NDArray[np.void], on_level: NDArray[np.bool_]) -> Commands:
        """The commands of messages that are sent; `on_level`: acts on a level of the first book."""
        kind = messages["type"]
        execution = kind == EXECUTION
        on_level = on_level & ~execution
        commands = np.zeros(len(messages), dtype=COMMAND)
        commands["type"] = _COMMAND_TYPES[kind]
        # What is left of an order before the file is unknown: its delete reduces the level.
        commands["type"][on_level] = CommandType.REDUCE
        commands["instrument"] = INSTRUMENT
        commands["account"] = np.where(execution, TAKER, np.where(on_level, OPENING, BOOK))
        takers = np.cumsum(execution) + self._taken
        self._taken += int(execution.sum())
        new = kind == NEW
        commands["client_order_id"] = np.where(
            execution, takers, np.where(new, messages["order"], 0)
        )
        named = np.where(new | execution, 0, messages["order"])
        if self._opening and on_level.any():
            named[on_level] = self._opening.ids(messages[on_level])
        commands["orig_client_order_id"] = named
        orders = new | execution
        commands["price"] = np.where(orders, messages["price"], 0)
        commands["quantity"] = np.where(commands["type"] == CommandType.CANCEL, 0, messages["size"])
        buys = (messages["direction"] == 1) != execution
        commands["side"] = np.where(orders & ~buys, Side.SELL, Side.BUY)
        commands["time_in_force"] = np.where(execution, TimeInForce.IOC, TimeInForce.DAY)
        return commands

    def _fate(self, kind: int, order: int, size: int, price: int, direction: int) -> int:
        """Whether a message is sent, and whether it is about an order of the file or a level."""
        if kind == NEW:
            self._left[order] = size
            return _OWN
        if kind > EXECUTION:
            return _DROP
        left = self._left.get(order)
        if left is not None:
            if kind == DELETE or left <= size:
                del self._left[order]
            else:
                self._left[order] = left - size
            return _OWN
        self.counts["unintroduced"] += 1
        if self._opening and self._opening.has(direction, price):
            return _LEVEL
        return _DROP


_COMMAND_TYPES = np.array(
    [0, CommandType.NEW_ORDER, CommandType.REDUCE, CommandType.CANCEL, CommandType.NEW_ORDER],
    dtype=np.uint8,
)


def _columns(messages: NDArray[np.void]) -> list[list[int]]:
    names = ("type", "order", "size", "price", "direction")
    return [messages[name].tolist() for name in names]


def _symbol_of(path: Path) -> str:
    """LOBSTER names its files TICKER_date_from_to_message_levels.csv."""
    first = path.name.split("_")[0]
    return first if re.fullmatch(r"[A-Z][A-Z0-9.\-]{0,7}", first) else "LOBSTER"
