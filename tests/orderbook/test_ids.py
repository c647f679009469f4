"""The table of order ids: it grows and shrinks while it is used, whatever the ids look like."""

from random import Random

import numpy as np
import pytest

from lmax import OrderBook, Side
from lmax.codes import MessageType, ReportType
from lmax.schema import MESSAGE, REPORT

SHAPES = {
    "one after the other": lambda random, n: range(1, n + 1),
    "multiples of 2^40": lambda random, n: [i << 40 for i in range(n)],
    "from the top down": lambda random, n: [2**64 - 1 - i for i in range(n)],
    "random": lambda random, n: [random.getrandbits(64) for _ in range(n)],
}


def orders(ids):
    messages = np.zeros(len(ids), MESSAGE)
    messages["type"] = MessageType.NEW
    messages["order_id"] = np.array(ids, np.uint64)
    messages["price"], messages["quantity"] = 5, 1
    return messages


def cancels(ids):
    messages = orders(ids)
    messages["type"] = MessageType.CANCEL
    return messages


@pytest.mark.parametrize("shape", SHAPES)
def test_every_id_is_found_while_the_table_grows_and_shrinks(seed, shape):
    random = Random(seed)
    ids = list(SHAPES[shape](random, 30_000))
    book = OrderBook()
    for start in range(0, len(ids), 997):
        book.apply(orders(ids[start : start + 997]))
        book.check()
    most = book.memory()["ids"]
    assert [order_id for order_id, _ in book.queue(Side.BUY, 5)] == ids
    assert all(order_id in book for order_id in random.sample(ids, 500))
    random.shuffle(ids)
    for start in range(0, len(ids), 1501):
        reports = book.apply(cancels(ids[start : start + 1501]))
        assert (reports["type"] == ReportType.CANCELLED).all()
        book.check()
    assert len(book) == 0
    # It shrinks a step with each new order.
    for number in range(40_000):
        book.limit(Side.BUY, 5, 1, number)
        book.cancel(number)
    book.check()
    assert book.memory()["ids"] * 16 <= most


def test_ids_taken_out_and_put_back_while_entries_move(seed):
    """At each size of the table: churn just where it changes."""
    random = Random(seed)
    book = OrderBook()
    resting: dict[int, None] = {}
    for number in range(6000):
        new = random.getrandbits(64)
        assert book.limit(Side.SELL, 7, 1, new) == 0
        resting[new] = None
        if random.random() < 0.4:
            old = random.choice(list(resting)[-300:])
            assert book.cancel(old) == 1
            assert book.cancel(old) == 0
            del resting[old]
        if number % 200 == 0:
            book.check()
    assert [order_id for order_id, _ in book.queue(Side.SELL, 7)] == list(resting)


def test_one_sweep_of_a_large_level_forgets_all_its_ids():
    book = OrderBook()
    ids = list(range(100, 5100))
    book.apply(orders(ids))
    out = np.zeros(3 + 5000, REPORT)
    taker = orders([7])
    taker["side"], taker["quantity"] = Side.SELL, 5001
    assert book.apply_into(taker, out) == 5001
    assert out["other_order_id"][1:5001].tolist() == ids
    assert not any(order_id in book for order_id in ids)
    assert book.levels(Side.SELL) == [(5, 1, 1)]
    book.check()
