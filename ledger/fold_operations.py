"""What operators did in a batch of events: amended trades, corporate actions, phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ledger.rows import (
    AMENDMENTS,
    HOLDING_ADJUSTMENTS,
    ORDER_ADJUSTMENTS,
    PHASES,
    Kinds,
    empty,
)
from lmax.schema import CommandType, EventType

BUSTED, CORRECTED = b"B", b"C"


@dataclass(frozen=True)
class Operations:
    """Rows that only operators' commands and the clock cause: few, and mostly none."""

    symbols: np.ndarray
    """Accepted changes of an instrument's symbol, as events."""
    amendments: np.ndarray
    order_adjustments: np.ndarray
    holding_adjustments: np.ndarray
    phases: np.ndarray


def fold_operations(events: np.ndarray) -> Operations:
    """The rows of ``events`` (whole commands, in order)."""
    kind = events["type"]
    adjusted = events[kind == EventType.ADJUSTED]
    of_orders = adjusted["client_order_id"] != 0
    accepted = (kind == EventType.ACCEPTED) & (events["command"] == CommandType.CORPORATE_ACTION)
    named = events[accepted]
    return Operations(
        symbols=named[named["symbol"] != b""],
        amendments=_amendments(events[(kind == EventType.BUSTED) | (kind == EventType.CORRECTED)]),
        order_adjustments=_rows(
            ORDER_ADJUSTMENTS,
            adjusted[of_orders],
            *("price", "quantity", "leaves", "trigger_price"),
            *("account", "instrument", "client_order_id"),
        ),
        holding_adjustments=_holdings(adjusted[~of_orders]),
        phases=_rows(
            PHASES,
            events[kind == EventType.PHASE],
            *("instrument", "phase", "status", "reason"),
        ),
    )


def _amendments(events: np.ndarray) -> np.ndarray:
    """Nothing is left of a busted trade; account and maker are buyer and seller."""
    rows = _rows(AMENDMENTS, events, "trade_id", "instrument", "price", "quantity", "amount")
    busted = events["type"] == EventType.BUSTED
    for name in ("price", "quantity", "amount"):
        rows[name][busted] = 0
    rows["quantity_before"] = events["leaves"]
    rows["amount_before"] = events["maker_leaves"]
    rows["buyer"] = events["account"]
    rows["seller"] = events["maker_account"]
    rows["kind"] = np.where(busted, BUSTED, CORRECTED)
    return rows


def _holdings(events: np.ndarray) -> np.ndarray:
    rows = _rows(HOLDING_ADJUSTMENTS, events, "account", "instrument")
    rows["shares"] = events["quantity"]
    rows["shares_before"] = events["leaves"]
    rows["cash"] = events["amount"]
    return rows


def _rows(kinds: Kinds, events: np.ndarray, *same: str) -> np.ndarray:
    """Rows with the fields that events call the same."""
    rows = empty(kinds, len(events))
    for name in ("sequence", "index", *same):
        rows[name] = events[name]
    rows["time_ns"] = events["timestamp"]
    return rows
