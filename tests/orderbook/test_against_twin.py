"""The bare book against its plain twin: every report, every queue, in order."""

import os
from random import Random

import numpy as np
import pytest

from lmax import OrderBook
from lmax.codes import MessageType, ReportType
from lmax.schema import MESSAGE, REPORT
from tests.orderbook.twin import PlainBook

COMPARED = [name for name in REPORT.names or () if name not in ("message", "reserved0")]
MESSAGES = max(int(os.environ.get("LMAX_TWIN_COMMANDS", "0")) // 6, 4000)

FLOWS = {
    "a few ticks": {"spread": 3},
    "a moving market": {"spread": 40, "drift": 3},
    "far apart": {"spread": 2**50},
    "at the top of the range": {"spread": 30, "middle": 2**63 - 31},
    "at the bottom of the range": {"spread": 30, "middle": -(2**63) + 30},
    "large quantities, ticks and lots": {"spread": 500, "step": 25, "largest": 2**59},
}


def make(random, count, spread, drift=0, middle=1000, step=1, largest=60):
    """Messages about orders near a middle; ids from all of 64 bits, and some that never were."""
    ids = [random.getrandbits(64) for _ in range(count)]
    ids[:3] = [0, 2**64 - 1, 2**63]
    messages = np.zeros(count, MESSAGE)
    for number in range(count):
        message = messages[number]
        kinds, weights = list(MessageType), [50, 22, 8, 20]
        message["type"] = 99 if random.random() < 0.002 else random.choices(kinds, weights)[0]
        message["order_id"] = ids[number]
        if message["type"] != MessageType.NEW or random.random() < 0.01:
            message["order_id"] = ids[random.randint(max(0, number - 50), number)]
        if message["type"] == MessageType.REPLACE and random.random() < 0.5:
            message["new_order_id"] = ids[random.randint(max(0, number - 3), number)]
        price = middle + drift * number // 100 + random.randint(-spread, spread)
        message["price"] = price // step * step + (random.random() < 0.01 and step > 1)
        quantity = random.choice([random.randint(1, largest), largest, 1])
        message["quantity"] = max(quantity // step, 1) * step
        if message["type"] == MessageType.REDUCE and random.random() < 0.5:
            message["quantity"] = step
        if random.random() < 0.01:
            message["quantity"] = random.choice([0, -1, 2**63 - 1, step + 1])
        message["side"] = 2 if random.random() < 0.002 else random.randrange(2)
        message["order_type"] = random.random() < 0.05
        message["time_in_force"] = random.choices(range(4), [4, 4, 1, 1])[0]
    return messages


def compare(book, twin, messages, random):
    """Apply pieces of random size to both."""
    seen = set()
    start = 0
    while start < len(messages):
        piece = messages[start : start + random.choice([1, 7, 100])]
        start += len(piece)
        reports = book.apply(piece)
        wanted = [
            (number, *report)
            for number, message in enumerate(piece)
            for report in twin.apply(message)
        ]
        assert [tuple(row) for row in reports[["message", *COMPARED]].tolist()] == wanted
        seen |= {(report[6], report[8]) for report in wanted}
    for side in range(2):
        assert [price for price, _, _ in book.levels(side)] == twin.prices(side)
        for price, queue in twin.queues[side].items():
            assert book.queue(side, price) == [(order.order_id, order.leaves) for order in queue]
            assert book.depth(side, price) == (sum(order.leaves for order in queue), len(queue))
    assert len(book) == len(twin.orders)
    return seen


@pytest.mark.parametrize("name", FLOWS)
def test_random_messages_give_the_reports_and_queues_of_the_twin(seed, name):
    random = Random(seed)
    options = FLOWS[name]
    step = options.get("step", 1)
    book = OrderBook(tick_size=step, lot_size=step, check_every=13)
    twin = PlainBook(step, step)
    seen = compare(book, twin, make(random, MESSAGES, **options), random)
    assert {kind for kind, _ in seen} == set(ReportType)
    book.check()


def test_a_book_that_may_hold_few_orders_refuses_more(seed):
    random = Random(seed)
    book, twin = OrderBook(max_orders=9, check_every=1), PlainBook(max_orders=9)
    compare(book, twin, make(random, 1000, spread=40), random)


def test_two_books_share_memory_and_nothing_else(seed):
    random = Random(seed)
    books = [OrderBook(check_every=50) for _ in range(2)]
    twins = [PlainBook() for _ in range(2)]
    flows = [make(random, 1500, spread=200) for _ in range(2)]
    for start in range(0, 1500, 100):
        for book, twin, flow in zip(books, twins, flows, strict=True):
            compare(book, twin, flow[start : start + 100], random)
