"""Real order flow and the published bench flows, on machines where they lie beside the checkout."""

import csv
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest

from flow.lobster import TAKER, LobsterSource
from flow.lobster_reader import LobsterReader
from flow.shapes import CANCEL, MODIFY, NEW, SWINGS, generate, load
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import CommandType, EventType, Reason
from tests.flow.reading import SHARED, read_all
from tests.flow.rebuild import by_engine, directly, published
from tests.flow.venue import apply_all

HOUR = SHARED / "AAPL_2012-06-21_0930-1030_message_50.csv"
MESSAGES = SHARED / "AAPL_2012-06-21_first999_message_10.csv"
BOOKS = SHARED / "AAPL_2012-06-21_first999_orderbook_10.csv"


def test_the_hour_is_read_as_a_slow_exact_reader_reads_it():
    with HOUR.open(encoding="utf-8-sig", newline="") as file:
        expected = [
            (_nanoseconds(row[0]), *(int(field) for field in row[1:])) for row in csv.reader(file)
        ]
    assert len(expected) == 91_997
    assert read_all(LobsterReader(HOUR)) == (expected, None)


def _nanoseconds(seconds: str) -> int:
    return int((Decimal(seconds) * 10**9).to_integral_value(ROUND_HALF_UP))


def test_the_sample_equals_its_published_book_in_955_rows_as_a_direct_rebuild_does():
    expected = published(BOOKS)
    summed = list(directly(MESSAGES, BOOKS))
    replayed, source, engine = by_engine(MESSAGES, BOOKS)
    engine.check()
    assert len(expected) == len(replayed) == 999
    assert sum(map(lambda a, b: a == b, summed, expected)) == 955
    assert replayed == summed
    assert engine.rejected == {}
    assert source.counts["unintroduced"] == 10


def test_where_the_sample_differs_a_level_came_up_from_beyond_the_ten_published():
    """No message said so: the file has only messages about the ten best levels of their moment."""
    rows = [list(map(int, line.split(","))) for line in BOOKS.read_text("utf-8-sig").split()]
    messages = np.concatenate(list(LobsterReader(MESSAGES)))
    replayed, _, _ = by_engine(MESSAGES, BOOKS)
    differing = [k for k, row in enumerate(rows) if replayed[k] != tuple(row[:4])]
    assert len(differing) == 44
    for k in differing:
        ours = replayed[k]
        assert ours is not None
        for side, direction in ((0, -1), (2, 1)):
            if ours[side : side + 2] != tuple(rows[k][side : side + 2]):
                price = rows[k][side]
                since = k
                while price in rows[since - 1][side::4]:
                    since -= 1
                introduced = messages[since]
                assert rows[since][36 + side] == price, "it came up as the tenth level"
                assert (introduced["type"], introduced["price"]) != (1, price)
                assert ours[side] * direction < price * direction


def test_of_the_hour_only_four_cancels_come_too_late():
    """Their orders were filled here in place of another of the same price that the venue chose."""
    source = LobsterSource(HOUR)
    engine = Engine()
    apply_all(engine, source.setup())
    rejects: Counter[tuple[int, int]] = Counter()
    for commands in source.batches():
        events = apply_all(engine, commands)
        refused = events[events["type"] == EventType.REJECTED]
        rejects.update(zip(refused["command"].tolist(), refused["reason"].tolist(), strict=True))
    engine.check()
    assert rejects == {(CommandType.CANCEL, Reason.TOO_LATE): 4}
    assert source.counts == {
        "new_order": 44_256,
        "partial_cancel": 469,
        "delete": 41_004,
        "execution": 4_067,
        "hidden_execution": 2_201,
        "cross_trade": 0,
        "halt": 0,
        "unintroduced": 84,
        "in_first_row": 0,
        "commands": 89_712,
    }


def test_of_the_hour_few_fills_take_another_order_than_the_file_says():
    """The numbers that flow/lobster.py gives for how far priority differs."""
    messages = np.concatenate(list(LobsterReader(HOUR)))
    introduced = set(messages["order"][messages["type"] == 1].tolist())
    executed = [
        (order, price)
        for kind, order, price in messages[["type", "order", "price"]].tolist()
        if kind == 4 and order in introduced
    ]
    source = LobsterSource(HOUR)
    engine = Engine()
    apply_all(engine, source.setup())
    events = apply_all(engine, joined(list(source.batches())))
    fills = events[(events["type"] == EventType.FILL) & (events["account"] == TAKER)]
    names = ["client_order_id", "maker_client_order_id", "price"]
    other = [
        price == executed[taker - 1][1]
        for taker, maker, price in fills[names].tolist()
        if maker != executed[taker - 1][0]
    ]
    assert (len(fills), len(other), other.count(False)) == (4_103, 86, 36)


@pytest.mark.parametrize("name", SWINGS)
def test_a_generated_flow_has_the_shape_of_the_published_one(name):
    real, made = load(SHARED / "flow" / f"{name}.bin.xz"), generate(name)
    assert len(made) == pytest.approx(len(real), rel=0.01)
    for kind in (NEW, CANCEL, MODIFY):
        shares = [(flow["type"] == kind).mean() for flow in (made, real)]
        assert shares[0] == pytest.approx(shares[1], rel=0.03)
    new = [flow[flow["type"] == NEW] for flow in (made, real)]
    assert new[0]["ioc"].mean() == pytest.approx(new[1]["ioc"].mean(), rel=0.05)
    assert new[0]["quantity"].mean() == pytest.approx(new[1]["quantity"].mean(), rel=0.02)
    spans = [np.ptp(np.percentile(orders["price"], [1, 99])) for orders in new]
    print("1 % to 99 % of the prices span", spans)
    assert 0.3 < spans[0] / spans[1] < 3
