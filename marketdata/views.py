"""What readers of the market get: copies that nobody changes any more.

Prices and money are integers in 10^-4 of the currency unit, quantities in
10^-quantity_scale of a share, times in ns since 1970.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from lmax.schema import Phase, Reason, Side, Status

Level = tuple[int, int, int]
"""Price, open quantity, number of orders."""

TRADES = np.dtype(
    [
        ("time", "<i8"),
        ("trade_id", "<u8"),
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("instrument", "<u4"),
        ("side", "u1"),
        ("auction", "?"),
        ("state", "u1"),
    ],
    align=True,
)
"""NumPy dtype of a trade; `side` is the taker's, `state` a TradeState."""


class TradeState(IntEnum):
    """What became of a trade. A corrected one has its new price and quantity."""

    STANDS = 0
    CORRECTED = 1
    BUSTED = 2


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
    """One trade; `side` is the taker's (`lmax.schema.Side`), auction: whether it was made in one.

    corrected: price or quantity are not those it was made with.
    """

    time: int
    trade_id: int
    price: int
    quantity: int
    side: int
    auction: bool = False
    corrected: bool = False


class Bands(NamedTuple):
    """No trade is made below `lower` or above `upper`; reference: what they were built around."""

    lower: int
    upper: int
    reference: int


class Auction(NamedTuple):
    """What an auction would do at `time`, or did.

    price: None where nothing crosses; quantity: that it executes; imbalance: what it leaves at
    that price, on the side `side`; extended: the price was too far away, so it goes on.
    """

    time: int
    price: int | None
    quantity: int
    imbalance: int
    side: Side
    extended: bool


class Trading(NamedTuple):
    """What an instrument's trading stands at.

    reason: why it came to this phase; reference: the price that was set, None if not known;
    limit_state: the side whose band the best price has reached; indicative: what the auction
    that is on would do; last_auction: what the last one did.
    """

    phase: Phase
    status: Status
    reason: Reason
    reference: int | None
    bands: Bands | None
    limit_state: Side | None
    short_sales_restricted: bool
    indicative: Auction | None
    last_auction: Auction | None


NOTHING_KNOWN = Trading(
    Phase.CONTINUOUS, Status.ACTIVE, Reason.NONE, None, None, None, False, None, None
)
"""An instrument that was just defined."""


class Statistics(NamedTuple):
    """An instrument, and its turnover since the agent began.

    sequence: of the last command that changed anything here; volume: quantity traded;
    notional: money that changed hands. Busted trades do not count, corrected ones as they are.
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
