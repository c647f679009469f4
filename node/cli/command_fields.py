"""Which fields a command of each type has, and what their numbers mean."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from lmax.schema import (
    BODIES,
    HEAD_FIELDS,
    Action,
    CommandType,
    EpochChange,
    Instruction,
    LotPolicy,
    OrderType,
    Permission,
    Phase,
    SelfTrade,
    Side,
    Sides,
    Status,
    Tier,
    TimeInForce,
    TriggerSource,
)

CODES: dict[str, type[IntEnum]] = {
    "type": CommandType,
    "side": Side,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
    "self_trade": SelfTrade,
    "sides": Sides,
    "phase": Phase,
    "status": Status,
    "lot_policy": LotPolicy,
    "tier": Tier,
    "trigger_source": TriggerSource,
    "action": Action,
    "change": EpochChange,
}
"""Fields that hold one code."""

BITS: dict[str, type[IntEnum]] = {"instructions": Instruction, "permissions": Permission}
"""Fields that hold several at once."""

MONEY = {"price", "trigger_price", "tick_size", "min_price", "max_price"}
TIMES = {"expire_time", "effective_time"}
DURATIONS = {"halt_time", "extension_time"}

ORDER = ("side", "order_type", "time_in_force", "instructions", "self_trade")
"""Fields of the head that say something in some commands only; all other heads are read."""

_ALWAYS = [
    field.name
    for field in HEAD_FIELDS
    if field.name not in ("type", *ORDER) and not field.name.startswith("reserved")
]


def _body(name: str) -> list[str]:
    return [field.name for field in BODIES[name] if not field.name.startswith("reserved")]


_OWN: dict[int, list[str]] = {
    CommandType.DEFINE_INSTRUMENT: _body("define instrument"),
    CommandType.NEW_ORDER: [
        *ORDER,
        *("trigger_price", "offset", "display_quantity", "min_quantity", "expire_time", "session"),
    ],
    CommandType.REPLACE: ["trigger_price"],
    CommandType.MASS_CANCEL: ["session", "firm", "sides"],
    CommandType.SESSION_ENDED: ["session"],
    CommandType.SET_PHASE: ["phase"],
    CommandType.SET_STATUS: ["status"],
    CommandType.SET_PROTECTION: _body("set protection"),
    CommandType.SET_TICK_ROW: ["tick_size", *_body("set tick row")],
    CommandType.SET_ACCOUNT: ["firm", "group", "self_trade"],
    CommandType.SET_CLOSE: ["expire_time"],
    CommandType.KILL_SWITCH: ["firm", "enabled"],
    CommandType.CORPORATE_ACTION: ["action", "symbol", "numerator", "denominator"],
    CommandType.BUST_TRADE: ["trade_id"],
    CommandType.CORRECT_TRADE: ["trade_id"],
    CommandType.CHECKPOINT: _body("checkpoint"),
}
"""Fields that commands of one type have beside the head's. Bodies share their bytes, so what
another type calls them says nothing."""


def fields_of(command: np.void) -> list[str]:
    """The names of the fields that a command of this type has."""
    return _ALWAYS + _OWN.get(int(command["type"]), [])


def own_fields(command: np.void) -> list[str]:
    """Those of them that few types have."""
    return _OWN.get(int(command["type"]), [])


def code(name: str, value: int) -> str:
    """A code as its name."""
    kinds = CODES[name]
    return kinds(value).name if value in kinds else f"{name} {value}"


def bits(name: str, value: int) -> list[str]:
    """The names of the bits that are set, and what is left of them as a number."""
    found = [bit.name for bit in BITS[name] if value & bit]
    rest = value & ~sum(BITS[name])
    return found + ([f"{name} {rest}"] if rest else [])


def plain(command: np.void, name: str) -> Any:
    """A field as a number, a text, a code's name or a list of those; 0 or empty if it is so."""
    value = command[name].item()
    if name in CODES:
        return code(name, value)
    if name in BITS:
        return bits(name, value)
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value
