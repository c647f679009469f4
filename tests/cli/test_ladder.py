"""The ladder and the tape of a market that is not trading as usual."""

from __future__ import annotations

from lmax.schema import EventType, Phase, Reason, Side, Status
from node.view.ladder import ladder, standing, tape
from tests.marketdata.events import book, event, fill, following
from tests.marketdata.test_trading import busted

HALTED = event(EventType.PHASE, instrument=1, phase=Phase.HALTED, reason=Reason.DROP_HALT)
CROSSED = book(Side.BUY, 110_000, 5), book(Side.SELL, 90_000, 7)


def test_a_crossed_book_says_by_how_much_between_asks_and_bids() -> None:
    lines = [line.plain for line in ladder(following(HALTED, *CROSSED), 1, 40, 5)]
    assert [" ".join(line.split()[:2]) for line in lines] == [
        "",
        "9.00 7",
        "crossed by",
        "11.00 5",
        "",
    ]
    assert "crossed by 2.00" in lines[2]


def test_an_auction_shows_where_it_would_trade() -> None:
    call = event(EventType.AUCTION, instrument=1, price=100_000, quantity=5_000)
    lines = ladder(following(HALTED, *CROSSED, call), 1, 40, 3)
    assert lines[1].plain.strip() == "5,000 would trade at 10.00"


def test_what_is_unusual_is_said_in_the_heading() -> None:
    trading = following(HALTED, *CROSSED).trading(1)
    assert standing(trading) == "halted"
    unusual = trading._replace(
        phase=Phase.CONTINUOUS,
        status=Status.SUSPENDED,
        limit_state=Side.SELL,
        short_sales_restricted=True,
    )
    assert standing(unusual) == "suspended limit down short restricted"
    assert standing(following(*CROSSED).trading(1)) == ""


def test_a_busted_trade_is_struck_through() -> None:
    market = following(fill(1, 100, 5), fill(2, 200, 6), busted(1, 100, 5))
    newest, oldest = tape(market, {1: "ABC"}, 2)
    assert not any(span.style == "strike" for span in newest.spans)
    assert any(span.style == "strike" for span in oldest.spans)
