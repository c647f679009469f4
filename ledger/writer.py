"""Rows → SQL: one batch inside the transaction that the caller has open.

New rows go in by binary COPY, changes by one statement a table, whose rows come as
arrays. Every statement says how many rows it must touch; a difference is LedgerCorrupt.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg

from ledger.errors import LedgerCorrupt
from ledger.fold import Batch
from ledger.fold_operations import Operations
from ledger.legs import CASH
from ledger.pgbinary import PgArray, copy_data
from ledger.rows import (
    AMENDMENTS,
    HOLDING_ADJUSTMENTS,
    ORDER_ADJUSTMENTS,
    ORDER_CHANGES,
    ORDER_RESTATEMENTS,
    ORDERS,
    PHASES,
    POSTINGS,
    TRADES,
    Kinds,
)

Connection = psycopg.Connection[Any]

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
_RESTATE_ORDERS = """
UPDATE lmax.orders AS o
   SET price = c.price, trigger_price = c.trigger_price,
       triggered = CASE c.triggered WHEN 0 THEN o.triggered ELSE c.triggered END,
       quantity = c.quantity, filled = c.filled, leaves = c.leaves,
       last_sequence = c.last_sequence, last_time_ns = c.last_time_ns,
       reason = c.reason, status = c.status
  FROM unnest(%s::int4[], %s::numeric[], %s::int8[], %s::int8[], %s::int8[], %s::int8[],
              %s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::int2[], %s::"char"[])
       AS c (account, client_order_id, price, trigger_price, triggered, quantity, filled,
             leaves, last_sequence, last_time_ns, reason, status)
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
    (symbol, instrument, quantity_scale, tick_size, lot_size, sequence, time_ns)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_INSERT_SYMBOL = """
INSERT INTO lmax.symbols (instrument, sequence, time_ns, symbol) VALUES (%s, %s, %s, %s)
"""
_RENAME_INSTRUMENT = "UPDATE lmax.instruments SET symbol = %s WHERE instrument = %s"
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
        # Older orders first: an id that they free may be used again in this batch.
        + _change_orders(connection, _UPDATE_ORDERS, ORDER_CHANGES, batch.orders.changed)
        + _change_orders(connection, _RESTATE_ORDERS, ORDER_RESTATEMENTS, batch.orders.restated)
        + _copy(connection, "orders", ORDERS, batch.orders.created)
        + _copy(connection, "trades", TRADES, batch.trades)
        + _copy(connection, "postings", POSTINGS, batch.postings)
        + _change_holdings(connection, batch.changes)
        + _write_operations(connection, batch.operations)
        + _count_rejections(connection, batch.rejections)
    )


def _copy(connection: Connection, table: str, kinds: Kinds, rows: np.ndarray) -> int:
    if len(rows):
        statement = f"COPY lmax.{table} ({', '.join(kinds)}) FROM STDIN (FORMAT BINARY)"
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.write(copy_data(kinds, rows))
    return len(rows)


def _change(connection: Connection, table: str, sql: str, *columns: Any, rows: int) -> int:
    """Run a statement that must touch exactly ``rows`` rows."""
    done = connection.execute(sql.encode(), columns).rowcount
    if done != rows:
        raise LedgerCorrupt(
            f"the events change {rows} rows of lmax.{table}, but the database has {done} of "
            "them: the events and the database are not of one history; run the check"
        )
    return rows


def _write_instruments(connection: Connection, events: np.ndarray) -> int:
    for event in events:
        row = event["instrument"], event["quantity_scale"], event["price"], event["quantity"]
        numbers = [int(value) for value in (*row, event["sequence"], event["timestamp"])]
        connection.execute(_INSERT_INSTRUMENT, [event["symbol"].decode("ascii"), *numbers])
        _write_symbol(connection, event)
    return 2 * len(events)


def _write_symbol(connection: Connection, event: np.void) -> None:
    numbers = [int(event[name]) for name in ("instrument", "sequence", "timestamp")]
    connection.execute(_INSERT_SYMBOL, [*numbers, event["symbol"].decode("ascii")])


def _write_operations(connection: Connection, operations: Operations) -> int:
    for event in operations.symbols:
        _write_symbol(connection, event)
        row = event["symbol"].decode("ascii"), int(event["instrument"])
        _change(connection, "instruments", _RENAME_INSTRUMENT, *row, rows=1)
    return (
        2 * len(operations.symbols)
        + _copy(connection, "amendments", AMENDMENTS, operations.amendments)
        + _copy(connection, "order_adjustments", ORDER_ADJUSTMENTS, operations.order_adjustments)
        + _copy(
            connection, "holding_adjustments", HOLDING_ADJUSTMENTS, operations.holding_adjustments
        )
        + _copy(connection, "phases", PHASES, operations.phases)
    )


def _write_accounts(connection: Connection, events: np.ndarray) -> int:
    if not len(events):
        return 0
    accounts = PgArray("int4", events["account"])
    opened = [PgArray("int8", events[name]) for name in ("sequence", "timestamp")]
    connection.execute(_INSERT_ACCOUNTS, [accounts, *opened])
    connection.execute(_INSERT_BALANCES, [accounts])
    return 2 * len(events)


def _change_orders(connection: Connection, sql: str, kinds: Kinds, rows: np.ndarray) -> int:
    if not len(rows):
        return 0
    columns = [PgArray(kind, rows[name]) for name, kind in kinds.items()]
    return _change(connection, "orders", sql, *columns, rows=len(rows))


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
