"""What each event becomes: the worked example of docs/ledger.md, and the formats on the wire."""

import numpy as np
import psycopg
import pytest

from ledger.consumer import Ledger
from ledger.fold import fold
from ledger.pgbinary import PgArray, PgArrayDumper
from lmax._engine import Engine
from lmax.schema import Reason, Side, TimeInForce
from tests.twin.build import (
    cancel,
    define,
    deposit,
    end_of_day,
    open_account,
    order,
    reduce,
    replace_order,
    withdraw,
)  # fmt: skip
from tests.twin.commands import Command
from tests.twin.records import commands_to_array

OPENING = [
    define(),
    open_account(1),
    open_account(2),
    deposit(1, 10_000_000),
    deposit(2, 100, 1),
    withdraw(1, 2_000_000),
]
ORDER = "status quantity filled leaves reason last_sequence"


def events_of(*commands: Command) -> np.ndarray:
    array = commands_to_array(list(commands))
    array["sequence"] = np.arange(1, len(array) + 1)
    return Engine().apply(array)


def table(rows: np.ndarray, columns: str) -> list[tuple]:
    return [tuple(row) for row in rows[columns.split()].tolist()]


def orders_of(*commands: Command) -> list[tuple]:
    """State after all commands, by the sequence that made the order (the opening is 1 to 6)."""
    created = fold(events_of(*OPENING, *commands)).orders.created
    return [(row["sequence"], *row[ORDER.split()].tolist()) for row in created]


def test_deposits_and_withdrawals_are_posted_against_the_outside() -> None:
    batch = fold(events_of(*OPENING))
    assert table(batch.postings, "sequence leg account asset amount") == [
        (4, 0, 0, 0, -10_000_000),
        (4, 1, 1, 0, 10_000_000),
        (5, 0, 0, 1, -100),
        (5, 1, 2, 1, 100),
        (6, 0, 0, 0, 2_000_000),
        (6, 1, 1, 0, -2_000_000),
    ]
    assert table(batch.changes, "account asset amount") == [
        (0, 0, -8_000_000),
        (0, 1, -100),
        (1, 0, 8_000_000),
        (2, 1, 100),
    ]


def test_the_worked_example_of_the_documentation() -> None:
    """Account 2 sells 30 at 12.00, account 1 buys 10 of them at up to 12.50."""
    sell = order(2, 7, Side.SELL, 30, 120_000)
    buy = order(1, 9, Side.BUY, 10, 130_000)
    batch = fold(events_of(*OPENING, sell, buy))
    assert table(batch.trades, "trade_id sequence index price quantity amount taker_side") == [
        (1, 8, 1, 120_000, 10, 1_200_000, Side.BUY)
    ]
    fill = batch.postings[batch.postings["sequence"] == 8]
    assert table(fill, "index leg account asset amount") == [
        (1, 0, 1, 0, -1_200_000),
        (1, 1, 2, 0, 1_200_000),
        (1, 2, 2, 1, -10),
        (1, 3, 1, 1, 10),
    ]
    assert table(batch.orders.created, f"client_order_id {ORDER}") == [
        (7, b"O", 30, 10, 20, 0, 8),
        (9, b"F", 10, 10, 0, 0, 8),
    ]


def test_an_order_is_cancelled_with_its_reason() -> None:
    sell = order(2, 7, Side.SELL, 30, 120_000)
    assert orders_of(sell, cancel(2, 7)) == [(7, b"C", 30, 0, 0, Reason.REQUESTED, 8)]


def test_a_reduce_lowers_the_quantity() -> None:
    sell = order(2, 7, Side.SELL, 30, 120_000)
    assert orders_of(sell, reduce(2, 7, 12)) == [(7, b"O", 18, 0, 18, 0, 8)]


def test_a_replace_ends_one_order_and_makes_another_with_what_was_filled() -> None:
    sell = order(2, 7, Side.SELL, 30, 120_000)
    buy = order(1, 9, Side.BUY, 10, 120_000, TimeInForce.IOC)
    assert orders_of(sell, buy, replace_order(2, 7, 8, 50, 130_000)) == [
        (7, b"R", 30, 10, 0, 0, 9),
        (8, b"F", 10, 10, 0, 0, 8),
        (9, b"O", 50, 10, 40, 0, 9),
    ]


def test_what_an_immediate_order_could_not_fill_is_cancelled() -> None:
    buy = order(1, 9, Side.BUY, 10, 120_000, TimeInForce.IOC)
    assert orders_of(buy) == [(7, b"C", 10, 0, 0, Reason.IOC_REMAINDER, 7)]


def test_an_id_that_is_used_again_after_the_end_of_the_day_is_another_order() -> None:
    sell = order(2, 7, Side.SELL, 30, 120_000)
    assert orders_of(sell, end_of_day(), sell, cancel(2, 7)) == [
        (7, b"E", 30, 0, 0, Reason.END_OF_DAY, 8),
        (9, b"C", 30, 0, 0, Reason.REQUESTED, 10),
    ]


def test_events_about_an_older_order_change_it_and_do_not_make_one() -> None:
    sell = order(2, 7, Side.SELL, 30, 120_000)
    events = events_of(*OPENING, sell, end_of_day(), sell)
    later = fold(events[events["sequence"] > 7]).orders
    assert table(later.changed, "account client_order_id status leaves filled") == [
        (2, 7, b"E", 0, 0)
    ]
    assert table(later.created, "sequence status") == [(9, b"O")]


def test_an_account_that_trades_with_itself_has_postings_but_no_change() -> None:
    sell = order(2, 7, Side.SELL, 1, 10_000)
    buy = order(2, 9, Side.BUY, 1, 10_000)
    batch = fold(events_of(*OPENING, deposit(2, 10_000), sell, buy))
    assert (batch.postings["sequence"] == 9).sum() == 4
    assert table(batch.changes[batch.changes["account"] == 2], "asset amount") == [
        (0, 10_000),
        (1, 100),
    ]


def test_sums_at_the_edge_of_63_bits_are_exact() -> None:
    most = 2**63 - 1
    batch = fold(events_of(*OPENING[1:2], deposit(1, most), withdraw(1, most), deposit(1, most)))
    assert table(batch.changes, "account amount") == [(0, -most), (1, most)]


@pytest.mark.parametrize("kind", ["int2", "int4", "int8", "numeric"])
def test_numbers_reach_postgresql_as_they_are(postgres: str, kind: str) -> None:
    edges = {"int2": 2**15, "int4": 2**31, "int8": 2**63}.get(kind)
    numbers = [-edges, -1, 0, 1, edges - 1] if edges else [0, 1, 9999, 10_000, 10**19, 2**64 - 1]
    values = np.array(numbers, "i8" if edges else "u8")
    with psycopg.connect(postgres) as connection:
        connection.adapters.register_dumper(PgArray, PgArrayDumper)
        sql = f"SELECT unnest(%s::{kind}[])"
        rows = connection.execute(sql.encode(), [PgArray(kind, values)]).fetchall()
    assert [int(row[0]) for row in rows] == numbers


def test_the_definition_of_an_instrument_is_kept(postgres: str) -> None:
    with Ledger(postgres) as ledger:
        ledger.apply(events_of(define(3, b"BRK.B", quantity_scale=2, lot_size=50)))
    with psycopg.connect(postgres) as connection:
        sql = "SELECT instrument, symbol, quantity_scale, tick_size, lot_size FROM lmax.instruments"
        assert connection.execute(sql.encode()).fetchall() == [(3, "BRK.B", 2, 10_000, 50)]
