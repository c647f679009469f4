"""LOBSTER messages as commands, checked against a book that was worked out by hand."""

import pytest

from flow import FlowError, open_source
from flow.lobster import BOOK, OPENING, TAKER, LobsterSource
from flow.lobster_book import OpeningBook, seed_book
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import CommandType, EventType, Side, TimeInForce
from tests.flow.reading import DATA, read_all
from tests.flow.rebuild import by_engine, directly, published
from tests.flow.venue import apply_all, book_of

MESSAGES, BOOKS = DATA / "HAND_message_2.csv", DATA / "HAND_orderbook_2.csv"

NAMES = ("type", "account", "client_order_id", "orig_client_order_id", "side", "price", "quantity",
         "time_in_force")  # fmt: skip
NEW, CANCEL, REDUCE = CommandType.NEW_ORDER, CommandType.CANCEL, CommandType.REDUCE
BUY, SELL = Side.BUY, Side.SELL
DAY, IOC = TimeInForce.DAY, TimeInForce.IOC


def rows_of(source):
    commands = joined(list(source.batches()))
    assert set(commands["instrument"].tolist()) <= {1}
    return list(zip(*(commands[name].tolist() for name in NAMES), strict=True))


def test_each_message_about_a_known_order_becomes_its_command():
    source = LobsterSource(MESSAGES)
    assert rows_of(source) == [
        (NEW, BOOK, 11, 0, BUY, 1_000_900, 50, DAY),
        (NEW, BOOK, 12, 0, SELL, 1_001_000, 30, DAY),
        (REDUCE, BOOK, 0, 11, 0, 0, 20, DAY),
        (NEW, TAKER, 1, 0, BUY, 1_001_000, 10, IOC),
        (NEW, BOOK, 13, 0, BUY, 1_000_950, 500, DAY),
        (CANCEL, BOOK, 0, 12, 0, 0, 0, DAY),
        (REDUCE, BOOK, 0, 13, 0, 0, 100, DAY),
        (NEW, TAKER, 2, 0, SELL, 1_000_950, 400, IOC),
        (NEW, BOOK, 14, 0, SELL, 1_001_050, 25, DAY),
    ]
    assert source.message_numbers.tolist() == [1, 2, 4, 6, 8, 9, 10, 11, 16]


def test_what_is_not_sent_is_counted_and_why():
    source = LobsterSource(MESSAGES)
    rows_of(source)
    assert source.counts == {
        "new_order": 4,
        "partial_cancel": 2,
        "delete": 4,
        "execution": 3,
        "hidden_execution": 1,
        "cross_trade": 1,
        "halt": 1,
        "unintroduced": 4,
        "in_first_row": 0,
        "commands": 9,
    }
    size = MESSAGES.stat().st_size
    assert source.progress == (size, size)


def test_with_a_first_book_unknown_orders_stand_for_their_level():
    source = LobsterSource(MESSAGES, orderbook=BOOKS)
    assert rows_of(source) == [
        (NEW, BOOK, 12, 0, SELL, 1_001_000, 30, DAY),
        (NEW, TAKER, 1, 0, BUY, 1_001_000, 60, IOC),
        (REDUCE, OPENING, 0, 3, 0, 0, 20, DAY),
        (REDUCE, OPENING, 0, 1, 0, 0, 40, DAY),
        (NEW, TAKER, 2, 0, BUY, 1_001_000, 10, IOC),
        (NEW, BOOK, 13, 0, BUY, 1_000_950, 500, DAY),
        (CANCEL, BOOK, 0, 12, 0, 0, 0, DAY),
        (REDUCE, BOOK, 0, 13, 0, 0, 100, DAY),
        (NEW, TAKER, 3, 0, SELL, 1_000_950, 400, IOC),
        (REDUCE, OPENING, 0, 2, 0, 0, 200, DAY),
        (NEW, BOOK, 14, 0, SELL, 1_001_050, 25, DAY),
    ]
    assert (source.counts["unintroduced"], source.counts["in_first_row"]) == (5, 1)


def test_the_setup_lists_the_symbol_of_the_file_name_and_makes_the_first_book():
    engine = Engine()
    events = apply_all(engine, LobsterSource(MESSAGES, orderbook=BOOKS).setup())
    assert set(events["type"].tolist()) == {EventType.ACCEPTED, EventType.BOOK}
    assert engine.instruments() == {1: "HAND"}
    bids, asks = book_of(engine, 1)
    assert bids == [(1_000_900, 150, 1), (1_000_800, 80, 1)]
    assert asks == [(1_001_000, 100, 1), (1_001_100, 200, 1)]


@pytest.mark.parametrize(("name", "symbol"), [("goog.csv", "LOBSTER"), ("BRK.A_x.csv", "BRK.A")])
def test_a_file_whose_name_begins_with_no_symbol_gets_one(tmp_path, name, symbol):
    path = tmp_path / name
    path.write_bytes(MESSAGES.read_bytes())
    engine = Engine()
    apply_all(engine, LobsterSource(path).setup())
    assert engine.instruments() == {1: symbol}


def test_the_engine_rebuilds_the_published_book_wherever_sums_do():
    expected = published(BOOKS)
    summed = list(directly(MESSAGES, BOOKS))
    replayed, _, engine = by_engine(MESSAGES, BOOKS)
    engine.check()
    assert replayed == summed
    differing = [k + 1 for k, top in enumerate(replayed) if top != expected[k]]
    assert differing == [15], "only there a level nobody saw comes up"


def test_nothing_of_the_sample_is_refused():
    source = LobsterSource(MESSAGES, orderbook=BOOKS)
    engine = Engine()
    apply_all(engine, source.setup())
    for commands in source.batches():
        apply_all(engine, commands)
    assert engine.rejected == {}
    assert engine.trades == 3


def test_a_cut_file_is_played_up_to_the_cut(tmp_path):
    path = tmp_path / "HAND_cut.csv"
    path.write_bytes(MESSAGES.read_bytes()[:-5])
    source = open_source(path, "lobster")
    played, error = read_all(source.batches())
    assert error.line == 16
    assert len(played) == 8
    assert source.counts["new_order"] == 3


def test_an_empty_level_of_the_first_book_is_left_out():
    row = [1_001_000, 100, 1_000_900, 150, 9_999_999_999, 0, -9_999_999_999, 0]
    commands = seed_book(row, account=7, instrument=2)
    assert commands["price"].tolist() == [1_001_000, 1_000_900]
    assert commands["side"].tolist() == [SELL, BUY]
    assert set(commands["account"].tolist()) == {7}
    assert set(commands["instrument"].tolist()) == {2}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"1,2,3\n", "expected ask price, ask size, bid price, bid size a level, found 3"),
        (b"1,2,3,x\n", "is not an orderbook file"),
        (b"\x00\xff\n", "is not an orderbook file"),
        (b"\n", "is not an orderbook file"),
    ],
)
def test_a_bad_first_book_is_refused(tmp_path, text, what):
    path = tmp_path / "book.csv"
    path.write_bytes(text)
    with pytest.raises(FlowError, match=what):
        OpeningBook.read(path)
