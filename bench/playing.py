"""Playing a flow through the Python API of one book after another, each in a process of its own."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

type Row = tuple[int, int, int, int, int, int]
"""(kind, side, ioc, quantity, order id, price) as in flow.shapes.FLOW."""

FIELDS = ["type", "side", "ioc", "quantity", "order_id", "price"]
CHUNK = 500


@dataclass(frozen=True)
class Outcome:
    """What a flow came to; None for what a book does not tell.

    trades: how many there were; volume: how much was traded; resting, resting_quantity: the
    orders open at the end.
    """

    trades: int | None
    volume: int | None
    resting: int | None
    resting_quantity: int | None


class Player(Protocol):
    """A book that plays flows.

    A cancel or modify of an order that does not rest does nothing; a modify is a cancel and a new
    order with the same id.
    """

    note: str
    """What it cannot do, or does by a detour; empty if nothing."""

    def play(self, rows: list[Row]) -> None: ...

    def outcome(self) -> Outcome: ...


def rows_of(flow: npt.NDArray[np.void]) -> list[Row]:
    """The messages of a flow as Python numbers."""
    rows: list[Row] = flow[FIELDS].tolist()
    return rows


def play(player: Player, flow: npt.NDArray[np.void], seconds: float) -> dict[str, Any]:
    """Play a flow, a chunk at a time, until about so long has passed; how far and how fast."""
    rows = rows_of(flow)
    limit = time.perf_counter_ns() + round(seconds * 1e9)
    processor = time.process_time_ns()
    spent = done = 0
    while done < len(rows) and (done == 0 or time.perf_counter_ns() < limit):
        chunk = rows[done : done + CHUNK]
        begun = time.perf_counter_ns()
        player.play(chunk)
        spent += time.perf_counter_ns() - begun
        done += len(chunk)
    return {
        "messages": done,
        "messages_per_s": round(done / spent * 1e9),
        "cpu_share": round((time.process_time_ns() - processor) / max(1, spent), 2),
        **asdict(player.outcome()),
    }


def differences(found: dict[str, Any], expected: Outcome) -> dict[str, list[int]]:
    """What a book tells otherwise than it should: {name: [its number, the right one]}."""
    return {
        name: [found[name], right]
        for name, right in asdict(expected).items()
        if found[name] is not None and found[name] != right
    }
