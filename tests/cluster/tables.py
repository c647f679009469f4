"""The ledger's tables in memory: the same rows, kept as dictionaries, with the same keys."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ledger.errors import LedgerCorrupt
from ledger.fold import Batch

Row = tuple[Any, ...]
OPEN = b"O"


class Tables:
    """What `ledger.writer.write` does to a database, done to dictionaries.

    trades by id, postings by (sequence, index, leg), orders by (account, id, first sequence),
    holdings by (account, asset); others: accounts, instruments and what operators did.
    """

    def __init__(self) -> None:
        self.trades: dict[int, Row] = {}
        self.postings: dict[Row, Row] = {}
        self.orders: dict[Row, dict[str, Any]] = {}
        self.holdings: Counter[Row] = Counter()
        self.rejections: Counter[int] = Counter()
        self.others: dict[Row, Row] = {}
        self._open: dict[Row, Row] = {}

    def apply(self, batch: Batch) -> int:
        """Write all of it; the rows. Raises LedgerCorrupt where a key is there, or is missing."""
        self._insert_others(batch)
        for rows in (batch.orders.changed, batch.orders.restated):
            for order in dictionaries(rows):
                self._change(order, adds=rows is batch.orders.changed)
        for order in dictionaries(batch.orders.created):
            self._create(order)
        for row in batch.trades.tolist():
            self._insert(self.trades, row[0], row, "trade")
        places = batch.postings[["sequence", "index", "leg"]].tolist()
        for place, row in zip(places, batch.postings.tolist(), strict=True):
            self._insert(self.postings, place, row, "posting")
        for account, asset, amount in batch.changes.tolist():
            self.holdings[account, asset] += amount
        self.rejections.update(batch.rejections)
        return len(batch.trades) + len(batch.postings) + len(batch.orders.created)

    def _insert_others(self, batch: Batch) -> None:
        done = batch.operations
        kinds = {
            "instrument": batch.instruments,
            "account": batch.accounts,
            "symbol": done.symbols,
            "amendment": done.amendments,
            "order adjustment": done.order_adjustments,
            "holding adjustment": done.holding_adjustments,
            "phase": done.phases,
        }
        for name, rows in kinds.items():
            places = rows[["sequence", "index"]].tolist() if len(rows) else []
            for place, row in zip(places, rows.tolist(), strict=True):
                self._insert(self.others, (name, *place), row, name)

    def _insert(self, table: dict[Any, Any], key: Any, row: Any, what: str) -> None:
        if key in table:
            raise LedgerCorrupt(f"{what} {key} is there already")
        table[key] = row

    def _create(self, order: dict[str, Any]) -> None:
        name = order["account"], order["client_order_id"]
        key = (*name, order["sequence"])
        self._insert(self.orders, key, order, "order")
        if order["status"] == OPEN:
            self._open[name] = key

    def _change(self, change: dict[str, Any], *, adds: bool) -> None:
        name = change["account"], change["client_order_id"]
        key = self._open.pop(name, None)
        if key is None:
            raise LedgerCorrupt(f"order {name} is changed, and is not open")
        order = self.orders[key]
        before = order.copy()
        order.update(change)
        if adds:
            for column in ("quantity", "filled"):
                order[column] += before[column]
        elif not change["triggered"]:
            order["triggered"] = before["triggered"]
        if order["status"] == OPEN:
            self._open[name] = key

    def differences(self, other: Tables) -> list[str]:
        """The tables that are not the same."""
        return [
            name
            for name in ("trades", "postings", "orders", "holdings", "rejections", "others")
            if getattr(self, name) != getattr(other, name)
        ]


def dictionaries(rows: np.ndarray) -> list[dict[str, Any]]:
    names = rows.dtype.names or ()
    return [dict(zip(names, row, strict=True)) for row in rows.tolist()]
