"""The open orders of an account, and the engine's own check after every command."""

from dataclasses import replace

import numpy as np

from lmax._engine import Engine
from lmax.schema import Side, TimeInForce
from tests.twin import Command, build
from tests.twin.records import commands_to_array


def apply(engine: Engine, *commands: Command) -> np.ndarray:
    first = engine.sequence + 1
    return engine.apply(
        commands_to_array(replace(c, sequence=n) for n, c in enumerate(commands, first))
    )


def started() -> Engine:
    """Two instruments, two accounts with cash and shares; checked after every command."""
    engine = Engine(check_every=1)
    for instrument, symbol in ((1, b"AAPL"), (2, b"MSFT")):
        apply(engine, build.define(instrument, symbol))
    for account in (1, 2):
        apply(engine, build.open_account(account), build.deposit(account, 10**12))
        apply(engine, *(build.deposit(account, 1_000, instrument) for instrument in (1, 2)))
    return engine


def bid(account: int, number: int, price: int, instrument: int = 1) -> Command:
    return build.order(account, number, Side.BUY, 10, price, TimeInForce.GTC, instrument)


def ids(engine: Engine, account: int) -> list[int]:
    return [row[0] for row in engine.orders(account)]


def test_they_are_told_over_all_instruments_in_order_of_arrival() -> None:
    engine = started()
    apply(engine, bid(1, 11, 50_000), bid(2, 21, 60_000), bid(1, 12, 40_000, 2), bid(1, 13, 60_000))
    assert engine.orders(1) == [(11, 1, 50_000, 10), (12, 2, 40_000, 10), (13, 1, 60_000, 10)]
    assert ids(engine, 2) == [21]
    assert engine.orders(3) == []


def test_an_order_that_loses_its_place_arrives_anew_and_one_that_keeps_it_does_not() -> None:
    engine = started()
    apply(engine, bid(1, 1, 50_000), bid(1, 2, 50_000), bid(1, 3, 50_000))
    apply(engine, build.replace_order(1, 1, 11, 10, 60_000))
    apply(engine, build.replace_order(1, 2, 12, 5, 50_000))
    assert ids(engine, 1) == [12, 3, 11]


def test_what_is_filled_cancelled_or_expired_is_gone_wherever_it_stood() -> None:
    engine = started()
    apply(engine, *(bid(1, number, 50_000) for number in range(1, 8)))
    apply(engine, build.cancel(1, 1), build.cancel(1, 4), build.cancel(1, 7))
    assert ids(engine, 1) == [2, 3, 5, 6]
    apply(engine, build.order(2, 1, Side.SELL, 15, 50_000))
    assert engine.orders(1) == [(3, 1, 50_000, 5), (5, 1, 50_000, 10), (6, 1, 50_000, 10)]
    apply(engine, build.order(1, 8, Side.BUY, 10, 70_000), build.end_of_day())
    assert ids(engine, 1) == [3, 5, 6]
    apply(engine, build.cancel(1, 3), build.cancel(1, 6), build.cancel(1, 5))
    assert engine.orders(1) == []
