"""The order books on PyPI, each through its Python API as its documentation uses it.

Every adapter holds what the package itself does not keep (such as which of its objects belongs to
an order id) and counts fills where the package tells of them.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from bench.playing import Outcome, Player, Row
from flow.shapes import CANCEL, NEW


class Liquibook:
    """C++ under SWIG. An order is an object of the caller's; fills come as calls of a listener."""

    note = ""

    def __init__(self) -> None:
        import liquibook

        class Listener(liquibook.OrderListener):  # type: ignore[misc]
            """Counts; the methods that do nothing must be there, the package calls them."""

            def __init__(self) -> None:
                super().__init__()
                self.trades = self.volume = self.cancels = 0

            def on_fill(self, maker: Any, taker: Any, quantity: int, cost: int) -> None:
                self.trades += 1
                self.volume += quantity

            def on_cancel(self, order: Any) -> None:
                self.cancels += 1

            def on_accept(self, order: Any) -> None: ...

            def on_cancel_reject(self, order: Any, reason: str) -> None: ...

            def on_reject(self, order: Any, reason: str) -> None: ...

            def on_trigger_stop(self, order: Any) -> None: ...

        self.package = liquibook
        self.listener = Listener()
        self.book = liquibook.liquibook_book_OrderBook()
        self.book.set_order_listener(self.listener)
        self.orders: dict[int, Any] = {}

    def play(self, rows: list[Row]) -> None:
        make, ioc_condition = self.package.SimpleOrder, self.package.oc_immediate_or_cancel
        add, cancel, orders, listener = self.book.add, self.book.cancel, self.orders, self.listener
        for kind, side, ioc, quantity, order_id, price in rows:
            if kind != NEW:
                order = orders.pop(order_id, None)
                if order is None:
                    continue
                before = listener.cancels
                cancel(order)
                if kind == CANCEL or listener.cancels == before:
                    continue
            order = make(side == 0, price, quantity)
            if ioc and kind == NEW:
                add(order, ioc_condition)
            else:
                orders[order_id] = order
                add(order)

    def outcome(self) -> Outcome:
        resting = self.book.bids().size() + self.book.asks().size()
        return Outcome(self.listener.trades, self.listener.volume, resting, None)


class LimitOrderBook:
    """C++; ids are 64-bit numbers, and it tells of no fills."""

    note = "reports nothing: no fills, no rejects; IOC is a limit order and a cancel of what rests"

    def __init__(self) -> None:
        from limit_order_book import LimitOrderBook as Book

        self.book = Book()
        # Before version 3 a cancel of an unknown order is undefined behaviour.
        self.cancels_safely = int(version("limit-order-book").split(".")[0]) >= 3

    def play(self, rows: list[Row]) -> None:
        has, cancel, safely = self.book.has, self.book.cancel, self.cancels_safely
        limit = [self.book.limit_buy, self.book.limit_sell]
        for kind, side, ioc, quantity, order_id, price in rows:
            if kind == CANCEL:
                if safely or has(order_id):
                    cancel(order_id)
            elif kind == NEW:
                limit[side](order_id, quantity, price)
                if ioc and has(order_id):
                    cancel(order_id)
            elif has(order_id):
                cancel(order_id)
                limit[side](order_id, quantity, price)

    def outcome(self) -> Outcome:
        return Outcome(None, None, self.book.count(), self.book.volume())


class Litebook:
    """Rust; its ids are UUIDs as text, its fills lists, its prices and quantities floats."""

    note = (
        "IOC is an order and a cancel of what rests; a cancel of a filled order succeeds, so a"
        " modify looks the order up first"
    )

    def __init__(self) -> None:
        import litebook

        self.sides = (litebook.OrderType.Buy, litebook.OrderType.Sell)
        self.book = litebook.OrderBook(tick_size=1.0)
        self.ids: dict[int, str] = {}
        self.trades = self.volume = 0

    def play(self, rows: list[Row]) -> None:
        book, ids, sides = self.book, self.ids, self.sides
        for kind, side, ioc, quantity, order_id, price in rows:
            if kind != NEW:
                theirs = ids.pop(order_id, None)
                if theirs is None:
                    continue
                if kind == CANCEL:
                    book.cancel(theirs)
                    continue
                resting = book.get_order(theirs)
                if resting is None or not resting.is_open():
                    continue
                book.cancel(theirs)
            order = book.create_order(sides[side], float(price), float(quantity))
            for fill in book.add(order):
                self.trades += 1
                self.volume += int(fill.quantity)
            if ioc and kind == NEW:
                book.cancel(order.id)
            else:
                ids[order_id] = order.id

    def outcome(self) -> Outcome:
        resting = [*self.book.buy_orders, *self.book.sell_orders]
        open_quantity = sum(int(order.quantity) for order in resting)
        return Outcome(self.trades, self.volume, len(resting), open_quantity)


class MatchingEngine:
    """Plain Python; sequenced commands in, lists of events out."""

    note = ""

    def __init__(self) -> None:
        from matching_engine import domain
        from matching_engine.engine import MatchingEngine as Engine
        from matching_engine.events import OrderRejected, Trade

        self.domain, self.trade, self.rejected = domain, Trade, OrderRejected
        self.engine = Engine()
        self.sequence = self.trades = self.volume = 0

    def play(self, rows: list[Row]) -> None:
        domain, trade, rejected = self.domain, self.trade, self.rejected
        sides = (domain.Side.BUY, domain.Side.SELL)
        limit, none = domain.OrderType.LIMIT, domain.SelfTradePrevention.NONE
        lives = (domain.TimeInForce.GTC, domain.TimeInForce.IOC)
        process, sequenced = self.engine.process, domain.SequencedCommand
        new, cancel, number = domain.NewOrder, domain.CancelOrder, self.sequence
        for kind, side, ioc, quantity, order_id, price in rows:
            if kind != NEW:
                number += 1
                answer = process(sequenced(number, number, cancel(order_id, 1)))
                if kind == CANCEL or type(answer[0]) is rejected:
                    continue
            life = lives[ioc if kind == NEW else 0]
            number += 1
            order = new(order_id, 1, sides[side], price, quantity, limit, life, False, none)
            for event in process(sequenced(number, number, order)):
                if type(event) is trade:
                    self.trades += 1
                    self.volume += event.qty
        self.sequence = number

    def outcome(self) -> Outcome:
        orders = self.engine.book.orders.values()
        open_quantity = sum(order.remaining for order in orders)
        return Outcome(self.trades, self.volume, len(orders), open_quantity)


ADAPTERS: dict[str, type[Player]] = {
    "liquibook": Liquibook,
    "limit-order-book": LimitOrderBook,
    "litebook": Litebook,
    "matching-engine": MatchingEngine,
}
"""By the name of the package."""
