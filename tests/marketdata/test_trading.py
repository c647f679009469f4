"""Phases, bands, auctions, and trades that are busted or corrected, as readers see them."""

from threading import Thread
from typing import Any

import numpy as np
import pytest

from lmax.ringbuffer.agent import AgentRunner
from lmax.schema import CommandType, EventFlag, EventType, Phase, Reason, Side, Status
from marketdata._depth import MarketData
from marketdata.views import NOTHING_KNOWN, Auction, Bands, Trade, TradeState
from tests.marketdata.events import book, definition, event, fill, following, ring
from tests.marketdata.feeding import publish

ONE = 1


def told(kind: EventType, **fields: Any) -> np.ndarray:
    return event(kind, instrument=ONE, **fields)


def amendment(kind: EventType, trade_id: int, before: tuple[int, int], **fields: Any) -> np.ndarray:
    """before: price and quantity; price, quantity: as corrected, or as before where busted."""
    price, quantity = before
    fields = {"price": price, "quantity": quantity} | fields
    return told(
        kind,
        trade_id=trade_id,
        leaves=quantity,
        maker_leaves=price * quantity,
        amount=fields["price"] * fields["quantity"],
        **fields,
    )


def busted(trade_id: int, price: int, quantity: int) -> np.ndarray:
    return amendment(EventType.BUSTED, trade_id, (price, quantity))


def test_an_instrument_begins_with_nothing_known_of_it() -> None:
    assert following(definition(ONE, b"ABC")).trading(ONE) == NOTHING_KNOWN


def test_a_phase_comes_with_its_reason_and_status() -> None:
    market = following(
        definition(ONE, b"ABC"), told(EventType.PHASE, phase=Phase.HALTED, reason=Reason.DROP_HALT)
    )
    trading = market.trading(ONE)
    assert (trading.phase, trading.status) == (Phase.HALTED, Status.ACTIVE)
    assert trading.reason == Reason.DROP_HALT
    market = following(told(EventType.PHASE, phase=Phase.CLOSED, status=Status.SUSPENDED))
    assert market.trading(ONE).status == Status.SUSPENDED


def test_bands_are_there_until_they_are_gone() -> None:
    bands = told(EventType.BANDS, price=110, amount=90, quantity=100)
    assert following(bands).trading(ONE).bands == Bands(90, 110, 100)
    assert following(bands, told(EventType.BANDS)).trading(ONE).bands is None


def test_a_limit_state_names_its_side_and_ends() -> None:
    begins = told(EventType.LIMIT_STATE, side=Side.SELL, price=90, quantity=1)
    assert following(begins).trading(ONE).limit_state == Side.SELL
    ends = told(EventType.LIMIT_STATE, side=Side.SELL, price=90, quantity=0)
    assert following(begins, ends).trading(ONE).limit_state is None


def test_short_sales_are_restricted_until_they_are_not() -> None:
    begins = told(EventType.RESTRICTION, quantity=1)
    assert following(begins).trading(ONE).short_sales_restricted
    assert not following(begins, told(EventType.RESTRICTION)).trading(ONE).short_sales_restricted


def test_the_reference_is_what_was_set_and_unknown_after_a_split() -> None:
    reference = told(EventType.ACCEPTED, command=CommandType.SET_REFERENCE, price=500)
    assert following(reference).trading(ONE).reference == 500
    split = told(EventType.ACCEPTED, command=CommandType.CORPORATE_ACTION)
    assert following(reference, split).trading(ONE).reference is None


def test_an_indicative_auction_follows_its_phase_and_ends_with_the_auction() -> None:
    auction = told(EventType.PHASE, phase=Phase.OPENING_AUCTION)
    indicative = told(
        EventType.AUCTION, price=105, quantity=70, leaves=5, side=Side.SELL, timestamp=9
    )
    trading = following(auction, indicative).trading(ONE)
    expected = Auction(9, 105, 70, 5, Side.SELL, extended=False)
    assert (trading.indicative, trading.last_auction) == (expected, None)
    done = told(
        EventType.AUCTION,
        price=104,
        quantity=75,
        flags=EventFlag.AUCTION | EventFlag.LAST,
        timestamp=11,
    )
    trading = following(auction, indicative, done, told(EventType.PHASE)).trading(ONE)
    assert trading.indicative is None
    assert trading.last_auction == Auction(11, 104, 75, 0, Side.BUY, extended=False)


def test_an_extension_is_told_and_a_halt_forgets_the_indicative_price() -> None:
    extended = told(EventType.AUCTION, price=105, quantity=70, reason=Reason.EXTENDED)
    trading = following(extended).trading(ONE)
    assert trading.indicative is not None
    assert trading.indicative.extended
    halted = told(EventType.PHASE, phase=Phase.HALTED)
    assert following(extended, halted).trading(ONE).indicative is None


def test_an_auction_in_which_nothing_crosses_has_no_price() -> None:
    nothing = told(EventType.AUCTION, flags=EventFlag.AUCTION | EventFlag.LAST)
    last = following(nothing).trading(ONE).last_auction
    assert last is not None
    assert (last.price, last.quantity) == (None, 0)


def test_books_may_cross_while_orders_are_collected() -> None:
    market = following(book(Side.BUY, 110, 5), book(Side.SELL, 90, 7))
    assert market.top(ONE) == (110, 5, 90, 7)
    assert market.depth(ONE).bids == [(110, 5, 1)]


def test_a_crossed_book_can_be_loaded_in_a_call_phase_only() -> None:
    seed = (ONE, "ABC", 0, 1, [(110, 5, 1)], [(90, 7, 1)])
    market = following()
    with pytest.raises(ValueError, match="crossed"):
        market.load(*seed)
    halted = NOTHING_KNOWN._replace(phase=Phase.HALTED, bands=Bands(1, 3, 2))
    market.load(*seed, halted)
    assert market.top(ONE).bid == 110
    assert market.trading(ONE) == halted


def test_all_of_a_trading_state_survives_loading() -> None:
    everything = NOTHING_KNOWN._replace(
        phase=Phase.CLOSING_AUCTION,
        status=Status.SUSPENDED,
        reason=Reason.RESUMED,
        reference=7,
        bands=Bands(5, 9, 7),
        limit_state=Side.SELL,
        short_sales_restricted=True,
        indicative=Auction(1, 2, 3, 4, Side.SELL, extended=True),
        last_auction=Auction(5, None, 0, 0, Side.BUY, extended=False),
    )
    market = following()
    market.load(ONE, "ABC", 0, 1, [], [], everything)
    assert market.trading(ONE) == everything


def test_a_new_symbol_is_the_instruments_name() -> None:
    renamed = told(
        EventType.ACCEPTED, command=CommandType.CORPORATE_ACTION, symbol=b"NEW", price=5, quantity=1
    )
    market = following(definition(ONE, b"OLD", price=5), renamed)
    assert market.instruments() == {ONE: "NEW"}
    assert market.statistics(ONE).tick_size == 5


def test_fills_of_an_auction_say_so() -> None:
    market = following(fill(1, 100, 5, flags=EventFlag.AUCTION | EventFlag.LAST), fill(2, 101, 5))
    assert market.trades()["auction"].tolist() == [True, False]
    market = following(fill(1, 100, 5, flags=EventFlag.AUCTION | EventFlag.LAST))
    assert market.last_trade(ONE) == Trade(1_001, 1, 100, 5, Side.BUY, auction=True)


def test_a_bust_takes_its_trade_out_of_the_turnover_and_marks_it() -> None:
    market = following(fill(1, 100, 5), fill(2, 101, 7), busted(1, 100, 5))
    found = market.statistics(ONE)
    assert (found.trades, found.volume, found.notional) == (1, 7, 707)
    assert market.trades()["state"].tolist() == [TradeState.BUSTED, TradeState.STANDS]
    assert market.last_trade(ONE) == Trade(1_002, 2, 101, 7, Side.BUY)


def test_when_the_last_trade_is_busted_the_one_before_is_the_last() -> None:
    trades = [fill(1, 100, 5), fill(2, 101, 7), fill(3, 1, 1, instrument=2)]
    market = following(*trades, busted(2, 101, 7))
    last = market.last_trade(ONE)
    assert last is not None
    assert last.trade_id == 1
    market = following(*trades, busted(2, 101, 7), busted(1, 100, 5))
    assert market.last_trade(ONE) is None
    assert market.statistics(ONE).volume == 0
    other = market.last_trade(2)
    assert other is not None
    assert other.trade_id == 3


def test_a_correction_changes_price_quantity_and_turnover() -> None:
    correction = amendment(EventType.CORRECTED, 2, (101, 7), price=99, quantity=4)
    market = following(fill(1, 100, 5), fill(2, 101, 7), correction)
    found = market.statistics(ONE)
    assert (found.trades, found.volume, found.notional) == (2, 9, 896)
    assert market.last_trade(ONE) == Trade(1_002, 2, 99, 4, Side.BUY, corrected=True)
    last = market.trades()[-1]
    assert (last["price"], last["quantity"], last["state"]) == (99, 4, TradeState.CORRECTED)


def test_an_older_trade_corrected_leaves_the_last_one_alone() -> None:
    correction = amendment(EventType.CORRECTED, 1, (100, 5), price=90, quantity=5)
    market = following(fill(1, 100, 5), fill(2, 101, 7), correction)
    last = market.last_trade(ONE)
    assert last is not None
    assert (last.price, last.corrected) == (101, False)
    assert market.statistics(ONE).notional == 450 + 707


def test_a_trade_from_before_the_agent_began_is_in_no_turnover() -> None:
    market = following(fill(50, 100, 5), busted(49, 100, 3))
    assert market.statistics(ONE).volume == 5
    market = following(definition(ONE, b"ABC"), busted(49, 100, 3))
    assert market.statistics(ONE).volume == 0


def test_a_bust_of_a_trade_that_is_kept_no_more_still_counts() -> None:
    many = [fill(number, 10, 1) for number in range(1, 100)]
    market = following(*many, busted(1, 10, 1), trades_kept=4)
    assert market.statistics(ONE).volume == 98
    assert not market.trades(4)["state"].any()


def test_a_reader_never_sees_half_a_correction() -> None:
    """Trades whose price and quantity are equal, corrected again and again while others read."""
    output = ring(1 << 12)
    agent = MarketData(output, trades_kept=64)
    publish(output, fill(1, 1, 1))
    rounds = 2_000
    errors: list[str] = []

    def read() -> None:
        while agent.sequence < rounds and not errors:
            trade = agent.trades(1)
            last = agent.last_trade(1)
            if len(trade) and trade["price"][0] != trade["quantity"][0]:
                errors.append(str(trade))
            if last is not None and last.price != last.quantity:
                errors.append(str(last))

    readers = [Thread(target=read) for _ in range(2)]
    runner = AgentRunner([agent], name="market data").start()
    for reader in readers:
        reader.start()
    for number in range(1, rounds + 1):
        change = amendment(EventType.CORRECTED, 1, (number, number))
        change["price"] = change["quantity"] = number + 1
        change["sequence"] = number
        publish(output, change)
    for reader in readers:
        reader.join(30)
    runner.stop()
    runner.join()
    assert (agent.sequence, errors) == (rounds, [])
