"""Loads that keep a number of orders resting, and what memory they take."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.flows import scrambled
from flow.shapes import START
from flow.tables import DRAWS, power_law
from lmax.orderbook import OrderBook
from lmax.schema import MESSAGE, MessageType, Side, TimeInForce

type Messages = npt.NDArray[np.void]

DISTANCE = power_law(50, 5_000, 1.5)
"""Ticks from the mid: the nearest levels hold 3 % of a side each, the farthest a few orders."""

REPLACES, TRADES = 0.08, 0.02
"""Shares of a steady load. The rest is new orders and cancels in turn."""


def passive(rng: np.random.Generator, side: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Prices that do not trade: by a power law away from a mid that stands still."""
    away = DISTANCE[rng.integers(0, DRAWS, len(side))]
    return np.asarray(START + np.where(side == Side.BUY, -away, away))


def opening(rng: np.random.Generator, count: int) -> Messages:
    """Orders 1 to count, which all come to rest."""
    messages = np.zeros(count, MESSAGE)
    messages["type"] = MessageType.NEW
    messages["order_id"] = np.arange(1, count + 1)
    messages["side"] = rng.integers(0, 2, count)
    messages["price"] = passive(rng, messages["side"])
    messages["quantity"] = rng.integers(1, 101, count)
    messages["time_in_force"] = TimeInForce.GTC
    return messages


def steady(resting: int, count: int, *, ids: str = "random", seed: int = 1) -> list[Messages]:
    """[what fills the book, `count` messages that keep as many orders in it, give or take two].

    New orders and cancels take turns, some replaces between them. Cancels and replaces go to any
    of the resting orders, old or young, with the same chance: the hardest case for caches. A
    trade is an order within the spread, a new best price, and right behind it one that takes it.
    """
    rng = np.random.default_rng(seed)
    first, messages = opening(rng, resting), opening(rng, count)
    messages["order_id"] += resting
    sides = np.concatenate([np.zeros(1, np.uint8), first["side"], messages["side"]])
    names, kinds, makers = _choose(rng.random(count).tolist(), resting, random.Random(seed))
    messages["order_id"], messages["type"] = names, kinds
    messages["side"] = sides[names]
    messages["price"] = passive(rng, messages["side"])
    messages["price"][makers] = messages["price"][makers + 1] = START
    messages["side"][makers + 1] = 1 - messages["side"][makers]
    messages["quantity"][makers + 1] = messages["quantity"][makers]
    messages["time_in_force"][makers + 1] = TimeInForce.IOC
    if ids == "random":
        for part in (first, messages):
            part["order_id"] = scrambled(part["order_id"])
    return [first, messages]


def _choose(
    draws: list[float], resting: int, chance: random.Random
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Ids and types of messages, and which new orders are taken by the next one."""
    alive = list(range(1, resting + 1))
    names = list(range(resting + 1, resting + 1 + len(draws)))
    kinds = [int(MessageType.NEW)] * len(draws)
    makers: list[int] = []
    for i, draw in enumerate(draws):
        if makers and makers[-1] == i - 1:
            continue
        if draw < TRADES and i + 1 < len(draws):
            makers.append(i)
        elif draw < TRADES + REPLACES and alive:
            names[i], kinds[i] = alive[chance.randrange(len(alive))], MessageType.REPLACE
        elif len(alive) > resting:
            k = chance.randrange(len(alive))
            names[i], alive[k], kinds[i] = alive[k], alive[-1], MessageType.CANCEL
            alive.pop()
        else:
            alive.append(names[i])
    return np.array(names, np.uint64), np.array(kinds, np.uint8), np.array(makers, np.int64)


def cancels(order_ids: npt.NDArray[np.uint64]) -> Messages:
    """A cancel for each id."""
    messages = np.zeros(len(order_ids), MESSAGE)
    messages["type"] = MessageType.CANCEL
    messages["order_id"] = order_ids
    return messages


def resident_bytes() -> int:
    """Memory of this process that is really there, exactly (other counters lag behind)."""
    text = Path("/proc/self/smaps_rollup").read_text()
    found = re.search(r"^Rss:\s+(\d+) kB", text, re.M)
    if found is None:
        raise RuntimeError("/proc/self/smaps_rollup has no line Rss; is this Linux 4.14 or later?")
    return int(found[1]) * 1024


def memory(orders: int) -> dict[str, Any]:
    """Bytes that resting orders take; for a process of its own, whose pools are still unused.

    `book_says`: the book's own account when all rest. What is gone goes back to the pools, not to
    the system: `bytes_per_order_again` tells whether the next orders use it.
    Far apart: every order at a price of its own, `STEP` ticks from the next.
    """
    found: dict[str, Any] = {"orders": orders}
    near = opening(np.random.default_rng(1), orders)
    near["order_id"] = scrambled(near["order_id"])
    away = cancels(near["order_id"])
    book = OrderBook()
    before = resident_bytes()
    deltas = [_after(book, near) - before]
    found["book_says"] = book.memory()
    deltas += [_after(book, part) - before for part in (away, near, away)]
    found["bytes_per_order"] = round(deltas[0] / orders, 1)
    found["bytes_after_all_gone"] = deltas[1]
    found["bytes_per_order_again"] = round(deltas[2] / orders, 1)
    far = near[: orders // 10].copy()
    far["side"] = Side.BUY
    far["price"] = -(np.arange(len(far)) * STEP)
    other = OrderBook()
    before = resident_bytes()
    found["bytes_per_order_far_apart"] = round((_after(other, far) - before) / len(far), 1)
    return found


STEP = 1_000
BATCH = 4096


def _after(book: OrderBook, messages: Messages) -> int:
    for start in range(0, len(messages), BATCH):
        book.apply(messages[start : start + BATCH])
    return resident_bytes()
