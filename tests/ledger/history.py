"""Hand-made histories of events: what the engine says, written down a command at a time."""

from typing import Any

import numpy as np

from lmax.records import joined
from lmax.schema import EVENT, CommandType, EventFlag, EventType, OrderType, Side


class History:
    """Events after command ``sequence``; each ``command`` adds one command's events.

    The short ways write ordinary commands: instrument 1, ticks and lots of 1.
    """

    def __init__(self, sequence: int = 0) -> None:
        self.sequence = sequence
        self._rows: list[np.ndarray] = []
        self._trades = 0

    @property
    def events(self) -> np.ndarray:
        """All events so far."""
        return joined(self._rows)

    def since(self, sequence: int) -> np.ndarray:
        """The events after that command."""
        events = self.events
        return events[events["sequence"] > sequence]

    def command(self, kind: CommandType, *events: dict[str, Any]) -> int:
        """One command's events, as dictionaries of fields; its sequence."""
        self.sequence += 1
        for index, fields in enumerate(events):
            row = np.zeros(1, EVENT)
            row["sequence"], row["timestamp"] = self.sequence, 1_000 * self.sequence
            row["command"], row["index"] = kind, index
            for name, value in fields.items():
                row[name] = value
            if index == len(events) - 1:
                row["flags"] |= np.uint8(EventFlag.LAST)
            self._rows.append(row)
        return self.sequence

    def define(self, instrument: int = 1, symbol: bytes = b"OLD") -> int:
        return self.command(
            CommandType.DEFINE_INSTRUMENT,
            accepted(instrument=instrument, symbol=symbol, price=1, quantity=1),
        )

    def open_account(self, account: int, cash: int = 0, shares: int = 0) -> None:
        """An account with something in it."""
        self.command(CommandType.OPEN_ACCOUNT, accepted(account=account))
        for instrument, quantity in ((0, cash), (1, shares)):
            if quantity:
                self.command(
                    CommandType.DEPOSIT,
                    accepted(account=account, instrument=instrument, quantity=quantity),
                )

    def order(self, *more: dict[str, Any], **fields: Any) -> int:
        """A new order, and what else its command causes."""
        return self.command(CommandType.NEW_ORDER, new_order(**fields), *more)

    def fill(self, taker: dict[str, Any], maker: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A fill: ``taker`` and ``maker`` name account, client_order_id and leaves."""
        self._trades += 1
        amount = fields["price"] * fields["quantity"]
        sides = {f"maker_{name}": value for name, value in maker.items()} | taker
        fixed = {"type": EventType.FILL, "instrument": 1, "trade_id": self._trades}
        return fixed | {"amount": amount} | sides | fields

    def bust(self, trade_id: int, buyer: int, seller: int, quantity: int, amount: int) -> int:
        return self.command(
            CommandType.BUST_TRADE,
            amended(EventType.BUSTED, trade_id, buyer, seller)
            | {"price": amount // quantity, "quantity": quantity, "amount": amount}
            | {"leaves": quantity, "maker_leaves": amount},
        )

    def correct(
        self, trade_id: int, buyer: int, seller: int, before: tuple[int, int], price: int, now: int
    ) -> int:
        """before: quantity and amount; now: the right quantity."""
        return self.command(
            CommandType.CORRECT_TRADE,
            amended(EventType.CORRECTED, trade_id, buyer, seller)
            | {"price": price, "quantity": now, "amount": price * now}
            | {"leaves": before[0], "maker_leaves": before[1]},
        )


def accepted(**fields: Any) -> dict[str, Any]:
    return {"type": EventType.ACCEPTED, **fields}


def new_order(**fields: Any) -> dict[str, Any]:
    """ACCEPTED of an order of instrument 1; its leaves are its quantity."""
    fixed = {"instrument": 1, "order_type": OrderType.LIMIT, "side": Side.BUY}
    return accepted(**fixed | {"leaves": fields["quantity"]} | fields)


def about_order(kind: EventType, **fields: Any) -> dict[str, Any]:
    """An event about an open order of instrument 1."""
    return {"type": kind, "instrument": 1, **fields}


def adjusted_holding(account: int, before: int, now: int, cash: int = 0) -> dict[str, Any]:
    return about_order(
        EventType.ADJUSTED, account=account, leaves=before, quantity=now, amount=cash
    )


def amended(kind: EventType, trade_id: int, buyer: int, seller: int) -> dict[str, Any]:
    fixed = {"type": kind, "instrument": 1, "side": Side.BUY}
    return fixed | {"trade_id": trade_id, "account": buyer, "maker_account": seller}


def traded() -> History:
    """Account 1 bought 10 at 120 (trade 1) from account 2, which still offers 20 (order 7)."""
    history = History()
    history.define()
    history.open_account(1, cash=10_000)
    history.open_account(2, shares=100)
    history.order(account=2, client_order_id=7, side=Side.SELL, quantity=30, price=120)
    maker = {"account": 2, "client_order_id": 7, "leaves": 20}
    taker = {"account": 1, "client_order_id": 9, "leaves": 0}
    fill = history.fill(taker, maker, price=120, quantity=10, side=Side.BUY)
    history.order(fill, account=1, client_order_id=9, quantity=10, price=130)
    return history
