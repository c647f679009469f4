"""The bare book: hand-worked books, the twin under random flow, the edges of its range."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from lmax import COMMAND, EVENT, CommandType, EventType, OrderBook, OrderType, Reason, Side
from tests.twin import Twin, build
from tests.twin.records import EVENT_NAMES, commands_to_array, events_to_array

BUY, SELL = Side.BUY, Side.SELL
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def book() -> OrderBook:
    return OrderBook()


def fills(events):
    """[(maker's id, price, quantity)]"""
    of = events[events["type"] == EventType.FILL]
    return list(
        zip(
            of["maker_client_order_id"].tolist(),
            of["price"].tolist(),
            of["quantity"].tolist(),
            strict=True,
        )
    )


def test_an_empty_book_has_nothing_to_show(book):
    assert (book.best_bid, book.best_ask) == (None, None)
    assert book.levels(BUY) == book.queue(SELL, 5) == []
    assert book.depth(BUY, 5) == (0, 0)


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
    events = book.limit(BUY, 102, 9, 6)
    assert fills(events) == [(2, 101, 7), (3, 101, 2)]
    assert events["amount"].tolist() == [0] * len(events)
    assert book.queue(SELL, 101) == [(3, 2)]
    events = book.limit(BUY, 103, 10, 7)
    assert fills(events) == [(3, 101, 2), (1, 103, 5)]
    assert (book.best_bid, book.best_ask) == ((103, 3), None)
    assert fills(book.market(SELL, 5, 8)) == [(7, 103, 3), (4, 99, 2)]
    assert book.queue(BUY, 99) == [(4, 8)]


def test_reduce_keeps_the_place_and_a_larger_quantity_loses_it(book):
    for client_order_id in (1, 2, 3):
        book.limit(BUY, 50, 10, client_order_id)
    book.reduce(1, 4)
    assert book.queue(BUY, 50) == [(1, 6), (2, 10), (3, 10)]
    book.replace(2, 50, 11)
    assert book.queue(BUY, 50) == [(1, 6), (3, 10), (2, 11)]
    book.replace(3, 50, 5, new_client_order_id=30)
    assert book.queue(BUY, 50) == [(1, 6), (30, 5), (2, 11)]
    assert book.cancel(30)["type"].tolist() == [EventType.CANCELLED, EventType.BOOK]
    assert book.levels(BUY) == [(50, 17, 2)]


def test_an_id_is_free_again_when_its_order_is_gone(book):
    book.limit(BUY, 50, 10, 1)
    assert book.limit(BUY, 51, 1, 1)["reason"].tolist() == [Reason.DUPLICATE_CLIENT_ORDER_ID]
    book.cancel(1)
    assert book.cancel(1)["reason"].tolist() == [Reason.UNKNOWN_ORDER]
    book.limit(SELL, 60, 10, 1)
    assert fills(book.limit(BUY, 60, 10, 2)) == [(1, 60, 10)]
    book.limit(BUY, 50, 3, 1)
    book.limit(BUY, 50, 4, 2)
    assert book.queue(BUY, 50) == [(1, 3), (2, 4)]
    assert book.limit(SELL, 40, 1, 3, account=9)["type"][1] == EventType.FILL
    assert book.limit(BUY, 30, 1, 1, account=9)["type"][0] == EventType.ACCEPTED


@pytest.mark.parametrize("middle", [0, -1000, 2**62, -(2**62), 2**63 - 2000, -(2**63) + 2000])
def test_prices_anywhere_in_64_bits_trade_in_their_order(book, middle):
    for number, away in enumerate((1, 65, 1000, 7), 1):
        book.limit(SELL, middle + away, 1, number)
        book.limit(BUY, middle - away, 1, number + 10)
    assert [price - middle for price, _, _ in book.levels(SELL)] == [1, 7, 65, 1000]
    assert [price - middle for price, _, _ in book.levels(BUY)] == [-1, -7, -65, -1000]
    assert [maker for maker, _, _ in fills(book.market(BUY, 9, 20))] == [1, 4, 2, 3]
    assert [maker for maker, _, _ in fills(book.limit(SELL, middle - 65, 9, 21))] == [11, 14, 12]
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


def test_prices_and_quantities_are_multiples_of_the_tick_and_the_lot():
    book = OrderBook(tick_size=25, lot_size=10)
    assert book.limit(BUY, -50, 20, 1)["type"][0] == EventType.ACCEPTED
    assert book.limit(BUY, -49, 20, 2)["reason"].tolist() == [Reason.PRICE_TICK]
    assert book.limit(BUY, 50, 25, 2)["reason"].tolist() == [Reason.QUANTITY_LOT]
    assert (book.depth(BUY, -50), book.depth(BUY, -49)) == ((20, 1), (0, 0))
    with pytest.raises(ValueError, match="start at 1"):
        OrderBook(tick_size=0)


def array(*rows):
    commands = np.zeros(len(rows), COMMAND)
    for command, fields in zip(commands, rows, strict=True):
        for name, value in fields.items():
            command[name] = value
    return commands


ORDER = {"type": CommandType.NEW_ORDER, "quantity": 1, "price": 5}


def test_what_an_array_leaves_open_is_filled_in_and_the_array_stays_as_it_is(book):
    commands = array(ORDER | {"client_order_id": 1}, ORDER | {"client_order_id": 2})
    before = commands.copy()
    events = book.apply(commands)
    assert commands.tobytes() == before.tobytes()
    assert events.dtype == EVENT
    assert events["sequence"].tolist() == [1, 1, 2, 2]
    assert events["timestamp"].tolist() == [1, 1, 2, 2]
    assert events["instrument"].tolist() == [1] * 4
    commands["client_order_id"] = [3, 4]
    commands["timestamp"] = [1000, 2000]
    commands["instrument"] = [1, 2]
    events = book.apply(commands)
    assert events["timestamp"].tolist() == [1000, 1000, 2000]
    assert events["reason"].tolist() == [0, 0, Reason.UNKNOWN_INSTRUMENT]


def test_an_empty_or_strided_array_is_taken(book):
    assert len(book.apply(np.empty(0, COMMAND))) == 0
    spread = np.zeros(4, COMMAND)
    spread[::2] = array(ORDER | {"client_order_id": 1}, ORDER | {"client_order_id": 2})
    book.apply(spread[::2])
    assert book.queue(BUY, 5) == [(1, 1), (2, 1)]


def test_an_array_of_another_kind_is_refused_whole(book):
    for wrong in ([1], np.zeros(3), np.zeros(3, EVENT)):
        with pytest.raises(TypeError, match="COMMAND"):
            book.apply(wrong)
    for kind, name in ((CommandType.DEPOSIT, "DEPOSIT"), (0, "type 0"), (10, "type 10")):
        with pytest.raises(ValueError, match=f"command 1 is a {name}"):
            book.apply(array(ORDER | {"client_order_id": 1}, {"type": kind}))
    assert book.best_bid is None


def test_one_message_is_checked_as_far_as_its_fields_go(book):
    with pytest.raises(TypeError, match="price is a whole number"):
        book.limit(BUY, 5.0, 1, 1)
    with pytest.raises(ValueError, match="client_order_id of -1 does not fit"):
        book.limit(BUY, 5, 1, -1)
    with pytest.raises(ValueError, match="price of 9223372036854775808 does not fit"):
        book.limit(BUY, 2**63, 1, 1)
    with pytest.raises(ValueError, match="n is 0 or more"):
        book.levels(BUY, -1)
    with pytest.raises(ValueError, match="Side"):
        book.depth(2, 5)
    assert book.limit(BUY, 5, 0, 1)["reason"].tolist() == [Reason.QUANTITY_RANGE]


def test_the_end_of_the_day_takes_day_orders_out(book):
    book.limit(BUY, 5, 1, 1)
    book.apply(array(ORDER | {"client_order_id": 2}))  # time in force 0 is DAY
    events = book.apply(array({"type": CommandType.END_OF_DAY}))
    assert events["type"].tolist() == [EventType.ACCEPTED, EventType.EXPIRED, EventType.BOOK]
    assert book.queue(BUY, 5) == [(1, 1)]


def random_flow(random, count):
    """Orders near a moving middle, and requests about them; each id is used once."""
    for number in range(1, count + 1):
        luck = random.random()
        about = random.randint(max(1, number - 60), number)
        price = 500 + random.randint(-12, 12) + number // 100
        if luck < 0.55:
            yield build.order(
                1,
                number,
                random.choice([BUY, SELL]),
                random.randint(1, 30),
                random.choice([price] * 19 + [0]),
                random.randrange(4),
            )
        elif luck < 0.75:
            yield build.cancel(1, about)
        elif luck < 0.87:
            yield build.reduce(1, about, random.randint(1, 20))
        else:
            yield build.replace_order(1, about, number, random.randint(1, 30), price)


def test_random_flow_gives_the_events_and_the_book_of_the_twin(seed, book):
    """But for money, and for how long a closed id is remembered."""
    twin = Twin()
    start = [
        build.define(tick_size=1, min_price=1, max_price=10**9, max_quantity=10**9),
        build.open_account(1),
        build.deposit(1, 2**62),
        build.deposit(1, 2**62, 1),
    ]
    for number, command in enumerate(start, 1):
        twin.apply(replace(command, sequence=number))
    commands, expected = [], []
    for number, command in enumerate(random_flow(Random(seed), 5000), 5):
        commands.append(replace(command, sequence=number - 4, timestamp=number * 10))
        expected += twin.apply(replace(commands[-1], sequence=number))
    events = book.apply(commands_to_array(commands))
    wanted = events_to_array(expected)
    wanted["sequence"] -= len(start)
    wanted["amount"] = 0
    wanted["reason"][wanted["reason"] == Reason.TOO_LATE] = Reason.UNKNOWN_ORDER
    for name in EVENT_NAMES:
        assert events[name].tolist() == wanted[name].tolist(), name
    assert len(fills(events)) > 500
    mirror = twin.world.instruments[1].book
    for side in Side:
        prices = mirror.prices(side)
        assert [price for price, _, _ in book.levels(side)] == prices
        for price in prices:
            queue = [(order.client_order_id, order.leaves) for order in mirror.queue(side, price)]
            assert book.queue(side, price) == queue
            assert book.depth(side, price) == (sum(left for _, left in queue), len(queue))


MEMORY = """
import os
import numpy as np
from lmax import COMMAND, CommandType, OrderBook

def resident():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20

book, orders, cancels = OrderBook(), np.zeros(10_000, COMMAND), np.zeros(10_000, COMMAND)
orders["type"], cancels["type"] = CommandType.NEW_ORDER, CommandType.CANCEL
orders["quantity"], orders["time_in_force"] = 1, 1
for turn in range(100):
    ids = np.arange(10_000, dtype=np.uint64) + turn * 10_000 + 1
    orders["client_order_id"], cancels["orig_client_order_id"] = ids, ids
    orders["price"] = (np.arange(10_000) - 5_000 + turn) * 1_000_003 * 4_099
    book.apply(orders)
    events = book.apply(cancels)
    assert book.best_bid is None and (events["type"] == 4).sum() == 10_000
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


def test_a_market_order_may_be_given_in_an_array(book):
    book.limit(SELL, 7, 2, 1)
    market = ORDER | {"price": 0, "order_type": OrderType.MARKET, "client_order_id": 2}
    assert fills(book.apply(array(market))) == [(1, 7, 1)]
