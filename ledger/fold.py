"""Events → rows: what a batch of whole commands means to the ledger. Pure NumPy, no I/O.

Which event does what is the table in docs/ledger.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ledger.fold_operations import Operations, fold_operations
from ledger.fold_orders import OrderRows, fold_orders
from ledger.legs import adjustment_legs, amendment_legs, fill_legs, transfer_legs
from ledger.rows import CHANGES, TRADES, empty
from lmax.schema import CommandType, EventFlag, EventType

_MARKET_DATA = (
    EventType.BOOK,
    EventType.AUCTION,
    EventType.LIMIT_STATE,
    EventType.BANDS,
    EventType.RESTRICTION,
)
"""Events that mean nothing here."""

_MATTERS = np.ones(256, bool)
_MATTERS[list(_MARKET_DATA)] = False


@dataclass(frozen=True)
class Batch:
    """The rows that one transaction writes."""

    last_sequence: int
    instruments: np.ndarray
    """Accepted definitions, as events."""
    accounts: np.ndarray
    """Accepted openings, as events."""
    trades: np.ndarray
    postings: np.ndarray
    changes: np.ndarray
    orders: OrderRows
    operations: Operations
    rejections: dict[int, int]
    """Reason → how many commands it refused."""


def fold(events: np.ndarray) -> Batch:
    """The rows of ``events``: whole commands, at least one, dtype ``lmax.schema.EVENT``."""
    last = int(events["sequence"][-1])
    events = events[_MATTERS[events["type"]]]
    kind, command = events["type"], events["command"]
    accepted = kind == EventType.ACCEPTED
    fills = events[kind == EventType.FILL]
    moved = (command == CommandType.DEPOSIT) | (command == CommandType.WITHDRAW)
    operations = fold_operations(events)
    postings = _postings(events[accepted & moved], fills, operations)
    reasons, counts = np.unique(events["reason"][kind == EventType.REJECTED], return_counts=True)
    return Batch(
        last_sequence=last,
        instruments=events[accepted & (command == CommandType.DEFINE_INSTRUMENT)],
        accounts=events[accepted & (command == CommandType.OPEN_ACCOUNT)],
        trades=_trades(fills),
        postings=postings,
        changes=_changes(postings),
        orders=fold_orders(events),
        operations=operations,
        rejections=dict(zip(reasons.tolist(), counts.tolist(), strict=True)),
    )


def _trades(fills: np.ndarray) -> np.ndarray:
    rows = empty(TRADES, len(fills))
    for name in ("trade_id", "sequence", "price", "quantity", "amount", "index", "instrument"):
        rows[name] = fills[name]
    rows["time_ns"] = fills["timestamp"]
    rows["taker_account"] = fills["account"]
    rows["maker_account"] = fills["maker_account"]
    rows["taker_side"] = fills["side"]
    rows["auction"] = fills["flags"] & EventFlag.AUCTION != 0
    rows["taker_client_order_id"] = fills["client_order_id"]
    rows["maker_client_order_id"] = fills["maker_client_order_id"]
    return rows


def _postings(transfers: np.ndarray, fills: np.ndarray, operations: Operations) -> np.ndarray:
    """All legs, in the order of (sequence, index, leg)."""
    parts = [
        transfer_legs(transfers),
        fill_legs(fills),
        amendment_legs(operations.amendments),
        adjustment_legs(operations.holding_adjustments),
    ]
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    rows = np.concatenate(parts)
    return rows[np.lexsort((rows["leg"], rows["index"], rows["sequence"]))]


def _changes(postings: np.ndarray) -> np.ndarray:
    """The postings summed by (account, asset), in exact 64-bit arithmetic."""
    if not len(postings):
        return empty(CHANGES, 0)
    key = (postings["account"].astype("i8") << 32) | postings["asset"]
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    changes = empty(CHANGES, len(starts))
    first = postings[order[starts]]
    changes["account"], changes["asset"] = first["account"], first["asset"]
    changes["amount"] = np.add.reduceat(postings["amount"][order], starts)
    return changes[changes["amount"] != 0]
