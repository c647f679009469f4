"""Rows → SQL: one batch inside the transaction that the caller has open.

New rows go in by binary COPY, changes by one statement a table, whose rows come as
arrays. Every statement says how many rows it must touch; a difference is LedgerCorrupt.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg

from ledger.errors import LedgerCorrupt
from ledger.fold import CASH, Batch
from ledger.pgbinary import PgArray, copy_data

Connection = psycopg.Connection[Any]

_TRADES = {
    "trade_id": "int8", "sequence": "int8", "time_ns": "int8", "price": "int8",
    "quantity": "int8", "amount": "int8", "index": "int4", "instrument": "int4",
    "taker_account": "int4", "maker_account": "int4", "taker_side": "int2",
    "taker_client_order_id": "numeric", "maker_client_order_id": "numeric",
}  # fmt: skip
_POSTINGS = {
    "sequence": "int8", "time_ns": "int8", "amount": "int8", "index": "int4",
    "account": "int4", "asset": "int4", "leg": "int2",
}  # fmt: skip
_ORDERS = {
    "sequence": "int8", "time_ns": "int8", "price": "int8", "quantity": "int8",
    "filled": "int8", "leaves": "int8", "last_sequence": "int8", "last_time_ns": "int8",
    "account": "int4", "instrument": "int4", "side": "int2", "order_type": "int2",
    "time_in_force": "int2", "reason": "int2", "status": "char",
    "client_order_id": "numeric", "orig_client_order_id": "numeric",
}  # fmt: skip
_ORDER_CHANGES = {
    "account": "int4", "client_order_id": "numeric", "quantity": "int8", "filled": "int8",
    "leaves": "int8", "last_sequence": "int8", "last_time_ns": "int8", "reason": "int2",
    "status": "char",
}  # fmt: skip

_UPDATE_ORDERS = """
UPDATE lmax.orders AS o
   SET quantity = o.quantity + c.quantity, filled = o.filled + c.filled, leaves = c.leaves,
       last_sequence = c.last_sequence, last_time_ns = c.last_time_ns,
       reason = c.reason, status = c.status
  FROM unnest(%s::int4[], %s::numeric[], %s::int8[], %s::int8[], %s::int8[], %s::int8[],
              %s::int8[], %s::int2[], %s::"char"[])
       AS c (account, client_order_id, quantity, filled, leaves, last_sequence,
             last_time_ns, reason, status)
 WHERE o.account = c.account AND o.client_order_id = c.client_order_id AND o.status = 'O'
"""
_UPDATE_BALANCES = """
UPDATE lmax.balances AS b SET cash = b.cash + c.amount
  FROM unnest(%s::int4[], %s::int8[]) AS c (account, amount)
 WHERE b.account = c.account
"""
_MERGE_POSITIONS = """
MERGE INTO lmax.positions AS p
USING unnest(%s::int4[], %s::int4[], %s::int8[]) AS c (account, instrument, amount)
   ON p.account = c.account AND p.instrument = c.instrument
 WHEN MATCHED THEN UPDATE SET shares = p.shares + c.amount
 WHEN NOT MATCHED THEN INSERT VALUES (c.account, c.instrument, c.amount)
"""
_INSERT_INSTRUMENT = """
INSERT INTO lmax.instruments
    (instrument, symbol, quantity_scale, tick_size, lot_size, sequence, time_ns)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_INSERT_ACCOUNTS = """
INSERT INTO lmax.accounts SELECT * FROM unnest(%s::int4[], %s::int8[], %s::int8[])
"""
_INSERT_BALANCES = "INSERT INTO lmax.balances SELECT unnest(%s::int4[]), 0"
_COUNT_REJECTIONS = """
INSERT INTO lmax.rejections AS r VALUES (%s, %s)
ON CONFLICT (reason) DO UPDATE SET count = r.count + excluded.count
"""


def write(connection: Connection, batch: Batch) -> int:
    """Write all rows of ``batch`` and return how many were inserted or changed."""
    return (
        _write_instruments(connection, batch.instruments)
        + _write_accounts(connection, batch.accounts)
        + _copy(connection, "orders", _ORDERS, batch.orders.created)
        + _change_orders(connection, batch.orders.changed)
        + _copy(connection, "trades", _TRADES, batch.trades)
        + _copy(connection, "postings", _POSTINGS, batch.postings)
        + _change_holdings(connection, batch.changes)
        + _count_rejections(connection, batch.rejections)
    )


def _copy(connection: Connection, table: str, kinds: dict[str, str], rows: np.ndarray) -> int:
    if len(rows):
        statement = f"COPY lmax.{table} ({', '.join(kinds)}) FROM STDIN (FORMAT BINARY)"
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.write(copy_data(kinds, rows))
    return len(rows)


def _change(connection: Connection, table: str, sql: str, *columns: PgArray, rows: int) -> int:
    """Run a statement that must touch exactly ``rows`` rows."""
    done = connection.execute(sql.encode(), columns).rowcount
    if done != rows:
        raise LedgerCorrupt(
            f"the events change {rows} rows of lmax.{table}, but the database has {done} of "
            "them: the events and the database are not of one history; run the check"
        )
    return rows


def _write_instruments(connection: Connection, events: np.ndarray) -> int:
    for e in events:
        row = (e["instrument"], e["symbol"].decode("ascii"), e["quantity_scale"], e["price"])
        row += (e["quantity"], e["sequence"], e["timestamp"])
        values = [value if isinstance(value, str) else int(value) for value in row]
        connection.execute(_INSERT_INSTRUMENT, values)
    return len(events)


def _write_accounts(connection: Connection, events: np.ndarray) -> int:
    if not len(events):
        return 0
    accounts = PgArray("int4", events["account"])
    opened = [PgArray("int8", events[name]) for name in ("sequence", "timestamp")]
    connection.execute(_INSERT_ACCOUNTS, [accounts, *opened])
    connection.execute(_INSERT_BALANCES, [accounts])
    return 2 * len(events)


def _change_orders(connection: Connection, rows: np.ndarray) -> int:
    if not len(rows):
        return 0
    columns = [PgArray(kind, rows[name]) for name, kind in _ORDER_CHANGES.items()]
    return _change(connection, "orders", _UPDATE_ORDERS, *columns, rows=len(rows))


def _change_holdings(connection: Connection, changes: np.ndarray) -> int:
    """Cash goes to the balances, everything else to the positions."""
    written = 0
    cash = changes[changes["asset"] == CASH]
    if len(cash):
        columns = PgArray("int4", cash["account"]), PgArray("int8", cash["amount"])
        written += _change(connection, "balances", _UPDATE_BALANCES, *columns, rows=len(cash))
    shares = changes[changes["asset"] != CASH]
    if len(shares):
        keys = PgArray("int4", shares["account"]), PgArray("int4", shares["asset"])
        amount = PgArray("int8", shares["amount"])
        written += _change(
            connection, "positions", _MERGE_POSITIONS, *keys, amount, rows=len(shares)
        )
    return written


def _count_rejections(connection: Connection, rejections: dict[int, int]) -> int:
    for reason, count in rejections.items():
        connection.execute(_COUNT_REJECTIONS, [reason, count])
    return len(rejections)
