"""Plays a NASDAQ TotalView-ITCH 5.0 file as commands.

| message | command |
|---|---|
| R stock directory | DEFINE_INSTRUMENT under the stock locate, once, and the two accounts' shares |
| A, F add order | NEW_ORDER, limit, DAY: the order reference is of one day, so is the order |
| E, C executed | an opposite IOC limit order of that size at the *resting order's* price |
| X cancel | REDUCE |
| D delete | CANCEL |
| U replace | REPLACE: total = what the file says is filled + the new shares |
| P trade of a hidden order | none, counted: the order was never introduced |
| S system event C, end of messages | END_OF_DAY |

**Execution at another price (C).** The engine trades at the resting order's price, so the trade's
price differs from the file's; the shares that leave the book are right, which is what the book
needs. That is so for non-printable ones too: the shares are gone whether or not the tape says so.

**End of day.** At the end of messages: orders are deleted, and trade after hours, until then. An
earlier end would expire orders that the file goes on to name.

**Tick.** 1, that is 10^-4: stocks below a dollar are quoted in that step, and a stock may cross
the dollar during the day.

**Accounts.** Resting orders belong to `BOOK` under their order reference, which is unique within
the day; takers belong to `TAKER`, numbered 1, 2, 3, … Both have funds that no file can use up.

**Unknown orders.** Messages about orders that the file never added (it was cut out of a day) are
counted as `unintroduced` and not sent: an execution would take some other order instead. Orders
for a locate without a stock directory message are counted as `unlisted` and not sent.

**What can differ from the file.** The engine fills the oldest order at the best price; the file
may have filled another one at that price, so single orders can end differently while a price's
quantity agrees. A replace that keeps the price and does not add shares keeps its place here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flow.commands import CASH, Commands, define_instrument, deposits, open_accounts
from flow.itch_layout import LENGTHS
from flow.itch_reader import ItchReader
from flow.source import file_bytes
from lmax.schema import COMMAND, CommandType, Side, TimeInForce

BOOK, TAKER = 1, 2
"""Accounts: whose the file's orders are, and who executes them."""

_ACCOUNTS = np.array([BOOK, TAKER])
_FUNDS = 2**61
_END_OF_MESSAGES = ord("C")

_ROW = [
    "type",
    "account",
    "instrument",
    "client_order_id",
    "orig_client_order_id",
    "side",
    "price",
    "quantity",
    "time_in_force",
]
Row = tuple[int, int, int, int, int, int, int, int, int]
"""The fields of a command that are not zero, in the order of _ROW."""


@dataclass(slots=True)
class _Order:
    """An order as the file tells it."""

    side: int
    price: int
    left: int
    filled: int


class ItchSource:
    """An ITCH 5.0 file as a `flow.source.Source`."""

    def __init__(self, path: Path | str) -> None:
        self._reader = ItchReader(path)
        self._size = file_bytes(self._reader.path)
        self._orders: dict[int, _Order] = {}
        self._listed: set[int] = set()
        self._taken = 0
        self.counts = dict.fromkeys([*LENGTHS, "unintroduced", "unlisted", "commands"], 0)
        self._handlers: dict[int, Callable[..., Row | None]] = {
            ord("A"): self._add,
            ord("F"): self._add,
            ord("E"): self._execute,
            ord("C"): self._execute,
            ord("X"): self._reduce,
            ord("D"): self._delete,
            ord("U"): self._replace,
            ord("S"): self._system_event,
        }
        self._handled = np.array(list(self._handlers), dtype=np.uint8)

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes of the file (packed, if it is gzipped) taken in so far, and its size."""
        return self._reader.packed_offset, self._size

    def setup(self) -> Commands:
        """The two accounts and their cash; the instruments come with the file."""
        return np.concatenate([open_accounts(_ACCOUNTS), deposits(_ACCOUNTS, CASH, _FUNDS)])

    def batches(self) -> Iterator[Commands]:
        """The commands of the file; see `flow.source.Source`.

        The definitions of a batch come first in it.
        """
        for messages in self._reader:
            for kind, count in zip(*np.unique(messages["type"], return_counts=True), strict=True):
                self.counts[chr(kind)] += int(count)
            definitions = self._definitions(messages[messages["type"] == ord("R")])
            commands = np.concatenate([*definitions, self._translate(messages)])
            self.counts["commands"] += len(commands)
            if len(commands):
                yield commands

    def _definitions(self, directory: NDArray[np.void]) -> Iterator[Commands]:
        """What makes the stocks of directory messages tradable; a repeated one changes nothing."""
        for message in directory:
            locate = int(message["locate"])
            if locate in self._listed:
                continue
            self._listed.add(locate)
            yield define_instrument(locate, message["symbol"].decode("ascii").rstrip(" "))
            yield deposits(_ACCOUNTS, locate, _FUNDS)

    def _translate(self, messages: NDArray[np.void]) -> Commands:
        messages = messages[np.isin(messages["type"], self._handled)]
        names = ("type", "locate", "order", "new_order", "side", "shares", "price", "code")
        columns = [messages[name].tolist() for name in names]
        handlers = self._handlers
        rows = [handlers[kind](*fields) for kind, *fields in zip(*columns, strict=True)]
        sent = [row for row in rows if row is not None]
        commands = np.zeros(len(sent), dtype=COMMAND)
        for name, values in zip(_ROW, zip(*sent, strict=True), strict=False):
            commands[name] = values
        return commands

    def _add(
        self, locate: int, order: int, _new: int, side: int, shares: int, price: int, _code: int
    ) -> Row | None:
        if locate not in self._listed:
            self.counts["unlisted"] += 1
            return None
        to_buy = Side.BUY if side == ord("B") else Side.SELL
        self._orders[order] = _Order(to_buy, price, shares, 0)
        return _NEW, BOOK, locate, order, 0, to_buy, price, shares, _DAY

    def _execute(
        self, locate: int, order: int, _new: int, _side: int, shares: int, _price: int, _code: int
    ) -> Row | None:
        known = self._known(order)
        if known is None:
            return None
        known.filled += shares
        self._take(order, known, shares)
        self._taken += 1
        return _NEW, TAKER, locate, self._taken, 0, 1 - known.side, known.price, shares, _IOC

    def _reduce(
        self, locate: int, order: int, _new: int, _side: int, shares: int, _price: int, _code: int
    ) -> Row | None:
        known = self._known(order)
        if known is None:
            return None
        self._take(order, known, shares)
        return _REDUCE, BOOK, locate, 0, order, 0, 0, shares, 0

    def _delete(self, locate: int, order: int, *_rest: int) -> Row | None:
        if self._known(order) is None:
            return None
        del self._orders[order]
        return _CANCEL, BOOK, locate, 0, order, 0, 0, 0, 0

    def _replace(
        self, locate: int, order: int, new: int, _side: int, shares: int, price: int, _code: int
    ) -> Row | None:
        known = self._known(order)
        if known is None:
            return None
        del self._orders[order]
        self._orders[new] = _Order(known.side, price, shares, known.filled)
        return _REPLACE, BOOK, locate, new, order, 0, price, known.filled + shares, 0

    def _system_event(self, _locate: int, *fields: int) -> Row | None:
        if fields[-1] != _END_OF_MESSAGES:
            return None
        self._orders.clear()
        return _END_OF_DAY, 0, 0, 0, 0, 0, 0, 0, 0

    def _known(self, order: int) -> _Order | None:
        known = self._orders.get(order)
        if known is None:
            self.counts["unintroduced"] += 1
        return known

    def _take(self, order: int, known: _Order, shares: int) -> None:
        """Some of an order is gone; forget it with the last share."""
        known.left -= shares
        if known.left <= 0:
            del self._orders[order]


# Plain numbers: converting an enum for every message costs more than translating it.
_NEW, _CANCEL, _REDUCE = (
    int(CommandType.NEW_ORDER),
    int(CommandType.CANCEL),
    int(CommandType.REDUCE),
)
_REPLACE, _END_OF_DAY = int(CommandType.REPLACE), int(CommandType.END_OF_DAY)
_DAY, _IOC = int(TimeInForce.DAY), int(TimeInForce.IOC)
