"""ITCH messages as commands, one by one, and a whole made-up day that must lead to the same books.

No real ITCH file lies here: the day's orders come from the market generator, what happens to them
from the engine.
"""

import gzip
import time

import pytest

from flow import open_source
from flow.itch import BOOK, TAKER
from flow.itch_write import message
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import CommandType, EventType, Side, TimeInForce
from tests.flow.reading import read_all
from tests.flow.venue import apply_all, book_of, itch_day, whole_file

NAMES = ("type", "account", "instrument", "client_order_id", "orig_client_order_id", "side",
         "price", "quantity", "time_in_force")  # fmt: skip
NEW, CANCEL, REDUCE = CommandType.NEW_ORDER, CommandType.CANCEL, CommandType.REDUCE
REPLACE = CommandType.REPLACE
BUY, SELL = Side.BUY, Side.SELL
DAY, IOC = TimeInForce.DAY, TimeInForce.IOC

LISTED = message("R", locate=7, symbol="ACME")
BUY_100 = message("A", locate=7, order=50, side="B", shares=100, price=20_000)


@pytest.fixture
def played(tmp_path):
    """Plays messages: the order commands as rows, and the source."""

    def play(*messages):
        path = tmp_path / "day.itch"
        path.write_bytes(whole_file(list(messages)))
        source = open_source(path, "itch")
        commands = joined(list(source.batches()))
        orders = commands[commands["type"] >= NEW]
        return list(zip(*(orders[name].tolist() for name in NAMES), strict=True)), source

    return play


def test_an_added_order_rests_under_its_reference(played):
    sell = message("F", locate=7, order=51, side="S", shares=30, price=20_100, attribution="MM")
    rows, _ = played(LISTED, BUY_100, sell)
    assert rows == [
        (NEW, BOOK, 7, 50, 0, BUY, 20_000, 100, DAY),
        (NEW, BOOK, 7, 51, 0, SELL, 20_100, 30, DAY),
    ]


def test_executions_are_opposite_ioc_orders_at_the_resting_price(played):
    rows, _ = played(
        LISTED,
        BUY_100,
        message("E", locate=7, order=50, shares=40, match=1),
        message("C", locate=7, order=50, shares=10, match=2, code="Y", price=19_000),
    )
    assert rows[1:] == [
        (NEW, TAKER, 7, 1, 0, SELL, 20_000, 40, IOC),
        (NEW, TAKER, 7, 2, 0, SELL, 20_000, 10, IOC),
    ]


def test_cancel_reduces_and_delete_cancels(played):
    rows, _ = played(
        LISTED,
        BUY_100,
        message("X", locate=7, order=50, shares=30),
        message("D", locate=7, order=50),
    )
    assert rows[1:] == [
        (REDUCE, BOOK, 7, 0, 50, 0, 0, 30, DAY),
        (CANCEL, BOOK, 7, 0, 50, 0, 0, 0, DAY),
    ]


def test_a_replace_asks_for_what_was_filled_and_the_new_shares(played):
    rows, _ = played(
        LISTED,
        BUY_100,
        message("E", locate=7, order=50, shares=40),
        message("U", locate=7, order=50, new_order=60, shares=25, price=20_050),
        message("E", locate=7, order=60, shares=5),
        message("U", locate=7, order=60, new_order=61, shares=20, price=20_060),
    )
    assert rows[2] == (REPLACE, BOOK, 7, 60, 50, 0, 20_050, 65, DAY)
    assert rows[3] == (NEW, TAKER, 7, 2, 0, SELL, 20_050, 5, IOC)
    assert rows[4] == (REPLACE, BOOK, 7, 61, 60, 0, 20_060, 65, DAY)


def test_an_order_that_ended_is_not_known_any_more(played):
    rows, source = played(
        LISTED,
        BUY_100,
        message("E", locate=7, order=50, shares=100),
        message("D", locate=7, order=50),
    )
    assert len(rows) == 2
    assert source.counts["unintroduced"] == 1


def test_orders_never_added_and_stocks_never_listed_are_counted_and_not_sent(played):
    rows, source = played(
        LISTED,
        message("E", locate=7, order=1, shares=1),
        message("C", locate=7, order=1, shares=1, price=5, code="Y"),
        message("X", locate=7, order=1, shares=1),
        message("D", locate=7, order=1),
        message("U", locate=7, order=1, new_order=2, shares=1, price=5),
        message("A", locate=8, order=3, side="B", shares=1, price=5),
        message("D", locate=8, order=3),
    )
    assert rows == []
    assert (source.counts["unintroduced"], source.counts["unlisted"]) == (6, 1)


def test_hidden_trades_and_other_messages_are_only_counted(played):
    trade = message("P", locate=7, side="B", shares=1, price=5)
    rows, source = played(LISTED, trade, trade, message("H"), message("I"), message("Q"))
    assert rows == []
    counted = {letter: number for letter, number in source.counts.items() if number}
    assert counted == {"R": 1, "P": 2, "H": 1, "I": 1, "Q": 1, "commands": 3}


def test_the_day_ends_with_the_end_of_messages_and_not_before(played):
    events = [message("S", code=code) for code in "OSQMEC"]
    rows, _ = played(LISTED, *events[:-1], BUY_100, events[-1])
    assert [row[0] for row in rows] == [NEW, CommandType.END_OF_DAY]
    assert rows[1][1:] == (0,) * 8


def test_a_stock_is_defined_once_with_its_symbol_and_shares_for_both_accounts(tmp_path):
    path = tmp_path / "day.itch"
    path.write_bytes(whole_file([LISTED, BUY_100, LISTED]))
    source = open_source(path, "itch")
    engine = Engine()
    apply_all(engine, source.setup())
    for commands in source.batches():
        apply_all(engine, commands)
    assert engine.rejected == {}
    assert engine.instruments() == {7: "ACME"}
    assert engine.position(TAKER, 7)[0] == engine.position(BOOK, 7)[0] == 2**61
    assert book_of(engine, 7) == ([(20_000, 100, 1)], [])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_whole_day_leads_to_the_books_that_it_came_from(tmp_path, seed, pack):
    messages, original, market = itch_day(seed, 20_000)
    path = tmp_path / "day.itch.gz"
    path.write_bytes(pack(whole_file(messages)))
    source = open_source(path, "itch")
    engine = Engine()
    apply_all(engine, source.setup())
    started = time.process_time()
    batches = list(source.batches())
    took = time.process_time() - started
    print(f"{len(messages) / took / 1e6:.2f} million messages/s")
    for commands in batches:
        apply_all(engine, commands)
    assert engine.rejected == {}
    assert engine.trades == original.trades
    for listing in market.listings:
        assert book_of(engine, listing.number) == book_of(original, listing.number)
    assert source.counts["E"] == original.trades
    assert source.counts["unintroduced"] == 0
    size = path.stat().st_size
    assert source.progress == (size, size)
    engine.check()


def test_after_the_end_of_messages_no_order_is_left(tmp_path, seed):
    messages, _, market = itch_day(seed, 3_000)
    path = tmp_path / "day.itch"
    path.write_bytes(whole_file([*messages, message("S", time=70_000 * 10**9, code="C")]))
    source = open_source(path, "itch")
    engine = Engine()
    apply_all(engine, source.setup())
    for commands in source.batches():
        events = apply_all(engine, commands)
    assert (events["type"] == EventType.EXPIRED).any()
    for listing in market.listings:
        assert book_of(engine, listing.number) == ([], [])


def test_a_cut_day_is_played_up_to_the_cut(tmp_path, seed):
    messages, _, _ = itch_day(seed, 1_000)
    path = tmp_path / "day.itch"
    data = b"".join(messages)
    path.write_bytes(data[:-3])
    whole = tmp_path / "whole.itch"
    whole.write_bytes(data)
    expected, _ = read_all(open_source(whole, "itch").batches())
    commands, error = read_all(open_source(path, "itch").batches())
    assert commands == expected[:-1]
    assert error.offset == len(data) - len(messages[-1])
