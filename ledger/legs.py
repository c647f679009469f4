"""The legs of postings: what each account gets (+) or gives (−) in an asset."""

from __future__ import annotations

import numpy as np

from ledger.rows import POSTINGS, empty
from lmax.schema import CommandType, Side

OUTSIDE = 0
"""The account on the other side of every deposit, withdrawal and corporate action."""

CASH = 0
"""The asset that is money; any other asset is the instrument of that number."""


def transfer_legs(transfers: np.ndarray) -> np.ndarray:
    """Outside pays a deposit, and receives a withdrawal: leg 0 outside, leg 1 the account."""
    legs = _legs(transfers, 2)
    deposit = transfers["command"] == CommandType.DEPOSIT
    received = np.where(deposit, transfers["quantity"], -transfers["quantity"])
    legs["asset"] = transfers["instrument"][:, None]
    legs["account"][:, 0], legs["amount"][:, 0] = OUTSIDE, -received
    legs["account"][:, 1], legs["amount"][:, 1] = transfers["account"], received
    return legs.reshape(-1)


def fill_legs(fills: np.ndarray) -> np.ndarray:
    """Money from buyer (leg 0) to seller (1), shares from seller (2) to buyer (3)."""
    taker_buys = fills["side"] == Side.BUY
    buyer = np.where(taker_buys, fills["account"], fills["maker_account"])
    seller = np.where(taker_buys, fills["maker_account"], fills["account"])
    return _exchange(fills, buyer, seller, fills["amount"], fills["quantity"])


def amendment_legs(amendments: np.ndarray) -> np.ndarray:
    """By how much a trade's four legs change; less money or fewer shares go back."""
    money = amendments["amount"] - amendments["amount_before"]
    shares = amendments["quantity"] - amendments["quantity_before"]
    legs = _exchange(amendments, amendments["buyer"], amendments["seller"], money, shares)
    return legs[legs["amount"] != 0]


def adjustment_legs(adjustments: np.ndarray) -> np.ndarray:
    """What outside pays (legs 0 and 1) and by how much a holding changes (2 and 3)."""
    legs = _legs(adjustments, 4)
    shares = adjustments["shares"] - adjustments["shares_before"]
    legs["account"][:, ::2] = OUTSIDE
    legs["account"][:, 1::2] = adjustments["account"][:, None]
    legs["asset"][:, :2] = CASH
    legs["asset"][:, 2:] = adjustments["instrument"][:, None]
    legs["amount"][:, 0], legs["amount"][:, 1] = -adjustments["cash"], adjustments["cash"]
    legs["amount"][:, 2], legs["amount"][:, 3] = -shares, shares
    flat = legs.reshape(-1)
    return flat[flat["amount"] != 0]


def _exchange(
    rows: np.ndarray,
    buyer: np.ndarray,
    seller: np.ndarray,
    money: np.ndarray,
    shares: np.ndarray,
) -> np.ndarray:
    legs = _legs(rows, 4)
    legs["account"][:, 0] = legs["account"][:, 3] = buyer
    legs["account"][:, 1] = legs["account"][:, 2] = seller
    legs["asset"][:, :2] = CASH
    legs["asset"][:, 2:] = rows["instrument"][:, None]
    legs["amount"][:, 0], legs["amount"][:, 1] = -money, money
    legs["amount"][:, 2], legs["amount"][:, 3] = -shares, shares
    return legs.reshape(-1)


def _legs(rows: np.ndarray, count: int) -> np.ndarray:
    """``count`` legs for each row: of events, or of rows made of them."""
    legs = empty(POSTINGS, len(rows) * count).reshape(-1, count)
    time = "timestamp" if "timestamp" in (rows.dtype.names or ()) else "time_ns"
    legs["sequence"] = rows["sequence"][:, None]
    legs["time_ns"] = rows[time][:, None]
    legs["index"] = rows["index"][:, None]
    legs["leg"] = np.arange(count)
    return legs
