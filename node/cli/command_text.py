"""One command as a line for people, or as a line of JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np

from lmax.schema import CommandType, Instruction, OrderType
from node.cli.command_fields import (
    CODES,
    DURATIONS,
    MONEY,
    TIMES,
    code,
    fields_of,
    own_fields,
    plain,
)
from node.view.text import money

_BODY = 64
"""Where the fields begin that depend on the type."""

_PERCENT = np.uint16(Instruction.TRAIL_PERCENT)


def as_json_line(command: np.void) -> str:
    """Every field that the type has and that is not zero, and all its codes, as their names.

    The names are those of docs/records.md. Of a type that is not known the body is in hex.
    """
    values: dict[str, Any] = {"type": code("type", int(command["type"]))}
    for name in fields_of(command):
        value = plain(command, name)
        if value or name in CODES:
            values[name] = value
    body = command.tobytes()[_BODY:]
    if int(command["type"]) not in CommandType and any(body):
        values["body"] = body.hex()
    return json.dumps(values)


def as_text(command: np.void) -> str:
    """Sequence, time, what, whose, and what of it matters."""
    kind = int(command["type"])
    parts = [
        f"{command['sequence']:>10}",
        _time(int(command["timestamp"])),
        code("type", kind).lower().replace("_", " "),
        *_whose(command, kind),
        *_details(command, kind),
    ]
    return "  ".join(parts)


def _time(ns: int) -> str:
    """A moment in UTC; a number of ns where there is no such year."""
    try:
        time = datetime.fromtimestamp(ns // 10**9, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{ns} ns"
    return f"{time:%Y-%m-%dT%H:%M:%S}.{ns % 10**9 // 1_000:06}Z"


def _printable(text: str) -> str:
    """Also of a symbol that was refused."""
    return text.encode("unicode_escape").decode("ascii")


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
        return _order(command)
    if kind == CommandType.REPLACE:
        ids = f"order {command['orig_client_order_id']} by {command['client_order_id']}"
        return [ids, f"{quantity} at {price}", *_own(command)]
    if kind == CommandType.REDUCE:
        return [f"order {command['orig_client_order_id']}", f"by {quantity}"]
    if kind == CommandType.CANCEL:
        return [f"order {command['orig_client_order_id']}"]
    if kind in (CommandType.DEPOSIT, CommandType.WITHDRAW):
        return [str(quantity) if command["instrument"] else money(quantity)]
    if kind == CommandType.DEFINE_INSTRUMENT:
        symbol = _printable(plain(command, "symbol"))
        return [symbol, f"tick {money(int(command['tick_size']))}", f"lot {command['lot_size']}"]
    return _prices(command, kind) + _own(command)


def _order(command: np.void) -> list[str]:
    """Id, side, quantity and price, how long, and what few orders have."""
    kind = code("order_type", int(command["order_type"])).lower().replace("_", " ")
    what = f"at {money(int(command['price']))}" if command["price"] else ""
    if command["order_type"] != OrderType.LIMIT:
        what = f"{kind} {what}".rstrip()
    side = code("side", int(command["side"])).lower()
    terms = code("time_in_force", int(command["time_in_force"]))
    order = [f"order {command['client_order_id']}", f"{side} {command['quantity']} {what}", terms]
    return order + _own(command, told=("side", "order_type", "time_in_force"))


def _prices(command: np.void, kind: int) -> list[str]:
    """What an operator's price and quantity mean."""
    quantity, price = int(command["quantity"]), money(int(command["price"]))
    if kind == CommandType.SET_REFERENCE:
        return [f"price {price}"]
    if kind == CommandType.SET_INDEX:
        return [f"level {price}", f"reference {money(quantity)}"]
    if kind == CommandType.SET_TICK_ROW:
        return [f"from {price}"]
    if kind == CommandType.CORRECT_TRADE:
        return [f"{quantity} at {price}"]
    if kind == CommandType.CORPORATE_ACTION and command["price"]:
        return [f"price {price}"]
    return []


def _own(command: np.void, told: tuple[str, ...] = ()) -> list[str]:
    """The fields that few types have, by their names; numbers only where they are not zero."""
    names = [name for name in own_fields(command) if name not in told]
    return [_named(command, name) for name in names if _says_something(command, name)]


def _says_something(command: np.void, name: str) -> bool:
    """A code says something also when it is 0; but an order's own account may decide this one."""
    return (name in CODES and name != "self_trade") or bool(command[name].item())


def _named(command: np.void, name: str) -> str:
    value = command[name].item()
    shown = plain(command, name)
    if name == "symbol":
        shown = _printable(shown)
    text = name.replace("_", " ")
    if isinstance(shown, list):
        return "+".join(shown)
    if name in MONEY or (name == "offset" and not command["instructions"] & _PERCENT):
        return f"{text} {money(value)}"
    if name in TIMES:
        return f"{text} {_time(value)}"
    if name in DURATIONS:
        return f"{text} {value / 10**9:g} s"
    if name in CODES and not shown.startswith(name):
        shown = shown.lower().replace("_", " ")
        return shown if shown.startswith(text) else f"{text} {shown}"
    return str(shown) if name in CODES else f"{text} {shown}"
