"""What readers of the market get: copies that nobody changes any more.

Prices and money are integers in 10^-4 of the currency unit, quantities in
10^-quantity_scale of a share, times in ns since 1970.
"""

from typing import NamedTuple

import numpy as np

Level = tuple[int, int, int]
"""Price, open quantity, number of orders."""

TRADES = np.dtype(
    [
        ("time", "<i8"),
        ("trade_id", "<u8"),
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("instrument", "<u4"),
        ("side", "<u4"),
    ]
)
"""NumPy dtype of a trade; `side` is the taker's."""


class Top(NamedTuple):
    """The best level of both sides; None where a side is empty."""

    bid: int | None
    bid_quantity: int | None
    ask: int | None
    ask_quantity: int | None


class Depth(NamedTuple):
    """The best levels of both sides, best first."""

    bids: list[Level]
    asks: list[Level]


class Trade(NamedTuple):
    """One trade; `side` is the taker's (`lmax.schema.Side`)."""

    time: int
    trade_id: int
    price: int
    quantity: int
    side: int


class Statistics(NamedTuple):
    """An instrument, and its turnover since the agent began.

    sequence: of the last command that changed anything here; volume: quantity traded;
    notional: money that changed hands.
    """

    symbol: str
    quantity_scale: int
    tick_size: int
    sequence: int
    trades: int
    volume: int
    notional: int
    bid_levels: int
    ask_levels: int
