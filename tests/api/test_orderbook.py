"""The bare book by hand: single calls, arrays, what is refused and how."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lmax import COMMAND, EVENT, CommandType, OrderBook, OrderType, Reason, Side, TimeInForce
from lmax.codes import MessageType, ReportType
from lmax.schema import MESSAGE, REPORT

BUY, SELL = Side.BUY, Side.SELL
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def book() -> OrderBook:
    return OrderBook(check_every=1)


def fills(reports):
    """[(maker's id, price, quantity)]"""
    of = reports[reports["type"] == ReportType.FILL]
    return list(
        zip(
            of["other_order_id"].tolist(),
            of["price"].tolist(),
            of["quantity"].tolist(),
            strict=True,
        )
    )


def array(*rows, dtype=MESSAGE):
    messages = np.zeros(len(rows), dtype)
    for message, fields in zip(messages, rows, strict=True):
        for name, value in fields.items():
            message[name] = value
    return messages


def test_an_empty_book_has_nothing_to_show(book):
    assert (book.best_bid, book.best_ask) == (None, None)
    assert book.levels(BUY) == book.queue(SELL, 5) == []
    assert book.depth(BUY, 5) == (0, 0)
    assert len(book) == len(book.reports()) == 0


def test_a_hand_worked_book(book):
    book.limit(SELL, 103, 5, 1)
    book.limit(SELL, 101, 7, 2)
    book.limit(SELL, 101, 4, 3)
    book.limit(BUY, 99, 10, 4)
    book.limit(BUY, 98, 1, 5)
    assert (book.best_bid, book.best_ask) == ((99, 10), (101, 11))
    assert book.levels(SELL) == [(101, 11, 2), (103, 5, 1)]
    assert book.levels(SELL, 1) == [(101, 11, 2)]
    assert book.levels(BUY) == [(99, 10, 1), (98, 1, 1)]
    assert book.queue(SELL, 101) == [(2, 7), (3, 4)]
    assert book.depth(SELL, 101) == (11, 2)
    assert len(book) == 5
    book.reports()
    assert book.limit(BUY, 102, 9, 6) == 9
    assert fills(book.reports()) == [(2, 101, 7), (3, 101, 2)]
    assert book.queue(SELL, 101) == [(3, 2)]
    assert book.limit(BUY, 103, 10, 7) == 7
    assert fills(book.reports()) == [(3, 101, 2), (1, 103, 5)]
    assert (book.best_bid, book.best_ask) == ((103, 3), None)
    assert book.market(SELL, 5, 8) == 5
    assert fills(book.reports()) == [(7, 103, 3), (4, 99, 2)]
    assert book.queue(BUY, 99) == [(4, 8)]


def test_reduce_keeps_the_place_and_a_larger_quantity_loses_it(book):
    for order_id in (1, 2, 3):
        book.limit(BUY, 50, 10, order_id)
    assert book.reduce(1, 4) == 4
    assert book.queue(BUY, 50) == [(1, 6), (2, 10), (3, 10)]
    book.replace(2, 50, 11)
    assert book.queue(BUY, 50) == [(1, 6), (3, 10), (2, 11)]
    book.replace(3, 50, 5, new_order_id=30)
    assert book.queue(BUY, 50) == [(1, 6), (30, 5), (2, 11)]
    assert book.cancel(30) == 5
    assert book.levels(BUY) == [(50, 17, 2)]
    assert book.reduce(1, 100) == 6
    assert book.levels(BUY) == [(50, 11, 1)]


def test_a_replace_that_crosses_reports_its_trades_before_itself(book):
    book.limit(SELL, 60, 4, 1)
    book.limit(BUY, 50, 10, 2)
    book.reports()
    assert book.replace(2, 60, 10, new_order_id=3) == 4
    fill, replaced = book.reports()
    assert (fill["type"], fill["order_id"], fill["other_order_id"]) == (ReportType.FILL, 3, 1)
    assert (replaced["type"], replaced["order_id"]) == (ReportType.REPLACED, 3)
    assert (replaced["other_order_id"], replaced["quantity"], replaced["leaves"]) == (2, 10, 6)
    assert book.best_bid == (60, 6)


@pytest.mark.parametrize(
    ("tif", "filled", "reason"),
    [(TimeInForce.IOC, 4, Reason.IOC_REMAINDER), (TimeInForce.FOK, 0, Reason.FOK_UNFILLED)],
)
def test_what_may_not_rest_is_cancelled_with_its_reason(book, tif, filled, reason):
    book.limit(SELL, 60, 4, 1)
    book.reports()
    assert book.limit(BUY, 60, 5, 2, tif) == filled
    last = book.reports()[-1]
    assert (last["type"], last["reason"]) == (ReportType.CANCELLED, reason)
    assert last["quantity"] == 5 - filled
    assert len(book) == (0 if filled else 1)
    assert book.limit(BUY, 60, 4, 3, TimeInForce.FOK) == (0 if filled else 4)


def test_an_id_is_free_again_when_its_order_is_gone(book):
    book.limit(BUY, 50, 10, 1)
    assert book.limit(BUY, 51, 1, 1) == -Reason.DUPLICATE_CLIENT_ORDER_ID
    assert book.cancel(1) == 10
    assert book.cancel(1) == 0
    assert book.reports()["reason"][-1] == Reason.UNKNOWN_ORDER
    assert book.reduce(1, 1) == book.replace(1, 5, 5) == -Reason.UNKNOWN_ORDER
    book.limit(SELL, 60, 10, 1)
    assert book.limit(BUY, 60, 10, 2) == 10
    book.limit(BUY, 50, 3, 1)
    book.limit(BUY, 50, 4, 2)
    assert book.queue(BUY, 50) == [(1, 3), (2, 4)]
    assert book.replace(1, 40, 1, new_order_id=2) == -Reason.DUPLICATE_CLIENT_ORDER_ID
    assert book.queue(BUY, 50) == [(1, 3), (2, 4)]


@pytest.mark.parametrize("middle", [0, -1000, 2**62, -(2**62), 2**63 - 2000, -(2**63) + 2000])
def test_prices_anywhere_in_64_bits_trade_in_their_order(book, middle):
    for number, away in enumerate((1, 65, 1000, 7), 1):
        book.limit(SELL, middle + away, 1, number)
        book.limit(BUY, middle - away, 1, number + 10)
    assert [price - middle for price, _, _ in book.levels(SELL)] == [1, 7, 65, 1000]
    assert [price - middle for price, _, _ in book.levels(BUY)] == [-1, -7, -65, -1000]
    book.reports()
    book.market(BUY, 9, 20)
    assert [maker for maker, _, _ in fills(book.reports())] == [1, 4, 2, 3]
    book.limit(SELL, middle - 65, 9, 21)
    assert [maker for maker, _, _ in fills(book.reports())] == [11, 14, 12]
    assert book.best_ask == (middle - 65, 6)


def test_levels_may_be_as_far_apart_as_there_are_numbers(book):
    prices = [-(2**63), -(2**62), -5, 0, 3, 2**40, 2**62, 2**63 - 1]
    for number, price in enumerate(prices, 1):
        book.limit(BUY, price, number, number)
    assert [price for price, _, _ in book.levels(BUY)] == prices[::-1]
    for number, price in enumerate(prices, 1):
        assert book.depth(BUY, price) == (number, 1)
        book.cancel(number)
    assert book.best_bid is None
    assert book.memory()["levels"] == book.memory()["orders"] == 0


def test_a_side_never_holds_more_than_63_bits(book):
    assert book.limit(BUY, 5, 2**63 - 1, 1) == 0
    assert book.limit(BUY, 6, 1, 2) == -Reason.QUANTITY_RANGE
    book.reduce(1, 1)
    assert book.limit(BUY, 6, 1, 2) == 0
    assert book.replace(2, 6, 2) == -Reason.QUANTITY_RANGE
    assert book.limit(SELL, 5, 2**63 - 1, 3) == 2**63 - 1


def test_prices_and_quantities_are_multiples_of_the_tick_and_the_lot():
    book = OrderBook(tick_size=25, lot_size=10)
    assert book.limit(BUY, -50, 20, 1) == 0
    assert book.limit(BUY, -49, 20, 2) == -Reason.PRICE_TICK
    assert book.limit(BUY, 50, 25, 2) == -Reason.QUANTITY_LOT
    assert (book.depth(BUY, -50), book.depth(BUY, -49)) == ((20, 1), (0, 0))
    with pytest.raises(ValueError, match="start at 1"):
        OrderBook(tick_size=0)


ORDER = {"type": MessageType.NEW, "quantity": 1, "price": 5, "order_id": 1}


def test_reports_name_the_message_and_the_array_stays_as_it_is(book):
    messages = array(ORDER, ORDER | {"order_id": 2, "side": SELL, "quantity": 3})
    before = messages.copy()
    reports = book.apply(messages)
    assert messages.tobytes() == before.tobytes()
    assert reports.dtype == REPORT
    assert reports["message"].tolist() == [0, 1, 1]
    assert reports["type"].tolist() == [ReportType.ACCEPTED] * 2 + [ReportType.FILL]
    assert fills(reports) == [(1, 5, 1)]
    assert book.levels(SELL) == [(5, 2, 1)]


def test_commands_do_as_messages_do(book):
    order = {"type": CommandType.NEW_ORDER, "quantity": 3, "price": 5, "account": 9}
    commands = array(
        order | {"client_order_id": 1},
        {
            "type": CommandType.REPLACE,
            "orig_client_order_id": 1,
            "client_order_id": 2,
            "price": 6,
            "quantity": 2,
        },
        {"type": CommandType.REDUCE, "orig_client_order_id": 2, "quantity": 1},
        order | {"client_order_id": 3, "order_type": OrderType.MARKET, "side": SELL, "price": 0},
        {"type": CommandType.CANCEL, "orig_client_order_id": 2},
        dtype=COMMAND,
    )
    kinds = [ReportType(kind).name for kind in book.apply(commands)["type"]]
    assert kinds[:3] == ["ACCEPTED", "REPLACED", "REDUCED"]
    assert kinds[3:] == ["ACCEPTED", "FILL", "CANCELLED", "REJECTED"]


def test_an_empty_or_strided_array_is_taken(book):
    assert len(book.apply(np.empty(0, MESSAGE))) == 0
    spread = np.zeros(4, MESSAGE)
    spread[::2] = array(ORDER, ORDER | {"order_id": 2})
    book.apply(spread[::2])
    assert book.queue(BUY, 5) == [(1, 1), (2, 1)]


def test_an_array_of_another_kind_is_refused_whole(book):
    for wrong in ([1], np.zeros(3), np.zeros(3, EVENT), np.zeros((1, 1), MESSAGE)):
        with pytest.raises(TypeError, match="array"):
            book.apply(wrong)
    good = {"type": CommandType.NEW_ORDER, "quantity": 1, "client_order_id": 1}
    for kind, name in ((CommandType.DEPOSIT, "DEPOSIT"), (0, "type 0"), (9, "END_OF_DAY")):
        with pytest.raises(ValueError, match=f"command 1 is a {name}"):
            book.apply(array(good, {"type": kind}, dtype=COMMAND))
    with pytest.raises(ValueError, match="command 0 has display_quantity"):
        book.apply(array(good | {"display_quantity": 1}, dtype=COMMAND))
    assert book.best_bid is None


def test_reports_may_go_into_an_array_that_is_long_enough(book):
    book.limit(SELL, 5, 1, 7)
    out = np.zeros(4, REPORT)
    with pytest.raises(ValueError, match="out holds 3 reports and 4 may come"):
        book.apply_into(array(ORDER), out[:3])
    assert len(book) == 1
    with pytest.raises(TypeError, match="REPORT"):
        book.apply_into(array(ORDER), np.zeros(4, MESSAGE))
    assert book.apply_into(array(ORDER), out) == 2
    assert out["type"].tolist() == [ReportType.ACCEPTED, ReportType.FILL, 0, 0]


def test_one_message_is_checked_as_far_as_its_fields_go(book):
    with pytest.raises(TypeError, match="price is a whole number"):
        book.limit(BUY, 5.0, 1, 1)
    with pytest.raises(TypeError, match="order_id is a whole number"):
        book.cancel("1")
    with pytest.raises(ValueError, match="order_id of -1 does not fit"):
        book.limit(BUY, 5, 1, -1)
    with pytest.raises(ValueError, match="price of 9223372036854775808 does not fit"):
        book.limit(BUY, 2**63, 1, 1)
    with pytest.raises(ValueError, match="n is 0 or more"):
        book.levels(BUY, -1)
    with pytest.raises(ValueError, match="Side"):
        book.depth(2, 5)
    assert book.limit(2, 5, 1, 1) == -Reason.INVALID_SIDE
    assert book.limit(BUY, 5, 0, 1) == -Reason.QUANTITY_RANGE
    assert book.limit(np.int8(0), np.int64(5), np.int32(2), np.uint64(2**64 - 1)) == 0
    assert 2**64 - 1 in book


def test_reports_of_single_calls_are_kept_for_a_while_when_nobody_asks(book):
    book = OrderBook()
    for number in range(30_000):
        book.cancel(number)
    kept = book.reports()
    assert 4_096 <= len(kept) <= 8_193
    assert kept["order_id"][-1] == 29_999
    assert len(kept) + book.reports_lost == 30_000
    assert len(book.reports()) == 0


MEMORY = """
import os
import numpy as np
from lmax import OrderBook
from lmax.schema import MESSAGE

def resident():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20

book, orders, cancels = OrderBook(), np.zeros(10_000, MESSAGE), np.zeros(10_000, MESSAGE)
orders["type"], cancels["type"], orders["quantity"] = 5, 6, 1
for turn in range(100):
    orders["order_id"] = cancels["order_id"] = np.arange(10_000, dtype=np.uint64) << turn % 40
    orders["price"] = (np.arange(10_000) - 5_000 + turn) * 1_000_003 * 4_099
    book.apply(orders)
    reports = book.apply(cancels)
    assert len(book) == 0 and (reports["type"] == 4).all()
    if turn == 4:
        early = resident()
print(early, resident())
"""


def test_a_million_far_apart_orders_that_come_and_go_leave_no_memory_behind():
    child = subprocess.run(
        [sys.executable, "-c", MEMORY],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    early, late = map(int, child.stdout.split())
    assert late <= early + 16, f"{early} MiB after 50,000 orders, {late} MiB after a million"
