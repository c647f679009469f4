"""``python -m bench.book``: nanoseconds a message in the order book, on five flows.

The flows are those of ../shared/data/flow where that folder is there, else generated ones of the
same shape. `OrderBook` in batches, events written; beside it in the same run the same messages
through a plain Python book of dictionaries and deques, the simplest thing that would do.
"""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import common
from flow import shapes
from lmax._engine import Engine

BATCH = 4096
PLAIN_MESSAGES = 50_000
FLOWS = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "flow"

Messages = npt.NDArray[np.void]


def messages_of(name: str) -> tuple[Messages, str]:
    """A flow and where it comes from."""
    path = FLOWS / f"{name}.bin.xz"
    if path.exists():
        return shapes.load(path), "recorded"
    return shapes.generate(name), "generated"


def time_book(commands: common.Commands) -> tuple[float, Engine]:
    """ns per command of a bare book, the best of three."""
    best = float("inf")
    for _ in range(3):
        book = Engine(bare=True)
        begun = time.perf_counter_ns()
        for start in range(0, len(commands), BATCH):
            book.skim(commands[start : start + BATCH])
        best = min(best, time.perf_counter_ns() - begun)
    return best / len(commands), book


class PlainBook:
    """Price-time priority in dictionaries: what one writes in ten minutes."""

    def __init__(self) -> None:
        self.sides: tuple[dict[int, deque[list[int]]], dict[int, deque[list[int]]]] = ({}, {})
        self.orders: dict[int, tuple[int, int, list[int]]] = {}
        self.trades = 0

    def new(self, order_id: int, side: int, price: int, quantity: int, ioc: bool) -> None:
        opposite = self.sides[1 - side]
        while quantity and opposite:
            best = min(opposite) if side == 0 else max(opposite)
            if (price < best) if side == 0 else (price > best):
                break
            queue = opposite[best]
            while quantity and queue:
                maker = queue[0]
                traded = min(quantity, maker[1])
                quantity -= traded
                maker[1] -= traded
                self.trades += 1
                if not maker[1]:
                    queue.popleft()
                    del self.orders[maker[0]]
            if not queue:
                del opposite[best]
        if quantity and not ioc:
            order = [order_id, quantity]
            self.sides[side].setdefault(price, deque()).append(order)
            self.orders[order_id] = (side, price, order)

    def cancel(self, order_id: int) -> None:
        found = self.orders.pop(order_id, None)
        if found:
            side, price, order = found
            self.sides[side][price].remove(order)
            if not self.sides[side][price]:
                del self.sides[side][price]


def time_plain(messages: Messages) -> float:
    """ns per message of the plain book, on the first part of a flow."""
    rows = messages[:PLAIN_MESSAGES][["type", "side", "ioc", "quantity", "order_id", "price"]]
    book = PlainBook()
    begun = time.perf_counter_ns()
    for kind, side, ioc, quantity, order_id, price in rows.tolist():
        if kind != shapes.NEW:
            book.cancel(order_id)
        if kind != shapes.CANCEL:
            book.new(order_id, side, price, quantity, bool(ioc))
    return (time.perf_counter_ns() - begun) / len(rows)


def measure(name: str) -> dict[str, Any]:
    messages, source = messages_of(name)
    commands = shapes.to_commands(messages)
    ours, book = time_book(commands)
    plain = time_plain(messages)
    return {
        "flow": name,
        "source": source,
        "messages": len(commands),
        "ns_per_message": round(ours, 1),
        "messages_per_s": round(1e9 / ours),
        "plain_python_ns": round(plain, 1),
        "ratio": round(plain / ours, 1),
        "trades": book.trades,
        "resting_levels": len(book.book().bids()) + len(book.book().asks()),
    }


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--flow", nargs="+", default=list(shapes.SWINGS), choices=shapes.SWINGS)
    chosen = options.parse_args(arguments)
    results = [measure(name) for name in chosen.flow]
    worst = min(results, key=lambda found: found["messages_per_s"])
    common.show(
        f"Order book; the worst flow is {worst['flow']}",
        ["flow", "source", "messages/s", "ns each", "plain Python ns", "times faster"],
        [
            [
                found["flow"],
                found["source"],
                f"{found['messages_per_s']:,}",
                found["ns_per_message"],
                found["plain_python_ns"],
                found["ratio"],
            ]
            for found in results
        ],
        {"flows": results, "worst": worst["flow"], "worst_per_s": worst["messages_per_s"]},
        chosen.json,
    )


if __name__ == "__main__":
    main()
