"""What an embedded engine shows of an instrument's trading."""

from decimal import Decimal
from pathlib import Path

import pytest

from lmax import Engine
from lmax.schema import Phase, Reason, Side, Status
from marketdata.views import NOTHING_KNOWN, Auction, Bands
from node.embedded_views import Book, Trading


def test_a_new_instrument_trades_continuously_without_bands(tmp_path: Path) -> None:
    with Engine.open(tmp_path) as engine:
        engine.wait(engine.define_instrument(1, "ABC"))
        trading = engine.trading(1)
        assert (trading.phase, trading.status) == (Phase.CONTINUOUS, Status.ACTIVE)
        assert (trading.reference, trading.lower_band, trading.upper_band) == (None, None, None)
        assert (trading.indicative_price, trading.indicative_quantity) == (None, 0)
        assert str(trading) == "ABC (instrument 1): continuous"
        assert engine.book(1).phase == Phase.CONTINUOUS
        with pytest.raises(KeyError, match="instrument 2"):
            engine.trading(2)


def test_prices_are_decimals_of_the_currency() -> None:
    trading = Trading(
        3,
        "XYZ",
        NOTHING_KNOWN._replace(
            phase=Phase.OPENING_AUCTION,
            status=Status.SUSPENDED,
            reason=Reason.MARKET_HALT,
            reference=100_000,
            bands=Bands(95_000, 105_000, 100_000),
            limit_state=Side.BUY,
            short_sales_restricted=True,
            indicative=Auction(1, 99_500, 70, 5, Side.SELL, extended=False),
        ),
    )
    assert trading.reference == Decimal("10.0000")
    assert (trading.lower_band, trading.upper_band) == (Decimal("9.5"), Decimal("10.5"))
    assert (trading.indicative_price, trading.indicative_quantity) == (Decimal("9.95"), 70)
    assert (trading.limit_state, trading.short_sales_restricted) == (Side.BUY, True)
    assert trading.reason == Reason.MARKET_HALT
    assert str(trading) == (
        "XYZ (instrument 3): opening auction, suspended, 70 would trade at 9.9500,"
        " bands 9.5000 to 10.5000"
    )


def test_a_book_says_its_phase_where_it_does_not_trade() -> None:
    assert str(Book(1, "ABC", (), (), Phase.HALTED)).startswith("ABC (instrument 1, halted)")
    assert str(Book(1, "ABC", (), ())).startswith("ABC (instrument 1)\n")
