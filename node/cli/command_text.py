"""One command as a line for people, or as a line of JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import numpy as np

from lmax.schema import COMMAND, CommandType, OrderType, Side, TimeInForce
from node.view.text import money

_CODES: dict[str, type[IntEnum]] = {
    "type": CommandType,
    "side": Side,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
}


def as_json_line(command: np.void) -> str:
    """Every field that is not zero, with the names of docs/records.md; codes as their names."""
    values: dict[str, Any] = {}
    for name in COMMAND.names or ():
        value = command[name].item()
        if name in _CODES:
            if name == "type" or command["type"] == CommandType.NEW_ORDER:
                values[name] = _code(name, value)
        elif value:
            values[name] = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    return json.dumps(values)


def as_text(command: np.void) -> str:
    """Sequence, time, what, whose, and what of it matters."""
    kind = int(command["type"])
    time = datetime.fromtimestamp(int(command["timestamp"]) // 10**9, UTC)
    micros = int(command["timestamp"]) % 10**9 // 1_000
    parts = [
        f"{command['sequence']:>10}",
        f"{time:%Y-%m-%dT%H:%M:%S}.{micros:06}Z",
        _code("type", kind).lower().replace("_", " "),
        *_whose(command, kind),
        *_details(command, kind),
    ]
    return "  ".join(parts)


def _code(name: str, value: int) -> str:
    kinds = _CODES[name]
    return kinds(value).name if value in kinds else f"{name} {value}"


def _whose(command: np.void, kind: int) -> list[str]:
    whose = []
    if command["account"]:
        whose.append(f"account {command['account']}")
    if command["instrument"]:
        whose.append(f"instrument {command['instrument']}")
    elif kind in (CommandType.DEPOSIT, CommandType.WITHDRAW):
        whose.append("cash")
    return whose


def _details(command: np.void, kind: int) -> list[str]:
    quantity, price = int(command["quantity"]), money(int(command["price"]))
    if kind == CommandType.NEW_ORDER:
        market = command["order_type"] == OrderType.MARKET
        what = "market" if market else f"at {price}"
        terms = _code("time_in_force", int(command["time_in_force"]))
        side = _code("side", int(command["side"])).lower()
        return [f"order {command['client_order_id']}", f"{side} {quantity} {what}", terms]
    if kind == CommandType.REPLACE:
        ids = f"order {command['orig_client_order_id']} by {command['client_order_id']}"
        return [ids, f"{quantity} at {price}"]
    if kind == CommandType.REDUCE:
        return [f"order {command['orig_client_order_id']}", f"by {quantity}"]
    if kind == CommandType.CANCEL:
        return [f"order {command['orig_client_order_id']}"]
    if kind in (CommandType.DEPOSIT, CommandType.WITHDRAW):
        return [str(quantity) if command["instrument"] else money(quantity)]
    if kind == CommandType.DEFINE_INSTRUMENT:
        symbol = command["symbol"].decode("ascii", "replace")
        return [symbol, f"tick {money(int(command['tick_size']))}", f"lot {command['lot_size']}"]
    return []
