"""Books and trades from events made by hand, one behaviour at a time."""

import pytest

from lmax.ringbuffer.ring import RingBuffer, RingFull
from lmax.schema import EventType, Side
from marketdata._depth import MarketData
from marketdata.views import Depth, Statistics, Top, Trade, TradeState
from tests.marketdata.events import book, definition, event, fill, following, ring

BUY, SELL = Side.BUY, Side.SELL


def test_levels_are_listed_best_first():
    market = following(
        *[book(BUY, price, 10) for price in (99, 97, 98)],
        *[book(SELL, price, 20, 2) for price in (102, 101, 103)],
    )
    assert market.depth(1) == Depth(
        bids=[(99, 10, 1), (98, 10, 1), (97, 10, 1)],
        asks=[(101, 20, 2), (102, 20, 2), (103, 20, 2)],
    )
    assert market.depth(1, levels=1) == Depth([(99, 10, 1)], [(101, 20, 2)])


def test_the_top_is_the_best_level_of_each_side():
    market = following(book(BUY, 98, 5), book(BUY, 99, 7), book(SELL, 101, 3))
    assert market.top(1) == Top(bid=99, bid_quantity=7, ask=101, ask_quantity=3)


def test_an_empty_side_has_no_top():
    market = following(book(BUY, 98, 5))
    assert market.top(1) == Top(98, 5, None, None)


def test_a_book_event_replaces_what_stood_at_its_level():
    market = following(book(SELL, 101, 3, 1), book(SELL, 101, 8, 2))
    assert market.depth(1).asks == [(101, 8, 2)]


def test_quantity_zero_takes_a_level_away():
    market = following(*[book(BUY, p, 5) for p in (97, 98, 99)], book(BUY, 98, 0))
    assert market.depth(1).bids == [(99, 5, 1), (97, 5, 1)]


def test_taking_away_a_level_that_is_not_there_changes_nothing():
    market = following(book(BUY, 97, 5), book(BUY, 98, 0), book(SELL, 98, 0))
    assert market.depth(1) == Depth([(97, 5, 1)], [])


def test_a_side_grows_to_thousands_of_levels():
    prices = range(1, 3001)
    market = following(*[book(SELL, (p * 7919) % 3001, p) for p in prices])
    asks = market.depth(1, None).asks
    assert [price for price, _, _ in asks] == sorted((p * 7919) % 3001 for p in prices)
    assert market.depth(1, 100).asks == asks[:100]
    assert market.statistics(1).ask_levels == 3000


@pytest.mark.parametrize("price", [-(2**63), -1, 0, 2**63 - 1])
def test_prices_at_the_edges_of_64_bits_come_back_as_they_are(price):
    market = following(book(SELL, price, 1), book(BUY, price, 2, instrument=2))
    assert market.depth(1).asks == [(price, 1, 1)]
    assert market.depth(2).bids == [(price, 2, 1)]


def test_instruments_have_books_of_their_own():
    market = following(book(BUY, 5, 1), book(BUY, 6, 2, instrument=65_535))
    assert market.depth(1).bids == [(5, 1, 1)]
    assert market.depth(65_535).bids == [(6, 2, 1)]


def test_instruments_are_known_by_their_definitions():
    market = following(
        definition(3, b"ACME", quantity_scale=2, price=100, sequence=7),
        definition(9, b"EIGHTCHR"),
        book(BUY, 5, 1, instrument=4),
    )
    assert market.instruments() == {3: "ACME", 4: "", 9: "EIGHTCHR"}
    assert market.statistics(3) == Statistics("ACME", 2, 100, 7, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("instrument", [2, 0, -1, 65_536])
@pytest.mark.parametrize("method", ["top", "depth", "last_trade", "statistics"])
def test_an_instrument_of_which_nothing_was_seen_is_named_in_a_key_error(method, instrument):
    market = following(book(BUY, 5, 1))
    with pytest.raises(KeyError, match=f"instrument {instrument} is not known"):
        getattr(market, method)(instrument)
    with pytest.raises(KeyError, match=f"instrument {instrument} is not known"):
        market.trades(1, instrument)


def test_fills_become_trades_oldest_first():
    market = following(fill(1, 100, 5), fill(2, 101, 6, side=SELL, instrument=2))
    assert market.trades().tolist() == [
        (1001, 1, 100, 5, 1, BUY, False, TradeState.STANDS),
        (1002, 2, 101, 6, 2, SELL, False, TradeState.STANDS),
    ]
    assert market.trades(1)["trade_id"].tolist() == [2]
    assert market.trades(instrument=1)["trade_id"].tolist() == [1]
    assert market.last_trade(2) == Trade(1002, 2, 101, 6, SELL)
    assert market.trade_count == 2


def test_only_the_last_trades_are_kept():
    market = following(
        *[fill(n, 100, 1, instrument=1 + n % 2) for n in range(1, 31)], trades_kept=6
    )
    assert market.trades(6)["trade_id"].tolist() == [25, 26, 27, 28, 29, 30]
    assert market.trades(2, instrument=2)["trade_id"].tolist() == [27, 29]
    with pytest.raises(ValueError, match="trades_kept, which is 6; 7 is not"):
        market.trades(7)


def test_an_instrument_without_trades_has_no_last_one():
    market = following(book(BUY, 5, 1))
    assert market.last_trade(1) is None
    assert len(market.trades()) == 0


def test_turnover_is_exact_beyond_64_bits():
    largest = 2**63 - 1
    market = following(*[fill(n, 1, largest, amount=largest) for n in range(1, 6)])
    statistics = market.statistics(1)
    assert (statistics.trades, statistics.volume) == (5, 5 * largest)
    assert statistics.notional == 5 * largest


def test_the_sequence_is_that_of_the_last_whole_command():
    market = following(
        event(EventType.ACCEPTED, sequence=1),
        event(EventType.ACCEPTED, sequence=2, last=False),
    )
    assert market.sequence == 1
    assert market.position.value == 1


def test_a_command_is_shown_only_when_it_is_whole():
    output = ring()
    market = MarketData(output)
    output.publish_array(book(BUY, 99, 5))
    assert market.do_work() == 1
    output.publish_array(book(BUY, 99, 0, last=False))
    assert market.do_work() == 0
    assert market.top(1).bid == 99
    output.publish_array(book(BUY, 98, 5))
    assert market.do_work() == 2
    assert market.top(1).bid == 98


def test_a_command_larger_than_the_ring_is_taken_in_by_parts():
    output = ring(8)
    market = MarketData(output)
    for price in range(1, 9):
        output.publish_array(book(BUY, price, 1, last=False))
    assert market.do_work() == 8
    assert market.top(1).bid == 8
    output.publish_array(book(BUY, 9, 1, sequence=1))
    assert market.do_work() == 1
    assert market.sequence == 1


def test_producers_wait_for_the_agent_until_it_is_closed():
    output = ring(2)
    market = MarketData(output)
    for price in (1, 2):
        output.publish_array(book(BUY, price, 1))
    with pytest.raises(RingFull):
        output.publish_array(book(BUY, 3, 1))
    assert market.do_work() == 2
    output.publish_array(book(BUY, 3, 1))
    market.close()
    market.close()
    output.publish_array(book(BUY, 4, 1))
    output.publish_array(book(BUY, 5, 1))


def test_one_round_takes_in_a_bounded_number_of_events():
    output = ring(4096)
    market = MarketData(output)
    for n in range(3000):
        output.publish_array(book(BUY, n + 1, 1))
    rounds = [market.do_work() for _ in range(4)]
    assert rounds == [1024, 1024, 952, 0]
    assert market.events == 3000


def test_a_loaded_book_is_the_one_that_events_change():
    market = MarketData(ring())
    market.load(7, "OLD", 0, 1, [(1, 1, 1)], [])
    market.load(7, "ACME", 3, 5, [(95, 10, 2), (90, 4, 1)], [(100, 7, 1)])
    assert market.depth(7) == Depth([(95, 10, 2), (90, 4, 1)], [(100, 7, 1)])
    assert market.instruments() == {7: "ACME"}
    market.output.publish_array(book(BUY, 95, 0, instrument=7))
    assert market.do_work() == 1
    assert market.top(7) == Top(90, 4, 100, 7)
    assert market.statistics(7)[:3] == ("ACME", 3, 5)


def test_a_loaded_book_may_be_empty():
    market = MarketData(ring(), sequence=41)
    market.load(1, "ACME", 0, 1, [], [])
    assert market.top(1) == Top(None, None, None, None)
    assert market.sequence == 41


def test_loading_after_the_first_event_is_refused():
    market = following(book(BUY, 5, 1))
    with pytest.raises(RuntimeError, match="before the agent takes in its first event"):
        market.load(2, "ACME", 0, 1, [], [])


@pytest.mark.parametrize(
    ("seed", "complaint"),
    [
        ((0, "A", [], []), "instruments are 1 to 65535, 0 is not"),
        ((1, "", [], []), "a symbol is 1 to 8 printable"),
        ((1, "NINECHARS", [], []), "a symbol is 1 to 8 printable"),
        ((1, "A", [(1, 1, 1), (2, 1, 1)], []), "bids of instrument 1: 2 comes after 1"),
        ((1, "A", [], [(2, 1, 1), (2, 1, 1)]), "asks of instrument 1: 2 comes after 2"),
        ((1, "A", [(5, 0, 1)], []), "leave empty levels out"),
        ((1, "A", [(5, 1, 1)], [(5, 1, 1)]), "crossed: best bid 5, best ask 5"),
    ],
)
def test_a_book_that_cannot_be_is_not_loaded(seed, complaint):
    instrument, symbol, bids, asks = seed
    market = MarketData(ring())
    with pytest.raises(ValueError, match=complaint):
        market.load(instrument, symbol, 0, 1, bids, asks)
    assert market.instruments() == {}


def test_wrong_arguments_are_explained():
    with pytest.raises(ValueError, match="slots of 128 bytes"):
        MarketData(RingBuffer(8, slot_bytes=64))
    with pytest.raises(ValueError, match="trades_kept is 1 to"):
        MarketData(ring(), trades_kept=0)
    with pytest.raises(ValueError, match="levels is 1 or more"):
        following(book(BUY, 5, 1)).depth(1, 0)
