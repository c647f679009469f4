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

**What can differ from the file.** The engine fills the oldest order at the best price. Where the
file filled another one at that price, a later message about the order filled here comes too late,
and what it did not take away is there for later takers. A replace that keeps the price and takes
shares off keeps its place here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flow.commands import CASH, Commands, define_instrument, deposits, open_accounts
from flow.itch_layout import LENGTHS
from flow.itch_orders import Orders
from flow.itch_reader import ItchReader
from flow.source import file_bytes
from lmax.records import joined
from lmax.schema import COMMAND, MAX_INSTRUMENT, CommandType, Side, TimeInForce

BOOK, TAKER = 1, 2
"""Accounts: whose the file's orders are, and who executes them."""

_ACCOUNTS = np.array([BOOK, TAKER])
_FUNDS = 2**61
_END_OF_MESSAGES = ord("C")

# The command of each message that has one, by its letter.
_COMMAND_TYPES = np.zeros(256, dtype=np.uint8)
for _letter, _type in {
    "A": CommandType.NEW_ORDER,
    "F": CommandType.NEW_ORDER,
    "E": CommandType.NEW_ORDER,
    "C": CommandType.NEW_ORDER,
    "X": CommandType.REDUCE,
    "D": CommandType.CANCEL,
    "U": CommandType.REPLACE,
    "S": CommandType.END_OF_DAY,
}.items():
    _COMMAND_TYPES[ord(_letter)] = _type


class ItchSource:
    """An ITCH 5.0 file as a `flow.source.Source`."""

    def __init__(self, path: Path | str) -> None:
        self._reader = ItchReader(path)
        self._size = file_bytes(self._reader.path)
        self._orders = Orders()
        self._listed = np.zeros(MAX_INSTRUMENT + 1, dtype=np.bool_)
        self._taken = 0
        self.counts = dict.fromkeys([*LENGTHS, "unintroduced", "unlisted", "commands"], 0)

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes of the file (packed, if it is gzipped) taken in so far, and its size."""
        return self._reader.packed_offset, self._size

    def setup(self) -> Commands:
        """The two accounts and their cash; the instruments come with the file."""
        return joined([open_accounts(_ACCOUNTS), deposits(_ACCOUNTS, CASH, _FUNDS)])

    def batches(self) -> Iterator[Commands]:
        """The commands of the file; see `flow.source.Source`.

        The definitions of a batch come first in it.
        """
        for messages in self._reader:
            for kind, count in zip(*np.unique(messages["type"], return_counts=True), strict=True):
                self.counts[chr(kind)] += int(count)
            definitions = self._definitions(messages[messages["type"] == ord("R")])
            commands = joined([*definitions, self._translate(messages)])
            self.counts["commands"] += len(commands)
            if len(commands):
                yield commands

    def _definitions(self, directory: NDArray[np.void]) -> Iterator[Commands]:
        """What makes the stocks of directory messages tradable; a repeated one changes nothing."""
        for message in directory:
            locate = int(message["locate"])
            if self._listed[locate]:
                continue
            self._listed[locate] = True
            yield define_instrument(locate, message["symbol"].decode("ascii").rstrip(" "))
            yield deposits(_ACCOUNTS, locate, _FUNDS)

    def _translate(self, messages: NDArray[np.void]) -> Commands:
        messages = self._sendable(messages)
        kind = messages["type"]
        adds, executes = _is_one_of(kind, b"AF"), _is_one_of(kind, b"EC")
        replaces, ends = kind == ord("U"), kind == ord("S")
        commands = np.zeros(len(messages), dtype=COMMAND)
        commands["type"] = _COMMAND_TYPES[kind]
        commands["account"] = np.where(executes, TAKER, np.where(ends, 0, BOOK))
        commands["instrument"] = np.where(ends, 0, messages["locate"])
        takers = (np.cumsum(executes) + self._taken).astype(np.uint64)
        self._taken += int(executes.sum())
        new_ids = np.where(adds, messages["order"], messages["new_order"])
        commands["client_order_id"] = np.where(executes, takers, new_ids)
        commands["orig_client_order_id"] = np.where(adds | executes, 0, messages["order"])
        buys = (messages["side"] == ord("B")) != executes
        commands["side"] = np.where((adds | executes) & ~buys, Side.SELL, Side.BUY)
        commands["price"] = np.where(adds | executes | replaces, messages["price"], 0)
        commands["quantity"] = messages["shares"]
        commands["time_in_force"] = np.where(executes, TimeInForce.IOC, TimeInForce.DAY)
        return commands

    def _sendable(self, messages: NDArray[np.void]) -> NDArray[np.void]:
        """The messages that become commands, with what the file said before of their orders."""
        kind = messages["type"]
        adds = _is_one_of(kind, b"AF")
        unlisted = adds & ~self._listed[messages["locate"]]
        self.counts["unlisted"] += int(unlisted.sum())
        has_command = _COMMAND_TYPES[kind] != 0
        has_command &= (kind != ord("S")) | (messages["code"] == _END_OF_MESSAGES)
        messages = messages[has_command & ~unlisted]
        known = self._orders.complete(messages)
        self.counts["unintroduced"] += int((~known).sum())
        return messages[known]


def _is_one_of(kind: NDArray[np.uint8], letters: bytes) -> NDArray[np.bool_]:
    return np.isin(kind, np.frombuffer(letters, dtype=np.uint8))
