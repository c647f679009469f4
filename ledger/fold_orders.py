"""What a batch of events does to the orders: rows of new ones, changes of known ones.

Every event touches one order or two (a fill: taker and maker; a replace: the old id and
the new one). The touches are sorted by account, client order id and time. A touch that
creates an order starts a new group, since an id may be used again after an end of day;
what comes before the first creation is about the order that is open in the database.
Each group becomes one row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ledger.rows import ORDER_CHANGES, ORDERS, empty
from lmax.schema import CommandType, EventType

OPEN, FILLED, CANCELLED, EXPIRED, REPLACED = b"O", b"F", b"C", b"E", b"R"

_TOUCH = np.dtype(
    [
        *(("account", "u4"), ("id", "u8"), ("event", "i8"), ("creates", "?")),
        *(("quantity", "i8"), ("filled", "i8"), ("leaves", "i8")),
        *(("status", "S1"), ("reason", "i2")),
    ]
)


@dataclass(frozen=True)
class OrderRows:
    """New orders in their state after the batch, and what changes in older ones."""

    created: np.ndarray
    changed: np.ndarray


def fold_orders(events: np.ndarray) -> OrderRows:
    """The order rows of ``events`` (whole commands, in order)."""
    touches = _touches(events)
    if not len(touches):
        return OrderRows(empty(ORDERS, 0), empty(ORDER_CHANGES, 0))
    touches = touches[np.lexsort((touches["event"], touches["id"], touches["account"]))]
    account, name = touches["account"], touches["id"]
    starts_group = touches["creates"].copy()
    starts_group[0] = True
    starts_group[1:] |= (account[1:] != account[:-1]) | (name[1:] != name[:-1])
    starts = np.flatnonzero(starts_group)
    first, last = touches[starts], touches[np.append(starts[1:], len(touches)) - 1]
    quantity = np.add.reduceat(touches["quantity"], starts)
    filled = np.add.reduceat(touches["filled"], starts)
    new = first["creates"]
    return OrderRows(
        _created(events, first[new], last[new], quantity[new], filled[new]),
        _changed(events, last[~new], quantity[~new], filled[~new]),
    )


def _touches(events: np.ndarray) -> np.ndarray:
    """One row for each order that an event touches, in no particular order."""
    kind = events["type"]

    def those(wanted: EventType) -> np.ndarray:
        return np.flatnonzero(kind == wanted)

    orders = events["command"] == CommandType.NEW_ORDER
    born = np.flatnonzero((kind == EventType.ACCEPTED) & orders)
    replaced, fills = those(EventType.REPLACED), those(EventType.FILL)
    return np.concatenate(
        [
            _creations(events, born),
            _creations(events, replaced),
            _ends(events, replaced, REPLACED, "orig_client_order_id"),
            _ends(events, those(EventType.CANCELLED), CANCELLED),
            _ends(events, those(EventType.EXPIRED), EXPIRED),
            _reductions(events, those(EventType.REDUCED)),
            _fills(events, fills, "account", "client_order_id", "leaves"),
            _fills(events, fills, "maker_account", "maker_client_order_id", "maker_leaves"),
        ]
    )


def _touch(
    events: np.ndarray,
    at: np.ndarray,
    account: str = "account",
    name: str = "client_order_id",
) -> np.ndarray:
    rows = np.zeros(len(at), _TOUCH)
    rows["account"] = events[account][at]
    rows["id"] = events[name][at]
    rows["event"] = at
    rows["status"] = OPEN
    return rows


def _creations(events: np.ndarray, at: np.ndarray) -> np.ndarray:
    """A replace carries over what the old order had filled: quantity less leaves."""
    rows = _touch(events, at)
    rows["creates"] = True
    rows["quantity"] = events["quantity"][at]
    rows["leaves"] = events["leaves"][at]
    rows["filled"] = rows["quantity"] - rows["leaves"]
    return rows


def _ends(
    events: np.ndarray, at: np.ndarray, status: bytes, name: str = "client_order_id"
) -> np.ndarray:
    rows = _touch(events, at, name=name)
    rows["status"] = status
    rows["reason"] = events["reason"][at]
    return rows


def _reductions(events: np.ndarray, at: np.ndarray) -> np.ndarray:
    rows = _touch(events, at)
    rows["quantity"] = -events["quantity"][at]
    rows["leaves"] = events["leaves"][at]
    return rows


def _fills(events: np.ndarray, at: np.ndarray, account: str, name: str, leaves: str) -> np.ndarray:
    rows = _touch(events, at, account, name)
    rows["filled"] = events["quantity"][at]
    rows["leaves"] = events[leaves][at]
    rows["status"][rows["leaves"] == 0] = FILLED
    return rows


def _created(
    events: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    quantity: np.ndarray,
    filled: np.ndarray,
) -> np.ndarray:
    birth = events[first["event"]]
    rows = empty(ORDERS, len(birth))
    for name in ("sequence", "price", "account", "instrument", "side", "order_type"):
        rows[name] = birth[name]
    for name in ("time_in_force", "client_order_id", "orig_client_order_id"):
        rows[name] = birth[name]
    rows["time_ns"] = birth["timestamp"]
    rows["quantity"], rows["filled"] = quantity, filled
    _put_last(events, rows, last)
    return rows[np.argsort(rows["sequence"])]


def _changed(
    events: np.ndarray, last: np.ndarray, quantity: np.ndarray, filled: np.ndarray
) -> np.ndarray:
    rows = empty(ORDER_CHANGES, len(last))
    rows["account"], rows["client_order_id"] = last["account"], last["id"]
    rows["quantity"], rows["filled"] = quantity, filled
    _put_last(events, rows, last)
    return rows


def _put_last(events: np.ndarray, rows: np.ndarray, last: np.ndarray) -> None:
    """The last touch decides how the order stands."""
    for name in ("leaves", "status", "reason"):
        rows[name] = last[name]
    rows["last_sequence"] = events["sequence"][last["event"]]
    rows["last_time_ns"] = events["timestamp"][last["event"]]
