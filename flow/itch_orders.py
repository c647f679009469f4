"""What an ITCH file has said about its orders so far."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_ADD, _ADD_NAMED, _EXECUTED, _EXECUTED_AT_PRICE = b"AFEC"
_CANCEL, _DELETE, _REPLACE, _SYSTEM_EVENT = b"XDUS"


class Orders:
    """The open orders of a file, kept to complete the messages that only name them."""

    def __init__(self) -> None:
        # Order reference: side (ASCII), price, open shares, shares executed. Plain lists: this
        # is looked up for every message, and objects would cost as much as all the rest.
        self._open: dict[int, list[int]] = {}

    def complete(self, messages: NDArray[np.void]) -> NDArray[np.bool_]:
        """Follows messages, writes into them what they leave out, and says which name known orders.

        Executions get the side and the price of their order; replaces get as shares the
        order's new total, with what was executed before.
        """
        names = ("type", "order", "new_order", "side", "shares", "price")
        columns = [messages[name].tolist() for name in names]
        completed = np.fromiter(
            self._follow(*columns), dtype=[("side", "u1"), ("shares", "i8"), ("price", "i8")],
            count=len(messages),
        )  # fmt: skip
        for name in ("side", "shares", "price"):
            messages[name] = completed[name]
        return completed["shares"] >= 0

    def _follow(self, *columns: list[int]) -> Iterator[tuple[int, int, int]]:
        """Side, shares and price for each message; shares of -1 where the order is unknown."""
        orders = self._open
        for kind, order, new, side, shares, price in zip(*columns, strict=True):
            if kind in (_ADD, _ADD_NAMED):
                orders[order] = [side, price, shares, 0]
                yield side, shares, price
                continue
            if kind == _SYSTEM_EVENT:
                yield 0, 0, 0
                continue
            known = orders.get(order)
            if known is None:
                yield 0, -1, 0
            elif kind == _REPLACE:
                del orders[order]
                orders[new] = [known[0], price, shares, known[3]]
                yield known[0], shares + known[3], price
            elif kind == _DELETE:
                del orders[order]
                yield 0, 0, 0
            else:
                known[2] -= shares
                if kind != _CANCEL:
                    known[3] += shares
                if known[2] <= 0:
                    del orders[order]
                yield known[0], shares, known[1]
