"""Reconciliation: is the ledger consistent in itself, and equal to a replay of the commands?

Reads everything in one snapshot, so it may run beside the consumer. The questions that the
database answers about itself are in ``consistency.sql``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from ledger.errors import LedgerCorrupt, LedgerUnavailable

_QUESTIONS = Path(__file__).parent / "consistency.sql"
_MOST = 1000
"""No more than this many answers to one question are listed: one mistake can repeat."""


class Discrepancy(NamedTuple):
    """Something that should be ``expected`` and is ``found``.

    what: the rule or the quantity. key: the row it is about.
    """

    what: str
    key: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.what}: {self.key}: expected {self.expected}, found {self.found}"


class OpenOrder(NamedTuple):
    """An order that is still open, with the codes of docs/records.md."""

    account: int
    client_order_id: int
    instrument: int
    side: int
    price: int
    leaves: int


@dataclass(frozen=True)
class Expected:
    """What a replay of all commands up to ``last_sequence`` gives.

    cash: account → money in 10^-4, an entry for every open account.
    shares: (account, instrument) → shares in 10^-scale; zero means the same as no entry.
    open_orders: in any order. trades: how many there were. standing: price and quantity of a
    trade as it stands, (0, 0) where it was busted; None if that is not known any more.
    """

    last_sequence: int
    cash: Mapping[int, int]
    shares: Mapping[tuple[int, int], int]
    open_orders: Iterable[OpenOrder]
    trades: int
    standing: Callable[[int], tuple[int, int] | None] = lambda trade_id: None


ExpectedAt = Callable[[int], Expected]
"""What there has to be behind a command: for a ledger that is written to meanwhile."""


def check(dsn: str, expected: Expected | ExpectedAt | None = None) -> list[Discrepancy]:
    """Every discrepancy of the ledger at ``dsn``, or an empty list.

    expected: None asks only whether the ledger is consistent in itself; a function is called with
    the last sequence in the database, and what it raises is raised here.
    Raises LedgerUnavailable when PostgreSQL cannot be asked.
    """
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            found = list(_inconsistencies(connection))
            if callable(expected):
                expected = expected(_last_sequence(connection))
            if expected is not None:
                found += _differences(connection, expected)
            return found
    except psycopg.OperationalError as error:
        raise LedgerUnavailable(f"PostgreSQL cannot be asked: {error}") from error


def questions() -> dict[str, str]:
    """Name → SQL of every question in ``consistency.sql``."""
    parts = re.split(r"^-- \? (.+)\n", _QUESTIONS.read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _inconsistencies(connection: psycopg.Connection[Any]) -> Iterator[Discrepancy]:
    for name, sql in questions().items():
        for key, expected, found in connection.execute(sql.encode()).fetchmany(_MOST):
            yield Discrepancy(name, key, _plain(expected), _plain(found))


def _last_sequence(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT last_sequence FROM lmax.progress").fetchone()
    if row is None:
        raise LedgerCorrupt("lmax.progress has lost its row: restore the database")
    return int(row[0])


def _differences(connection: psycopg.Connection[Any], expected: Expected) -> Iterator[Discrepancy]:
    def rows(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql.encode()).fetchall()

    last = _last_sequence(connection)
    if last != expected.last_sequence:
        # All that follows would differ as well, and say nothing new.
        yield Discrepancy("last sequence", "progress", expected.last_sequence, last)
        return
    trades = rows("SELECT count(*) FROM lmax.trades")[0][0]
    if trades != expected.trades:
        yield Discrepancy("number of trades", "all", expected.trades, trades)
    cash = dict(rows("SELECT account, cash FROM lmax.balances WHERE account <> 0"))
    yield from _compare("cash", expected.cash, cash, "account {}")
    held = rows("SELECT account, instrument, shares FROM lmax.positions WHERE account <> 0")
    shares = {(account, instrument): amount for account, instrument, amount in held if amount}
    wanted = {key: amount for key, amount in expected.shares.items() if amount}
    yield from _compare("shares", wanted, shares, "account {0[0]}, instrument {0[1]}")
    found = rows(
        "SELECT account, client_order_id, instrument, side, price, leaves"
        " FROM lmax.orders WHERE status = 'O'"
    )
    yield from _compare(
        "open order", _by_id(expected.open_orders), _by_id(found), "order {0[1]} of account {0[0]}"
    )
    amended = rows(
        "SELECT DISTINCT ON (trade_id) trade_id, price, quantity FROM lmax.amendments"
        " ORDER BY trade_id, sequence DESC"
    )
    yield from _amended(expected, amended)


def _amended(expected: Expected, rows: list[tuple[int, int, int]]) -> Iterator[Discrepancy]:
    """Trades that were busted or corrected, as they stand."""
    for trade_id, price, quantity in rows:
        stands = expected.standing(trade_id)
        if stands is not None and stands != (price, quantity):
            yield Discrepancy("amended trade", f"trade {trade_id}", stands, (price, quantity))


def _by_id(orders: Iterable[tuple[Any, ...]]) -> dict[tuple[int, int], str]:
    return {
        (account, int(name)): f"instrument {instrument}, side {side}, {leaves} at {price}"
        for account, name, instrument, side, price, leaves in orders
    }


def _compare(
    what: str, expected: Mapping[Any, Any], found: Mapping[Any, Any], key_text: str
) -> Iterator[Discrepancy]:
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            yield Discrepancy(what, key_text.format(key), expected.get(key), found.get(key))


def _plain(value: Any) -> Any:
    """PostgreSQL's sums are numeric: give whole numbers as such."""
    return value if value is None or isinstance(value, str) else int(value)
