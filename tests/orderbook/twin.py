"""The bare book in plain Python: lists, a dictionary, and the rules of docs/embedding.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lmax import OrderType, Reason, Side, TimeInForce
from lmax.codes import MessageType, ReportType

LAST = 2**63 - 1


@dataclass
class Resting:
    order_id: int
    side: int
    price: int
    leaves: int


@dataclass
class PlainBook:
    """Reports are tuples in the order of the fields of REPORT, without message and reserved0."""

    tick_size: int = 1
    lot_size: int = 1
    max_orders: int = 2**24
    queues: tuple[dict[int, list[Resting]], dict[int, list[Resting]]] = field(
        default_factory=lambda: ({}, {})
    )
    orders: dict[int, Resting] = field(default_factory=dict)

    def apply(self, message) -> list[tuple[int, ...]]:
        self.reports: list[tuple[int, ...]] = []
        actions: dict[int, Callable[[Any], int]] = {
            MessageType.NEW: self.new,
            MessageType.CANCEL: self.cancel,
            MessageType.REDUCE: self.reduce,
            MessageType.REPLACE: self.replace,
        }
        action = actions.get(int(message["type"]))
        reason = action(message) if action else Reason.UNKNOWN_COMMAND
        if reason:
            side = int(message["side"]) if message["type"] == MessageType.NEW else 0
            wanted = int(message["order_id"]), 0, int(message["price"]), int(message["quantity"])
            self.reports.append((*wanted, 0, ReportType.REJECTED, side, reason))
        return self.reports

    def report(self, kind, side, reason, order_id, other, price, quantity, leaves):
        row = order_id, other, price, quantity, leaves, kind, side, reason
        self.reports.append(tuple(map(int, row)))

    def total(self, side: int) -> int:
        return sum(order.leaves for order in self.orders.values() if order.side == side)

    def amiss(self, price: int, quantity: int, total: int) -> int:
        if price % self.tick_size:
            return Reason.PRICE_TICK
        if quantity < 1:
            return Reason.QUANTITY_RANGE
        if quantity % self.lot_size:
            return Reason.QUANTITY_LOT
        return Reason.QUANTITY_RANGE if quantity + total > LAST else 0

    def new(self, message) -> int:
        order_id, side = int(message["order_id"]), int(message["side"])
        price, quantity = int(message["price"]), int(message["quantity"])
        market = message["order_type"] == OrderType.MARKET
        keeps = message["time_in_force"] in (TimeInForce.DAY, TimeInForce.GTC) and not market
        whole = message["time_in_force"] == TimeInForce.FOK
        if order_id in self.orders:
            return Reason.DUPLICATE_CLIENT_ORDER_ID
        if side > 1:
            return Reason.INVALID_SIDE
        if len(self.orders) >= self.max_orders:
            return Reason.CAPACITY
        price = 0 if market else price
        if reason := self.amiss(price, quantity, self.total(side)):
            return reason
        self.report(ReportType.ACCEPTED, side, 0, order_id, 0, price, quantity, quantity)
        leaves, why = quantity, Reason.NO_LIQUIDITY if market else Reason.IOC_REMAINDER
        if whole and self.within_reach(side, price, market) < quantity:
            why = Reason.FOK_UNFILLED
        else:
            leaves = self.trade(order_id, side, price, market, quantity)
        if leaves and keeps:
            self.rest(Resting(order_id, side, price, leaves))
        elif leaves:
            self.report(ReportType.CANCELLED, side, why, order_id, 0, price, leaves, 0)
        return 0

    def prices(self, side: int) -> list[int]:
        return sorted(self.queues[side], reverse=side == Side.BUY)

    def crossing(self, side: int, price: int, market: bool) -> list[int]:
        found = self.prices(1 - side)
        return [p for p in found if market or (p <= price if side == Side.BUY else p >= price)]

    def within_reach(self, side: int, price: int, market: bool) -> int:
        levels = self.crossing(side, price, market)
        return sum(order.leaves for p in levels for order in self.queues[1 - side][p])

    def trade(self, order_id: int, side: int, price: int, market: bool, leaves: int) -> int:
        for level in self.crossing(side, price, market):
            for maker in list(self.queues[1 - side][level]):
                if not leaves:
                    return 0
                traded = min(leaves, maker.leaves)
                leaves -= traded
                maker.leaves -= traded
                self.report(
                    ReportType.FILL, side, 0, order_id, maker.order_id, level, traded, leaves
                )
                if not maker.leaves:
                    self.leave(maker)
        return leaves

    def rest(self, order: Resting) -> None:
        self.queues[order.side].setdefault(order.price, []).append(order)
        self.orders[order.order_id] = order

    def leave(self, order: Resting) -> None:
        queue = self.queues[order.side][order.price]
        queue.remove(order)
        if not queue:
            del self.queues[order.side][order.price]
        del self.orders[order.order_id]

    def cancel(self, message) -> int:
        order = self.orders.get(int(message["order_id"]))
        if order is None:
            return Reason.UNKNOWN_ORDER
        self.end(order, Reason.REQUESTED)
        return 0

    def end(self, order: Resting, reason: int) -> None:
        self.leave(order)
        place = order.order_id, 0, order.price, order.leaves, 0
        self.report(ReportType.CANCELLED, order.side, reason, *place)

    def reduce(self, message) -> int:
        order, by = self.orders.get(int(message["order_id"])), int(message["quantity"])
        if order is None:
            return Reason.UNKNOWN_ORDER
        if by < 1 or by % self.lot_size:
            return Reason.QUANTITY_RANGE if by < 1 else Reason.QUANTITY_LOT
        if by >= order.leaves:
            self.end(order, Reason.REDUCED_TO_ZERO)
            return 0
        order.leaves -= by
        place = order.order_id, 0, order.price, by, order.leaves
        self.report(ReportType.REDUCED, order.side, 0, *place)
        return 0

    def replace(self, message) -> int:
        order = self.orders.get(int(message["order_id"]))
        if order is None:
            return Reason.UNKNOWN_ORDER
        old_id = order.order_id
        new_id = int(message["new_order_id"]) or old_id
        price, quantity = int(message["price"]), int(message["quantity"])
        if new_id != old_id and new_id in self.orders:
            return Reason.DUPLICATE_CLIENT_ORDER_ID
        if reason := self.amiss(price, quantity, self.total(order.side) - order.leaves):
            return reason
        leaves = quantity
        if price == order.price and quantity < order.leaves:
            del self.orders[old_id]
            order.order_id, order.leaves = new_id, quantity
            self.orders[new_id] = order
        else:
            self.leave(order)
            leaves = self.trade(new_id, order.side, price, False, quantity)
            if leaves:
                self.rest(Resting(new_id, order.side, price, leaves))
        place = new_id, old_id, price, quantity, leaves
        self.report(ReportType.REPLACED, order.side, 0, *place)
        return 0
