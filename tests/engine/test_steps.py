"""Ticks and lots of any size: what is a multiple is told without a division, and exactly."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from lmax._engine import Engine
from lmax.schema import EventType, Reason, Side
from tests.twin import Command, build
from tests.twin.records import commands_to_array

MOST = 2**63 - 1
SIZES = [1, 2, 3, 5, 7, 64, 100, 125, 10**9, 2**31, 3 * 2**40, 2**61 + 1, 2**62]


def apply(engine: Engine, commands: list[Command]) -> np.ndarray:
    first = engine.sequence + 1
    return engine.apply(
        commands_to_array(replace(c, sequence=n) for n, c in enumerate(commands, first))
    )


def values_near_multiples(size: int, random: Random) -> list[int]:
    """Multiples of a size anywhere in 1..2^63 - 1, and their neighbours."""
    multiples = [1, 2, MOST // size, *(random.randint(1, MOST // size) for _ in range(40))]
    near = {count * size + away for count in multiples for away in (-1, 0, 1)}
    return sorted(value for value in near if size <= value <= MOST)


@pytest.mark.parametrize("size", SIZES)
def test_a_price_off_the_tick_is_told_from_one_on_it(size: int, seed: int) -> None:
    engine = Engine()
    start = [build.define(tick_size=size, min_price=size, max_price=MOST // size * size)]
    start += [build.open_account(1)]
    assert (apply(engine, start)["type"] == EventType.ACCEPTED).all()
    prices = values_near_multiples(size, Random(seed))
    prices = [price for price in prices if price <= MOST // size * size]
    orders = [build.order(1, n, Side.BUY, 1, price) for n, price in enumerate(prices, 1)]
    events = apply(engine, orders)
    told = [reason == Reason.PRICE_TICK for reason in events["reason"].tolist()]
    assert told == [price % size != 0 for price in prices]


@pytest.mark.parametrize("size", SIZES)
def test_a_quantity_off_the_lot_is_told_from_one_on_it(size: int, seed: int) -> None:
    engine = Engine()
    start = [build.define(lot_size=size, max_quantity=MOST // size * size), build.open_account(1)]
    assert (apply(engine, start)["type"] == EventType.ACCEPTED).all()
    quantities = values_near_multiples(size, Random(seed))
    quantities = [quantity for quantity in quantities if quantity <= MOST // size * size]
    orders = [
        build.order(1, n, Side.SELL, quantity, 10_000) for n, quantity in enumerate(quantities, 1)
    ]
    events = apply(engine, orders)
    told = [reason == Reason.QUANTITY_LOT for reason in events["reason"].tolist()]
    assert told == [quantity % size != 0 for quantity in quantities]
