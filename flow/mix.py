"""What the generated orders are: kinds, sizes, distances from the mid, how long they rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flow import tables
from flow.lives import LIFE, NEVER, SUBTICKS
from lmax.schema import OrderType, Side, TimeInForce

PASSIVE_DAY, PASSIVE_GTC, CROSSING, IOC, FOK, MARKET = range(6)

KIND = tables.shares(
    [
        (PASSIVE_DAY, 0.74),
        (PASSIVE_GTC, 0.12),
        (CROSSING, 0.02),
        (IOC, 0.07),
        (FOK, 0.02),
        (MARKET, 0.03),
    ]
)
_DAY, _GTC = TimeInForce.DAY, TimeInForce.GTC
_TIME_IN_FORCE = np.array([_DAY, _GTC, _DAY, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.IOC])

DISTANCE = tables.power_law(2, 2_000, 1.1)
"""Ticks between a passive order and the mid."""

REACH = tables.power_law(1, 5, 1.5)
"""Ticks beyond the mid that a taking limit order accepts."""

SIZE = tables.order_sizes()

REST = tables.power_law(1_000, 400_000, 1.0)
"""Arrivals until the cancel: half rest for less than 2,000."""

PATIENT_SHARE, PATIENCE = 0.03, 16
"""So many orders rest so many times as long: they are the depth far from the mid."""

MODIFY_SHARE = 0.20
"""Resting orders changed once before their cancel: half reduced, half replaced."""

REPRICE = tables.shares([(-3, 1), (-2, 2), (-1, 4), (0, 4), (1, 4), (2, 2), (3, 1)])
"""Ticks by which a replace moves its order."""

_HOT_SHARE = 0.6
"""Share of a burst's orders that go to the burst's instrument."""


def _below(share: float) -> int:
    return round(share * tables.DRAWS)


class Mix:
    """Draws the orders of a block.

    Args:
        popularity: table of instrument indices.
        highest: highest limit price of each instrument, in ticks.
    """

    def __init__(self, popularity: tables.Table, highest: NDArray[np.int64]) -> None:
        self._popularity = popularity
        self._highest = highest

    def draw(
        self, rng: np.random.Generator, burst: NDArray[np.bool_], accounts: int
    ) -> NDArray[np.void]:
        """Lives for a block of arrivals, one for each element of `burst`; not yet priced.

        Their times are counted from their own birth.
        """
        count = len(burst)
        draws = rng.integers(0, tables.DRAWS, size=(10, count), dtype=np.uint16)
        kind = KIND[draws[0]]
        life = np.zeros(count, dtype=LIFE)
        life["side"] = np.where(draws[1] & 1, Side.SELL, Side.BUY)
        life["order_type"] = np.where(kind == MARKET, OrderType.MARKET, OrderType.LIMIT)
        life["time_in_force"] = _TIME_IN_FORCE[kind]
        life["account"] = _accounts(rng, count, accounts)
        # All bursts of a block are about one instrument, any draw of the block names it.
        hot = burst & (draws[2] < _below(_HOT_SHARE))
        instrument = np.where(hot, self._popularity[draws[2, 0]], self._popularity[draws[3]])
        life["instrument"] = instrument + 1
        life["quantity"] = np.where(kind >= CROSSING, (SIZE[draws[4]] + 1) // 2, SIZE[draws[4]])
        _times(life, kind <= CROSSING, draws[5:8])
        self._prices(life, kind, draws[8:10])
        return life

    def _prices(
        self, life: NDArray[np.void], kind: NDArray[np.int64], draws: NDArray[np.uint16]
    ) -> None:
        """Prices relative to the mid, and what a change will ask for."""
        away = np.where(life["side"] == Side.BUY, -1, 1)
        passive = kind <= PASSIVE_GTC
        life["price"] = np.where(passive, DISTANCE[draws[0]], -REACH[draws[0]]) * away
        life["new_price"] = life["price"] + REPRICE[draws[1]]
        quantity = life["quantity"]
        less = 1 + ((quantity - 1) * draws[1] >> 16)
        total = np.where(draws[0] & 1, quantity, SIZE[draws[1]])
        life["change"] = np.where(life["replaces"] == 1, total, less)

    def place(self, life: NDArray[np.void], mid: NDArray[np.int64]) -> None:
        """Makes relative prices absolute; a market order has none."""
        limit = life["order_type"] == OrderType.LIMIT
        highest = self._highest[life["instrument"] - 1]
        life["price"] = np.where(limit, np.clip(mid + life["price"], 1, highest), 0)
        life["new_price"] = np.clip(mid + life["new_price"], 1, highest)


def _accounts(rng: np.random.Generator, count: int, accounts: int) -> NDArray[np.int64]:
    """Account numbers; low ones trade more, as the square of a uniform draw does."""
    draw = rng.integers(0, 1 << 31, size=count, dtype=np.int64)
    return ((draw * draw >> 31) * accounts >> 31) + 1


def _times(life: NDArray[np.void], rests: NDArray[np.bool_], draws: NDArray[np.uint16]) -> None:
    """When each order is cancelled and perhaps changed before, in 1 / SUBTICKS arrivals."""
    lasts = REST[draws[0]] * SUBTICKS + draws[1]
    lasts *= np.where(draws[1] < _below(PATIENT_SHARE), PATIENCE, 1)
    life["cancel_at"] = np.where(rests, lasts, NEVER)
    modified = rests & (draws[2] < _below(MODIFY_SHARE))
    part = 1 + (draws[2].astype(np.int64) * 40_503 & 0xFFFF)
    life["modify_at"] = np.where(modified, lasts // (tables.DRAWS + 1) * part, NEVER)
    life["replaces"] = draws[2] & 1
