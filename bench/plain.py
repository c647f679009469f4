"""Price-time priority in dictionaries and deques: what one writes in ten minutes."""

from __future__ import annotations

from collections import deque

from bench.playing import Outcome, Row
from flow.shapes import CANCEL, NEW


class PlainBook:
    """The peer that is always there, and the reference for what a flow must come to."""

    note = ""

    def __init__(self) -> None:
        self.sides: tuple[dict[int, deque[list[int]]], dict[int, deque[list[int]]]] = ({}, {})
        self.orders: dict[int, tuple[int, int, list[int]]] = {}
        self.trades = self.volume = 0

    def play(self, rows: list[Row]) -> None:
        for kind, side, ioc, quantity, order_id, price in rows:
            if kind == NEW:
                self.new(order_id, side, price, quantity, ioc)
            elif self.cancel(order_id) and kind != CANCEL:
                self.new(order_id, side, price, quantity, 0)

    def new(self, order_id: int, side: int, price: int, quantity: int, ioc: int) -> None:
        opposite = self.sides[1 - side]
        while quantity and opposite:
            best = min(opposite) if side == 0 else max(opposite)
            if (price < best) if side == 0 else (price > best):
                break
            quantity = self.take(opposite[best], quantity)
            if not opposite[best]:
                del opposite[best]
        if quantity and not ioc:
            order = [order_id, quantity]
            self.sides[side].setdefault(price, deque()).append(order)
            self.orders[order_id] = (side, price, order)

    def take(self, queue: deque[list[int]], quantity: int) -> int:
        """Trade with the oldest orders of a price; what is left."""
        while quantity and queue:
            maker = queue[0]
            traded = min(quantity, maker[1])
            quantity -= traded
            maker[1] -= traded
            self.trades += 1
            self.volume += traded
            if not maker[1]:
                queue.popleft()
                del self.orders[maker[0]]
        return quantity

    def cancel(self, order_id: int) -> bool:
        """False if no such order rests."""
        found = self.orders.pop(order_id, None)
        if found is None:
            return False
        side, price, order = found
        self.sides[side][price].remove(order)
        if not self.sides[side][price]:
            del self.sides[side][price]
        return True

    def outcome(self) -> Outcome:
        open_quantity = sum(order[1] for _, _, order in self.orders.values())
        return Outcome(self.trades, self.volume, len(self.orders), open_quantity)
