"""What market data can know of the books at a start, before the next event about them."""

from __future__ import annotations

from typing import Any

from lmax.view._view import StateView
from marketdata._depth import MarketData
from marketdata.views import NOTHING_KNOWN, Bands, Trading


def load_books(marketdata: MarketData, state: StateView) -> None:
    """Levels and trading of every instrument, as the logic holds them."""
    for instrument in state.instruments():
        found = state.definition(instrument)
        book = state.book(instrument)
        marketdata.load(
            instrument,
            str(found["symbol"]),
            int(found["quantity_scale"]),
            int(found["tick_size"]),
            book.bids(),
            book.asks(),
            _trading(state.trading(instrument)),
        )


def _trading(found: dict[str, Any]) -> Trading:
    """What readers can know of an instrument's trading before the next event about it."""
    bands = None
    if found["band_reference"]:
        bands = Bands(found["lower"], found["upper"], found["band_reference"])
    return NOTHING_KNOWN._replace(
        phase=found["phase"],
        status=found["status"],
        reference=found["reference"] or None,
        bands=bands,
        limit_state=found["limit_state"],
        short_sales_restricted=found["short_sales_restricted"],
    )
