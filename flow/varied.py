"""Orders of more kinds than a plain market has: icebergs, post-only, hidden, pegs and stops.

Some of the limit orders of a generated block become orders of these kinds. Ids, accounts,
quantities and what happens to them later stay as they are, so what is said of the generated
market holds here too. But a stop is on the other side than the limit order it was made of: what
would rest below the market as a buy is where a seller's loss is stopped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flow import tables
from flow.commands import Commands
from flow.instruments import TICK
from lmax.schema import CommandType, Instruction, OrderType, Side, TimeInForce

PLAIN, ICEBERG, POST_ONLY, POST_SLIDE, HIDDEN, STOP, PEG = range(7)

KIND = tables.shares(
    [
        (PLAIN, 0.800),
        (ICEBERG, 0.060),
        (POST_ONLY, 0.055),
        (POST_SLIDE, 0.025),
        (HIDDEN, 0.025),
        (STOP, 0.030),
        (PEG, 0.005),
    ]
)
SHOWN = 100
"""What an iceberg shows; smaller orders stay plain."""

REACH = 10 * TICK
"""How far beyond its trigger price a stop still trades."""


class Varied:
    """Changes the kinds of orders in blocks of commands, the same ones for the same seed.

    highest: highest limit price of each instrument, in 10^-4.
    """

    def __init__(self, seed: int, highest: NDArray[np.int64]) -> None:
        self._rng = np.random.default_rng([seed, 1])
        self._highest = highest

    def change(self, commands: Commands) -> None:
        """Some of the new limit orders that may rest, in place."""
        resting = np.flatnonzero(
            (commands["type"] == CommandType.NEW_ORDER)
            & (commands["order_type"] == OrderType.LIMIT)
            & (commands["time_in_force"] <= TimeInForce.GTC)
        )
        kind = KIND[self._rng.integers(0, tables.DRAWS, size=len(resting), dtype=np.uint16)]
        large = commands["quantity"][resting] > SHOWN
        commands["display_quantity"][resting[(kind == ICEBERG) & large]] = SHOWN
        for of_kind, instruction in (
            (POST_ONLY, Instruction.POST_ONLY),
            (POST_SLIDE, Instruction.POST_SLIDE),
            (HIDDEN, Instruction.HIDDEN),
        ):
            commands["instructions"][resting[kind == of_kind]] = instruction
        commands["order_type"][resting[kind == PEG]] = OrderType.PEG_BEST
        self._stop(commands, resting[kind == STOP])

    def _stop(self, commands: Commands, at: NDArray[np.int64]) -> None:
        """Stop-limit orders, triggered where the limit orders would have rested."""
        trigger = commands["price"][at]
        buys = commands["side"][at] == Side.SELL
        highest = self._highest[commands["instrument"][at] - 1]
        limit = np.where(buys, trigger + REACH, trigger - REACH)
        commands["order_type"][at] = OrderType.STOP_LIMIT
        commands["side"][at] = np.where(buys, Side.BUY, Side.SELL)
        commands["trigger_price"][at] = trigger
        commands["price"][at] = np.clip(limit, TICK, highest)
