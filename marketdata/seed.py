"""Checks of what a book is seeded with, before anything of it is taken over."""

from collections.abc import Sequence
from itertools import pairwise

from lmax.schema import MAX_INSTRUMENT, Phase
from marketdata.views import Level

MOST = 2**63 - 1


def check_seed(
    instrument: int,
    symbol: str,
    bids: Sequence[Level],
    asks: Sequence[Level],
    phase: Phase = Phase.CONTINUOUS,
) -> None:
    """ValueError that says what is wrong with a book to load, if anything is.

    Only where orders match at once can they not cross.
    """
    if not 1 <= instrument <= MAX_INSTRUMENT:
        raise ValueError(f"instruments are 1 to {MAX_INSTRUMENT}, {instrument} is not")
    if not 1 <= len(symbol) <= 8 or not symbol.isascii() or not symbol.isprintable():
        raise ValueError(f"a symbol is 1 to 8 printable ASCII characters, {symbol!r} is not")
    where = f"instrument {instrument}"
    check_side(f"bids of {where}", bids, -1)
    check_side(f"asks of {where}", asks, 1)
    if phase == Phase.CONTINUOUS and bids and asks and bids[0][0] >= asks[0][0]:
        raise ValueError(f"{where} is crossed: best bid {bids[0][0]}, best ask {asks[0][0]}")


def check_side(name: str, levels: Sequence[Level], direction: int) -> None:
    """ValueError unless prices run in that direction and something is open at each."""
    for price, quantity, orders in levels:
        if not 0 < quantity <= MOST or not 0 < orders <= MOST or not -MOST <= price <= MOST:
            raise ValueError(
                f"{name}: {quantity} in {orders} orders at {price} is no level;"
                " leave empty levels out"
            )
    for (before, *_), (after, *_) in pairwise(levels):
        if (after - before) * direction <= 0:
            raise ValueError(f"{name}: {after} comes after {before}; list the best first")
