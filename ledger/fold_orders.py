"""What a batch of events does to the orders: rows of new ones, changes of known ones.

Every event touches one order or two (a fill: taker and maker; a replace: the old id and
the new one). The touches are sorted by account, client order id and time. A touch that
creates an order starts a new group, since an id may be used again after an end of day;
what comes before the first creation is about the order that is open in the database.
Each group becomes one row.

Most touches say by how much an order changes. A *restatement*, by a trigger or a corporate
action, says what the order is from then on: what came before it in its group counts no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ledger.rows import ORDER_CHANGES, ORDER_RESTATEMENTS, ORDERS, Kinds, empty
from lmax.schema import CommandType, EventType

OPEN, FILLED, CANCELLED, EXPIRED, REPLACED = b"O", b"F", b"C", b"E", b"R"

_TOUCH = np.dtype(
    [
        *(("account", "u4"), ("id", "u8"), ("event", "i8")),
        *(("creates", "?"), ("restates", "?")),
        *(("quantity", "i8"), ("filled", "i8"), ("leaves", "i8")),
        *(("status", "S1"), ("reason", "i2")),
    ]
)


@dataclass(frozen=True)
class OrderRows:
    """New orders in their state after the batch, and what changes in older ones."""

    created: np.ndarray
    changed: np.ndarray
    restated: np.ndarray
    """Older ones that were restated: they are not among the changed."""


@dataclass(frozen=True)
class _Groups:
    """The touches of one order each, as one row: its first and last touch, and sums."""

    first: np.ndarray
    last: np.ndarray
    quantity: np.ndarray
    filled: np.ndarray
    stated: np.ndarray
    """Index of the event that last said what the order is; -1: none did."""
    triggered: np.ndarray
    """Sequence of the command that triggered it; 0: none did."""

    def where(self, chosen: np.ndarray) -> _Groups:
        return _Groups(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def fold_orders(events: np.ndarray) -> OrderRows:
    """The order rows of ``events`` (whole commands, in order)."""
    touches = _touches(events)
    if not len(touches):
        return OrderRows(empty(ORDERS, 0), empty(ORDER_CHANGES, 0), empty(ORDER_RESTATEMENTS, 0))
    groups = _grouped(touches, events)
    new, restated = groups.first["creates"], groups.stated >= 0
    return OrderRows(
        _created(events, groups.where(new)),
        _changed(events, groups.where(~new & ~restated)),
        _restated(events, groups.where(~new & restated)),
    )


def _grouped(touches: np.ndarray, events: np.ndarray) -> _Groups:
    touches = touches[np.lexsort((touches["event"], touches["id"], touches["account"]))]
    account, name = touches["account"], touches["id"]
    starts_group = touches["creates"].copy()
    starts_group[0] = True
    starts_group[1:] |= (account[1:] != account[:-1]) | (name[1:] != name[:-1])
    starts = np.flatnonzero(starts_group)
    stated = np.full(len(starts), -1)
    triggered = np.zeros(len(starts), "i8")
    restating = np.flatnonzero(touches["restates"])
    if len(restating):
        _restate(touches, events, starts_group, restating, stated, triggered)
    return _Groups(
        first=touches[starts],
        last=touches[np.append(starts[1:], len(touches)) - 1],
        quantity=np.add.reduceat(touches["quantity"], starts),
        filled=np.add.reduceat(touches["filled"], starts),
        stated=stated,
        triggered=triggered,
    )


def _restate(
    touches: np.ndarray,
    events: np.ndarray,
    starts_group: np.ndarray,
    restating: np.ndarray,
    stated: np.ndarray,
    triggered: np.ndarray,
) -> None:
    """Fill in what was stated last in each group; what came before it is made to add nothing."""
    group = np.cumsum(starts_group) - 1
    last = np.full(len(stated), -1)
    last[group[restating]] = restating  # in order: the last one stays
    before = np.arange(len(touches)) < last[group]
    touches["quantity"][before] = 0
    touches["filled"][before] = 0
    has = last >= 0
    stated[has] = touches["event"][last[has]]
    by = touches["event"][restating]
    triggers = events["type"][by] == EventType.TRIGGERED
    triggered[group[restating[triggers]]] = events["sequence"][by[triggers]]


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
            _restatements(events, those(EventType.TRIGGERED)),
            _restatements(events, _adjusted(events, those(EventType.ADJUSTED))),
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


def _adjusted(events: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Of adjustments, those of orders; the others are of holdings."""
    return at[events["client_order_id"][at] != 0]


def _creations(events: np.ndarray, at: np.ndarray) -> np.ndarray:
    """A replace carries over what the old order had filled: quantity less leaves."""
    rows = _touch(events, at)
    rows["creates"] = True
    rows["quantity"] = events["quantity"][at]
    rows["leaves"] = events["leaves"][at]
    rows["filled"] = rows["quantity"] - rows["leaves"]
    return rows


def _restatements(events: np.ndarray, at: np.ndarray) -> np.ndarray:
    """What has been filled so far is quantity less leaves."""
    rows = _touch(events, at)
    rows["restates"] = True
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


def _created(events: np.ndarray, groups: _Groups) -> np.ndarray:
    birth = events[groups.first["event"]]
    rows = empty(ORDERS, len(birth))
    for name in ("sequence", "price", "trigger_price", "account", "instrument", "side"):
        rows[name] = birth[name]
    for name in ("order_type", "time_in_force", "client_order_id", "orig_client_order_id"):
        rows[name] = birth[name]
    rows["time_ns"] = birth["timestamp"]
    has = groups.stated >= 0
    for name in ("price", "trigger_price"):
        rows[name][has] = events[name][groups.stated[has]]
    rows["triggered"] = groups.triggered
    _put_last(events, rows, groups)
    return rows[np.argsort(rows["sequence"])]


def _changed(events: np.ndarray, groups: _Groups) -> np.ndarray:
    return _older(ORDER_CHANGES, events, groups)


def _restated(events: np.ndarray, groups: _Groups) -> np.ndarray:
    rows = _older(ORDER_RESTATEMENTS, events, groups)
    rows["price"] = events["price"][groups.stated]
    rows["trigger_price"] = events["trigger_price"][groups.stated]
    rows["triggered"] = groups.triggered
    return rows


def _older(kinds: Kinds, events: np.ndarray, groups: _Groups) -> np.ndarray:
    rows = empty(kinds, len(groups.last))
    rows["account"], rows["client_order_id"] = groups.last["account"], groups.last["id"]
    _put_last(events, rows, groups)
    return rows


def _put_last(events: np.ndarray, rows: np.ndarray, groups: _Groups) -> None:
    """The sums, and the last touch, which decides how the order stands."""
    last = groups.last
    rows["quantity"], rows["filled"] = groups.quantity, groups.filled
    for name in ("leaves", "status", "reason"):
        rows[name] = last[name]
    rows["last_sequence"] = events["sequence"][last["event"]]
    rows["last_time_ns"] = events["timestamp"][last["event"]]
