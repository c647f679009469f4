"""The rows the ledger writes: column → kind, in the order of the COPY, declared once.

A kind is a PostgreSQL type of fixed length; ``numeric`` holds an unsigned 64-bit number.
"""

from __future__ import annotations

import numpy as np

Kinds = dict[str, str]

TRADES: Kinds = {
    "trade_id": "int8",
    "sequence": "int8",
    "time_ns": "int8",
    "price": "int8",
    "quantity": "int8",
    "amount": "int8",
    "index": "int4",
    "instrument": "int4",
    "taker_account": "int4",
    "maker_account": "int4",
    "taker_side": "int2",
    "auction": "bool",
    "taker_client_order_id": "numeric",
    "maker_client_order_id": "numeric",
}
POSTINGS: Kinds = {
    "sequence": "int8",
    "time_ns": "int8",
    "amount": "int8",
    "index": "int4",
    "account": "int4",
    "asset": "int4",
    "leg": "int2",
}
ORDERS: Kinds = {
    "sequence": "int8",
    "time_ns": "int8",
    "price": "int8",
    "quantity": "int8",
    "filled": "int8",
    "leaves": "int8",
    "last_sequence": "int8",
    "last_time_ns": "int8",
    "trigger_price": "int8",
    "triggered": "int8",
    "account": "int4",
    "instrument": "int4",
    "side": "int2",
    "order_type": "int2",
    "time_in_force": "int2",
    "reason": "int2",
    "status": "char",
    "client_order_id": "numeric",
    "orig_client_order_id": "numeric",
}
ORDER_CHANGES: Kinds = {
    "account": "int4",
    "client_order_id": "numeric",
    "quantity": "int8",
    "filled": "int8",
    "leaves": "int8",
    "last_sequence": "int8",
    "last_time_ns": "int8",
    "reason": "int2",
    "status": "char",
}
"""``quantity`` and ``filled`` are added to the order's, the rest replaces the order's."""

ORDER_RESTATEMENTS: Kinds = {
    "account": "int4",
    "client_order_id": "numeric",
    "price": "int8",
    "trigger_price": "int8",
    "triggered": "int8",
    "quantity": "int8",
    "filled": "int8",
    "leaves": "int8",
    "last_sequence": "int8",
    "last_time_ns": "int8",
    "reason": "int2",
    "status": "char",
}
"""All of it replaces the order's; but ``triggered`` 0 leaves what is there."""

AMENDMENTS: Kinds = {
    "sequence": "int8",
    "time_ns": "int8",
    "trade_id": "int8",
    "price": "int8",
    "quantity": "int8",
    "amount": "int8",
    "quantity_before": "int8",
    "amount_before": "int8",
    "index": "int4",
    "instrument": "int4",
    "buyer": "int4",
    "seller": "int4",
    "kind": "char",
}
ORDER_ADJUSTMENTS: Kinds = {
    "sequence": "int8",
    "time_ns": "int8",
    "price": "int8",
    "quantity": "int8",
    "leaves": "int8",
    "trigger_price": "int8",
    "index": "int4",
    "account": "int4",
    "instrument": "int4",
    "client_order_id": "numeric",
}
HOLDING_ADJUSTMENTS: Kinds = {
    "sequence": "int8",
    "time_ns": "int8",
    "shares_before": "int8",
    "shares": "int8",
    "cash": "int8",
    "index": "int4",
    "account": "int4",
    "instrument": "int4",
}
PHASES: Kinds = {
    "sequence": "int8",
    "time_ns": "int8",
    "index": "int4",
    "instrument": "int4",
    "phase": "int2",
    "status": "int2",
    "reason": "int2",
}

CHANGES: Kinds = {"account": "int4", "asset": "int4", "amount": "int8"}
"""By how much the holding of an account in an asset changes over a batch."""

_NUMPY = {"int2": "i2", "int4": "i4", "int8": "i8", "char": "S1", "numeric": "u8", "bool": "?"}


def empty(kinds: Kinds, count: int) -> np.ndarray:
    """A structured array of ``count`` rows, not yet filled in."""
    return np.empty(count, [(name, _NUMPY[kind]) for name, kind in kinds.items()])
