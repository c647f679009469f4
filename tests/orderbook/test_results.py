"""Arrays that `OrderBook.apply` returns stand on memory of the book, and are the caller's own."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from bench.resting import cancels, resident_bytes
from lmax.orderbook import OrderBook
from lmax.schema import MESSAGE, REPORT, MessageType, ReportType

ORDERS = 4096


def orders(first_id: int) -> Any:
    """ORDERS buys at one price."""
    made = np.zeros(ORDERS, MESSAGE)
    made["type"] = MessageType.NEW
    made["order_id"] = np.arange(first_id, first_id + ORDERS)
    made["quantity"] = 1
    return made


def address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def test_an_array_that_is_kept_is_not_written_again() -> None:
    book, kept = OrderBook(), []
    for first_id in range(0, 20 * ORDERS, ORDERS):
        kept.append(book.apply(orders(first_id)))
        kept.append(book.apply(cancels(orders(first_id)["order_id"])))
    for number, reports in enumerate(kept):
        first_id = number // 2 * ORDERS
        assert reports.dtype == REPORT
        assert (reports["order_id"] == np.arange(first_id, first_id + ORDERS)).all()
        kind = ReportType.CANCELLED if number % 2 else ReportType.ACCEPTED
        assert (reports["type"] == kind).all()


def test_a_part_of_an_array_keeps_it() -> None:
    book = OrderBook()
    part = book.apply(orders(0))["order_id"][100:200]
    for _ in range(3):
        book.apply(cancels(orders(0)["order_id"]))
        book.apply(orders(0))
    assert part.tolist() == list(range(100, 200))


def test_an_array_outlives_its_book() -> None:
    book = OrderBook()
    reports = book.apply(orders(7))
    del book
    gc.collect()
    assert (reports["order_id"] == np.arange(7, 7 + ORDERS)).all()
    reports["order_id"] = 0  # the caller may write


def test_arrays_that_nobody_keeps_take_turns_in_two_places() -> None:
    book, places = OrderBook(), set()
    for _ in range(10):
        reports = book.apply(orders(0))
        places.add(address(reports))
        reports = book.apply(cancels(orders(0)["order_id"]))
        places.add(address(reports))
    assert len(places) == 2
    assert book.memory()["reports"] == 2 * ORDERS * REPORT.itemsize


@pytest.mark.parametrize("count", [1, 10, 2047, 2048, ORDERS])
def test_arrays_of_any_length_are_whole(count: int) -> None:
    book = OrderBook()
    first = book.apply(orders(0)[:count])
    second = book.apply(cancels(orders(0)["order_id"][:count]))
    assert len(first) == len(second) == count
    assert (first["type"] == ReportType.ACCEPTED).all()
    assert (second["type"] == ReportType.CANCELLED).all()
    assert len(book.apply(orders(0)[:0])) == 0


def test_kept_arrays_take_no_more_than_their_reports() -> None:
    book = OrderBook()
    # So many orders rest that a block has room for 30 times what comes.
    for first_id in range(1 << 32, (1 << 32) + 32 * ORDERS, ORDERS):
        book.apply(orders(first_id))
    before = resident_bytes()
    kept = []
    for _ in range(50):
        kept.append(book.apply(orders(0)))
        kept.append(book.apply(cancels(orders(0)["order_id"])))
    taken = resident_bytes() - before
    assert taken < 1.2 * len(kept) * ORDERS * REPORT.itemsize
