"""Events → rows: what a batch of whole commands means to the ledger. Pure NumPy, no I/O.

Which event does what is the table in docs/ledger.md. BOOK events mean nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ledger.fold_orders import OrderRows, fold_orders
from ledger.rows import CHANGES, POSTINGS, TRADES, empty
from lmax.schema import CommandType, EventType, Side

OUTSIDE = 0
"""The account on the other side of every deposit and withdrawal."""

CASH = 0
"""The asset that is money; any other asset is the instrument of that number."""


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
    rejections: dict[int, int]
    """Reason → how many commands it refused."""


def fold(events: np.ndarray) -> Batch:
    """The rows of ``events``: whole commands, at least one, dtype ``lmax.schema.EVENT``."""
    last = int(events["sequence"][-1])
    events = events[events["type"] != EventType.BOOK]
    kind, command = events["type"], events["command"]
    accepted = kind == EventType.ACCEPTED
    fills = events[kind == EventType.FILL]
    moved = (command == CommandType.DEPOSIT) | (command == CommandType.WITHDRAW)
    postings = _postings(events[accepted & moved], fills)
    reasons, counts = np.unique(events["reason"][kind == EventType.REJECTED], return_counts=True)
    return Batch(
        last_sequence=last,
        instruments=events[accepted & (command == CommandType.DEFINE_INSTRUMENT)],
        accounts=events[accepted & (command == CommandType.OPEN_ACCOUNT)],
        trades=_trades(fills),
        postings=postings,
        changes=_changes(postings),
        orders=fold_orders(events),
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
    rows["taker_client_order_id"] = fills["client_order_id"]
    rows["maker_client_order_id"] = fills["maker_client_order_id"]
    return rows


def _postings(transfers: np.ndarray, fills: np.ndarray) -> np.ndarray:
    """All legs, in the order of (sequence, index, leg)."""
    rows = np.concatenate([_transfer_legs(transfers), _fill_legs(fills)])
    if len(transfers) and len(fills):
        return rows[np.lexsort((rows["leg"], rows["index"], rows["sequence"]))]
    return rows


def _transfer_legs(transfers: np.ndarray) -> np.ndarray:
    """Outside pays a deposit, and receives a withdrawal: leg 0 outside, leg 1 the account."""
    legs = _legs(transfers, 2)
    deposit = transfers["command"] == CommandType.DEPOSIT
    received = np.where(deposit, transfers["quantity"], -transfers["quantity"])
    legs["asset"] = transfers["instrument"][:, None]
    legs["account"][:, 0], legs["amount"][:, 0] = OUTSIDE, -received
    legs["account"][:, 1], legs["amount"][:, 1] = transfers["account"], received
    return legs.reshape(-1)


def _fill_legs(fills: np.ndarray) -> np.ndarray:
    """Money from buyer (leg 0) to seller (1), shares from seller (2) to buyer (3)."""
    legs = _legs(fills, 4)
    taker_buys = fills["side"] == Side.BUY
    buyer = np.where(taker_buys, fills["account"], fills["maker_account"])
    seller = np.where(taker_buys, fills["maker_account"], fills["account"])
    legs["account"][:, 0] = legs["account"][:, 3] = buyer
    legs["account"][:, 1] = legs["account"][:, 2] = seller
    legs["asset"][:, :2] = CASH
    legs["asset"][:, 2:] = fills["instrument"][:, None]
    legs["amount"][:, 0], legs["amount"][:, 1] = -fills["amount"], fills["amount"]
    legs["amount"][:, 2], legs["amount"][:, 3] = -fills["quantity"], fills["quantity"]
    return legs.reshape(-1)


def _legs(events: np.ndarray, count: int) -> np.ndarray:
    legs = empty(POSTINGS, len(events) * count).reshape(-1, count)
    legs["sequence"] = events["sequence"][:, None]
    legs["time_ns"] = events["timestamp"][:, None]
    legs["index"] = events["index"][:, None]
    legs["leg"] = np.arange(count)
    return legs


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
