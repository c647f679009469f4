"""Our bare book with one Python call a message, as a player among the others."""

from __future__ import annotations

from bench.playing import Outcome, Row
from flow.shapes import CANCEL, NEW
from lmax.orderbook import OrderBook
from lmax.schema import ReportType, TimeInForce


class SingleCalls:
    """Reports are fetched and counted after each chunk of messages."""

    note = ""

    def __init__(self) -> None:
        self.book = OrderBook()
        self.trades = self.volume = 0

    def play(self, rows: list[Row]) -> None:
        limit, cancel, replace = self.book.limit, self.book.cancel, self.book.replace
        resting, passing = int(TimeInForce.GTC), int(TimeInForce.IOC)
        for kind, side, ioc, quantity, order_id, price in rows:
            if kind == NEW:
                limit(side, price, quantity, order_id, passing if ioc else resting)
            elif kind == CANCEL:
                cancel(order_id)
            else:
                replace(order_id, price, quantity)
        reports = self.book.reports()
        fills = reports[reports["type"] == ReportType.FILL]
        self.trades += len(fills)
        self.volume += int(fills["quantity"].sum())

    def outcome(self) -> Outcome:
        levels = [*self.book.levels(0), *self.book.levels(1)]
        open_quantity = sum(quantity for _, quantity, _ in levels)
        return Outcome(self.trades, self.volume, len(self.book), open_quantity)
