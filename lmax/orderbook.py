"""A single order book for research: no accounts, no money, no files, no threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lmax._engine import Engine
from lmax._view import BookView
from lmax.schema import (
    COMMAND,
    CommandType,
    OrderType,
    Side,
    TimeInForce,
)

type Records = npt.NDArray[np.void]

INSTRUMENT = 1


class OrderBook:
    """Price-time priority, by the rules of docs/matching.md, on whole numbers.

    tick_size, lot_size: what prices and quantities are multiples of, at least 1. A price is any
    multiple of the tick in -2^63..2^63-1, in whatever unit the data has; below zero too.

    What is left out: accounts need not be opened and pay nothing (`amount` of a fill is 0); an
    id names an order within its `account` field, and is free again as soon as that order is
    gone, so a request about a closed order is UNKNOWN_ORDER, and a replaced order may keep its
    id. Business time needs no clock: without timestamps it counts commands.

    Each book reserves address space of about 10 GiB and uses what its orders need.
    Use it from one thread at a time.
    """

    def __init__(self, *, tick_size: int = 1, lot_size: int = 1) -> None:
        self._engine = Engine(bare=True, tick_size=tick_size, lot_size=lot_size)
        self._book: BookView = self._engine.book(INSTRUMENT)

    def apply(self, commands: Records) -> Records:
        """Apply an array of dtype COMMAND in order; their events, an array of dtype EVENT.

        Types: NEW_ORDER, CANCEL, REDUCE, REPLACE, END_OF_DAY. An instrument of 0 counts as 1,
        the book's; a timestamp of 0 as the time of the command before plus 1. Sequences are not
        read: events count the commands 1, 2, 3, …. The array stays as it is.

        Raises TypeError for another dtype, ValueError for another type of command, both with
        nothing applied; MemoryError. What cannot be done is an event of type REJECTED.
        """
        if isinstance(commands, np.ndarray) and commands.dtype == COMMAND and len(commands):
            check_types(commands["type"])
            if not commands["instrument"].all():
                commands = commands.copy()
                commands["instrument"][commands["instrument"] == 0] = INSTRUMENT
        return self._engine.apply(commands)

    # -- one message

    def limit(
        self,
        side: Side,
        price: int,
        quantity: int,
        client_order_id: int,
        *,
        time_in_force: TimeInForce = TimeInForce.GTC,
        account: int = 0,
    ) -> Records:
        """A limit order; its events."""
        return self._one(
            CommandType.NEW_ORDER,
            side=side,
            price=price,
            quantity=quantity,
            client_order_id=client_order_id,
            time_in_force=time_in_force,
            account=account,
        )

    def market(
        self, side: Side, quantity: int, client_order_id: int, *, account: int = 0
    ) -> Records:
        """A market order; its events."""
        return self._one(
            CommandType.NEW_ORDER,
            order_type=OrderType.MARKET,
            side=side,
            quantity=quantity,
            client_order_id=client_order_id,
            account=account,
        )

    def cancel(self, client_order_id: int, *, account: int = 0) -> Records:
        """The end of an open order; its events."""
        return self._one(CommandType.CANCEL, orig_client_order_id=client_order_id, account=account)

    def reduce(self, client_order_id: int, by: int, *, account: int = 0) -> Records:
        """Less of an open order, which keeps its place; its events."""
        return self._one(
            CommandType.REDUCE,
            orig_client_order_id=client_order_id,
            quantity=by,
            account=account,
        )

    def replace(
        self,
        client_order_id: int,
        price: int,
        quantity: int,
        *,
        new_client_order_id: int | None = None,
        account: int = 0,
    ) -> Records:
        """Another price and total quantity, and id if one is given; its events."""
        new_id = client_order_id if new_client_order_id is None else new_client_order_id
        return self._one(
            CommandType.REPLACE,
            orig_client_order_id=client_order_id,
            client_order_id=new_id,
            price=price,
            quantity=quantity,
            account=account,
        )

    def _one(self, kind: CommandType, **fields: int) -> Records:
        command = np.zeros(1, COMMAND)
        command["type"] = kind
        command["instrument"] = INSTRUMENT
        for name, value in fields.items():
            if isinstance(value, float):
                raise TypeError(f"{name} is a whole number, not {value!r}")
            try:
                command[name] = value
            except OverflowError:
                raise ValueError(f"{name} of {value} does not fit its field") from None
        return self._engine.apply(command)

    # -- looking

    @property
    def best_bid(self) -> tuple[int, int] | None:
        """(price, quantity) of the highest price bid; None when nobody bids."""
        return self._best(Side.BUY)

    @property
    def best_ask(self) -> tuple[int, int] | None:
        """(price, quantity) of the lowest price asked; None when nobody asks."""
        return self._best(Side.SELL)

    def _best(self, side: Side) -> tuple[int, int] | None:
        levels = self.levels(side, 1)
        return levels[0][:2] if levels else None

    def depth(self, side: Side, price: int) -> tuple[int, int]:
        """(quantity, orders) open at a price; (0, 0) where there is nothing."""
        return self._book.depth(Side(side), price)

    def levels(self, side: Side, n: int | None = None) -> list[tuple[int, int, int]]:
        """[(price, quantity, orders)] of the best `n` levels, or all, best first."""
        if n is not None and n < 0:
            raise ValueError(f"n is 0 or more, or None for all levels; {n} is not")
        return self._book.bids(n) if Side(side) == Side.BUY else self._book.asks(n)

    def queue(self, side: Side, price: int) -> list[tuple[int, int]]:
        """[(client_order_id, leaves)] of the orders at a price, the first to trade first."""
        found = self._book.queue(Side(side), price)
        return [(client_order_id, leaves) for _, client_order_id, leaves in found]


def check_types(types: npt.NDArray[np.uint8]) -> None:
    """ValueError that names the first command a bare book has no use for."""
    if types.min() >= CommandType.NEW_ORDER and types.max() <= CommandType.END_OF_DAY:
        return
    wrong = (types < CommandType.NEW_ORDER) | (types > CommandType.END_OF_DAY)
    where = int(np.flatnonzero(wrong)[0])
    kind = int(types[where])
    name = CommandType(kind).name if kind in list(CommandType) else f"type {kind}"
    raise ValueError(
        f"command {where} is a {name}: a bare book takes NEW_ORDER, CANCEL, REDUCE, REPLACE and"
        " END_OF_DAY; accounts and instruments are the business of lmax.Engine"
    )
