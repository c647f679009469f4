"""The generated market with orders of every usual kind, on the twin."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from flow import MarketGenerator
from lmax.schema import CommandType, EventType, Instruction, OrderType, Reason, Side
from tests.twin import Twin
from tests.twin.records import array_to_commands

CHANGED = ("order_type", "side", "price", "trigger_price", "instructions", "display_quantity")


def orders(commands: np.ndarray) -> np.ndarray:
    return commands[commands["type"] == CommandType.NEW_ORDER]


def test_only_the_kinds_of_orders_differ_from_the_plain_market(seed: int) -> None:
    plain = MarketGenerator(seed).next_batch(30_000)
    varied = MarketGenerator(seed, varied=True).next_batch(30_000)
    assert not np.array_equal(plain, varied)
    for name in ("type", "account", "instrument", "quantity", "client_order_id", "time_in_force"):
        assert np.array_equal(plain[name], varied[name])
    others = plain["type"] != CommandType.NEW_ORDER
    assert plain[others].tobytes() == varied[others].tobytes()


def test_the_varied_stream_is_the_same_however_it_is_asked_for(seed: int) -> None:
    whole = MarketGenerator(seed, varied=True).next_batch(20_000)
    pieces = MarketGenerator(seed, varied=True)
    parts = [pieces.next_batch(size) for size in (1, 6_999, 13_000)]
    assert b"".join(part.tobytes() for part in parts) == whole.tobytes()


def test_every_kind_is_there_in_its_share(seed: int) -> None:
    new = orders(MarketGenerator(seed, varied=True).next_batch(100_000))
    shares = {
        "icebergs": (new["display_quantity"] > 0).mean(),
        "post-only": (new["instructions"] == Instruction.POST_ONLY).mean(),
        "sliding": (new["instructions"] == Instruction.POST_SLIDE).mean(),
        "hidden": (new["instructions"] == Instruction.HIDDEN).mean(),
        "stops": (new["order_type"] == OrderType.STOP_LIMIT).mean(),
    }
    assert all(0.01 < share < 0.08 for share in shares.values()), shares
    assert 0.001 < (new["order_type"] == OrderType.PEG_BEST).mean() < 0.01
    icebergs = new[new["display_quantity"] > 0]
    assert (icebergs["display_quantity"] < icebergs["quantity"]).all()
    stops = new[new["order_type"] == OrderType.STOP_LIMIT]
    buys = stops["side"] == Side.BUY
    assert (stops["price"][buys] >= stops["trigger_price"][buys]).all()
    assert (stops["price"][~buys] <= stops["trigger_price"][~buys]).all()


@pytest.fixture(scope="module")
def events() -> list[dict]:
    """What the twin says to the beginning of a small varied market."""
    market = MarketGenerator(20_261_122, accounts=50, instruments=2, varied=True)
    twin = Twin()
    commands = array_to_commands(market.setup()) + array_to_commands(market.next_batch(6_000))
    return [
        event
        for number, command in enumerate(commands, start=1)
        for event in twin.apply(replace(command, sequence=number))
    ]


def test_its_orders_are_valid_but_for_those_that_would_cross(events: list[dict]) -> None:
    rejected = Counter(e["reason"] for e in events if e["type"] == EventType.REJECTED)
    assert set(rejected) <= {Reason.TOO_LATE, Reason.UNKNOWN_ORDER, Reason.WOULD_CROSS}
    assert rejected.total() < 0.1 * len(events)


def test_stops_trigger_and_everything_trades(events: list[dict]) -> None:
    kinds = Counter(event["type"] for event in events)
    assert kinds[EventType.TRIGGERED] > 10
    traded = {e["order_type"] for e in events if e["type"] == EventType.FILL}
    assert traded >= {OrderType.LIMIT, OrderType.MARKET, OrderType.STOP_LIMIT}
