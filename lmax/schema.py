"""The one place where commands and events are declared.

Everything that knows the layout of a record takes it from here:

* ``lmax/wire.pxd``   the C structs and enums, written by ``python -m lmax.schema``
* ``COMMAND``/``EVENT`` the NumPy dtypes, built below
* ``docs/records.md`` the tables a person reads, written by the same command
* ``lmax/_wire.pyx``  tells Python what the compiler made of it, written by the same command

A test regenerates the files and compares, and checks every offset the compiler chose.

Both records are two cache lines. What matching reads on every order sits in the first;
what only definitions and fills need sits in the second. All integers are little-endian;
prices and money are in 10^-4 of the currency unit, quantities in 10^-scale of a share.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np


class CommandType(IntEnum):
    """What a client or an operator asks for."""

    DEFINE_INSTRUMENT = 1
    OPEN_ACCOUNT = 2
    DEPOSIT = 3
    WITHDRAW = 4
    NEW_ORDER = 5
    CANCEL = 6
    REDUCE = 7
    REPLACE = 8
    END_OF_DAY = 9


class EventType(IntEnum):
    """What the engine answers. The events of one command are contiguous."""

    ACCEPTED = 1
    REJECTED = 2
    FILL = 3
    CANCELLED = 4
    REDUCED = 5
    REPLACED = 6
    EXPIRED = 7
    BOOK = 8


class Side(IntEnum):
    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    LIMIT = 0
    MARKET = 1


class TimeInForce(IntEnum):
    """How long an order may rest."""

    DAY = 0
    GTC = 1
    IOC = 2
    FOK = 3


class Reason(IntEnum):
    """Why a command was rejected (below 64) or an order ended (64 and above)."""

    NONE = 0
    UNKNOWN_COMMAND = 1
    INVALID_ID = 2
    INVALID_DEFINITION = 3
    UNKNOWN_INSTRUMENT = 4
    INSTRUMENT_EXISTS = 5
    UNKNOWN_ACCOUNT = 6
    ACCOUNT_EXISTS = 7
    INVALID_SIDE = 8
    INVALID_ORDER_TYPE = 9
    INVALID_TIME_IN_FORCE = 10
    INVALID_CLIENT_ORDER_ID = 11
    DUPLICATE_CLIENT_ORDER_ID = 12
    PRICE_RANGE = 13
    PRICE_TICK = 14
    QUANTITY_RANGE = 15
    QUANTITY_LOT = 16
    NOTIONAL_RANGE = 17
    AMOUNT_RANGE = 18
    INSUFFICIENT_CASH = 19
    INSUFFICIENT_SHARES = 20
    UNKNOWN_ORDER = 21
    TOO_LATE = 22
    CAPACITY = 23
    REQUESTED = 64
    IOC_REMAINDER = 65
    FOK_UNFILLED = 66
    NO_LIQUIDITY = 67
    REDUCED_TO_ZERO = 68
    BELOW_FILLED = 69
    END_OF_DAY = 70


REASON_TEXT = {
    Reason.NONE: "no reason: nothing was refused or ended",
    Reason.UNKNOWN_COMMAND: "the command's type is not one of the types above",
    Reason.INVALID_ID: "an instrument id outside 1..65535 or an account id outside 1..16777215",
    Reason.INVALID_DEFINITION: "an instrument whose tick, lot, ranges, scale or symbol make no"
    " sense, or whose smallest trade (tick × lot) is not a whole number of 10^-4",
    Reason.UNKNOWN_INSTRUMENT: "no instrument was defined under that id",
    Reason.INSTRUMENT_EXISTS: "an instrument was already defined under that id",
    Reason.UNKNOWN_ACCOUNT: "no account was opened under that id",
    Reason.ACCOUNT_EXISTS: "the account is already open",
    Reason.INVALID_SIDE: "side is neither BUY nor SELL",
    Reason.INVALID_ORDER_TYPE: "order type is neither LIMIT nor MARKET",
    Reason.INVALID_TIME_IN_FORCE: "time in force is none of DAY, GTC, IOC, FOK",
    Reason.INVALID_CLIENT_ORDER_ID: "client order ids start at 1",
    Reason.DUPLICATE_CLIENT_ORDER_ID: "the account used this client order id today,"
    " or for an order still open",
    Reason.PRICE_RANGE: "a limit price outside the instrument's range,"
    " or a market order with a price",
    Reason.PRICE_TICK: "the price is not a multiple of the tick",
    Reason.QUANTITY_RANGE: "the quantity is below one, above the instrument's maximum,"
    " or would overflow the side of the book",
    Reason.QUANTITY_LOT: "the quantity is not a multiple of the lot",
    Reason.NOTIONAL_RANGE: "price × quantity does not fit in 63 bits",
    Reason.AMOUNT_RANGE: "a deposit or withdrawal below one,"
    " or one that would bring the total of the asset over 63 bits",
    Reason.INSUFFICIENT_CASH: "available cash (cash less reservations) does not cover it",
    Reason.INSUFFICIENT_SHARES: "available shares (shares less reservations) do not cover it",
    Reason.UNKNOWN_ORDER: "the account has no order of that id on that instrument",
    Reason.TOO_LATE: "the order was filled, cancelled, replaced or expired before",
    Reason.CAPACITY: "the engine holds as many open orders as it can",
    Reason.REQUESTED: "cancelled because the client asked",
    Reason.IOC_REMAINDER: "what an immediate-or-cancel order could not fill at once",
    Reason.FOK_UNFILLED: "a fill-or-kill order that could not be filled whole",
    Reason.NO_LIQUIDITY: "what a market order could not fill at once",
    Reason.REDUCED_TO_ZERO: "a reduce took all that was left",
    Reason.BELOW_FILLED: "a replace asked for no more than was already filled",
    Reason.END_OF_DAY: "a DAY order at the end of the day",
}


class EventFlag(IntEnum):
    """Bits of ``flags``."""

    LAST = 1


ENUMS = {
    CommandType: "CMD_",
    EventType: "EVT_",
    Side: "SIDE_",
    OrderType: "ORD_",
    TimeInForce: "TIF_",
    Reason: "REASON_",
    EventFlag: "FLAG_",
}


@dataclass(frozen=True)
class Field:
    """One field of a record.

    kind: one of ``u8 u16 u32 u64 i64`` or ``c8`` (eight ASCII bytes, zero padded).
    """

    name: str
    kind: str
    meaning: str


RECORD_BYTES = 128

COMMAND_FIELDS = [
    Field("sequence", "u64", "position in the one order of all commands; the sequencer sets it"),
    Field("timestamp", "i64", "ns since 1970 (UTC) when it was published; the sequencer sets it"),
    Field("client_order_id", "u64", "the client's id of a new order, or the new id of a replace"),
    Field("orig_client_order_id", "u64", "the order that a cancel, reduce or replace is about"),
    Field("price", "i64", "limit price; 0 for a market order"),
    Field(
        "quantity",
        "i64",
        "order quantity (replace: new total; reduce: by how much);"
        " deposit and withdraw: shares, or money where instrument is 0",
    ),
    Field("account", "u32", "whose order; 1..16777215"),
    Field("instrument", "u32", "1..65535; 0 means cash in deposit and withdraw"),
    Field("type", "u8", "CommandType"),
    Field("side", "u8", "Side"),
    Field("order_type", "u8", "OrderType"),
    Field("time_in_force", "u8", "TimeInForce"),
    Field("reserved0", "u32", "zero"),
    Field("symbol", "c8", "define instrument: its name, 1 to 8 printable ASCII characters"),
    Field("tick_size", "i64", "define instrument: prices are multiples of it"),
    Field("lot_size", "i64", "define instrument: quantities are multiples of it"),
    Field("min_price", "i64", "define instrument: lowest limit price, at least one tick"),
    Field("max_price", "i64", "define instrument: highest limit price"),
    Field("max_quantity", "i64", "define instrument: largest order"),
    Field("quantity_scale", "u8", "define instrument: decimals of a share, 0 to 9"),
    Field("reserved1", "u8", "zero"),
    Field("reserved2", "u16", "zero"),
    Field("reserved3", "u32", "zero"),
    Field("reserved4", "u64", "zero"),
]

EVENT_FIELDS = [
    Field("sequence", "u64", "of the command that caused it"),
    Field("timestamp", "i64", "business time of that command, ns, strictly increasing"),
    Field("client_order_id", "u64", "the order it is about (fill: the taker's)"),
    Field(
        "price",
        "i64",
        "limit price; fill: trade price; book: the level; accepted definition: tick size",
    ),
    Field(
        "quantity",
        "i64",
        "order total; fill: traded; cancelled, reduced, expired: taken away;"
        " book: open at the level now; deposit, withdraw: amount; accepted definition: lot size",
    ),
    Field("leaves", "i64", "what is still open of the order (fill: the taker's)"),
    Field("account", "u32", "whose (fill: the taker's); 0 in a book event"),
    Field("instrument", "u32", "0 means cash in deposit and withdraw"),
    Field("type", "u8", "EventType"),
    Field("command", "u8", "CommandType of the command that caused it"),
    Field("side", "u8", "Side of the order (fill: the taker's), or of the level"),
    Field("reason", "u8", "Reason of a rejection or of an order's end"),
    Field("order_type", "u8", "OrderType"),
    Field("time_in_force", "u8", "TimeInForce"),
    Field("flags", "u8", "EventFlag: 1 on the last event of a command"),
    Field("quantity_scale", "u8", "accepted definition: decimals of a share"),
    Field("trade_id", "u64", "fill: 1, 2, 3, … over all instruments"),
    Field("amount", "i64", "fill: money that changed hands, exactly price × quantity"),
    Field(
        "orig_client_order_id",
        "u64",
        "replaced: the id before; a rejected cancel, reduce or replace: the order it asked for",
    ),
    Field("maker_client_order_id", "u64", "fill: the resting order"),
    Field("maker_leaves", "i64", "fill: what is still open of the resting order"),
    Field("maker_account", "u32", "fill: whose resting order"),
    Field("order_count", "u32", "book: orders at the level now"),
    Field("index", "u32", "0, 1, 2, … within the events of one command"),
    Field("reserved0", "u32", "zero"),
    Field("symbol", "c8", "accepted definition: the instrument's name"),
]

_NUMPY = {"u8": "u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "i64": "<i8", "c8": "S8"}
_C = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "i64": "int64_t"}


def _dtype(fields: list[Field]) -> np.dtype:
    dtype = np.dtype([(f.name, _NUMPY[f.kind]) for f in fields], align=False)
    if dtype.itemsize != RECORD_BYTES:
        raise TypeError(f"a record must be {RECORD_BYTES} bytes, this one is {dtype.itemsize}")
    return dtype


COMMAND = _dtype(COMMAND_FIELDS)
"""NumPy dtype of a command, 128 bytes."""

EVENT = _dtype(EVENT_FIELDS)
"""NumPy dtype of an event, 128 bytes."""

PRICE_SCALE = 4
"""Decimals of prices and money."""

MAX_INSTRUMENT = 65_535
MAX_ACCOUNT = 16_777_215


def _struct(name: str, fields: list[Field]) -> str:
    lines = [
        f"    {'char ' + f.name + '[8]' if f.kind == 'c8' else _C[f.kind] + ' ' + f.name}"
        for f in fields
    ]
    return f"cdef struct {name}:\n" + "\n".join(lines) + "\n"


def render_pxd() -> str:
    """The text of ``lmax/wire.pxd``."""
    parts = [
        "# Written by `python -m lmax.schema`; edit lmax/schema.py instead.\n"
        "from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t\n"
    ]
    for enum, prefix in ENUMS.items():
        members = "\n".join(f"    {prefix}{m.name} = {m.value}" for m in enum)
        parts.append(f"cdef enum:  # {enum.__name__}\n{members}\n")
    parts.append(
        "cdef enum:\n"
        f"    RECORD_BYTES = {RECORD_BYTES}\n"
        f"    MAX_INSTRUMENT = {MAX_INSTRUMENT}\n"
        f"    MAX_ACCOUNT = {MAX_ACCOUNT}\n"
    )
    parts.append(_struct("Command", COMMAND_FIELDS))
    parts.append(_struct("Event", EVENT_FIELDS))
    return "\n".join(parts)


def _layout(name: str, fields: list[Field]) -> str:
    lines = "\n".join(
        f'        "{f.name}": (\n'
        f"            <char *> &record.{f.name} - base, sizeof(record.{f.name})\n"
        "        ),"
        for f in fields
    )
    return (
        f"\ndef {name.lower()}_layout():\n"
        f"    cdef {name} record\n"
        "    cdef char *base = <char *> &record\n"
        f"    return {{\n{lines}\n    }}\n"
    )


def render_pyx() -> str:
    """The text of ``lmax/_wire.pyx``: the compiler's view of the records, for the tests."""
    names = [prefix + member.name for enum, prefix in ENUMS.items() for member in enum]
    names += ["RECORD_BYTES", "MAX_INSTRUMENT", "MAX_ACCOUNT"]
    return "\n".join(
        [
            "# Written by `python -m lmax.schema`; edit lmax/schema.py instead.\n"
            "from lmax cimport wire\n"
            "from lmax.wire cimport Command, Event\n",
            _layout("Command", COMMAND_FIELDS),
            _layout("Event", EVENT_FIELDS),
            "\ndef record_sizes():\n"
            '    return {"Command": sizeof(Command), "Event": sizeof(Event)}\n',
            "\ndef enums():\n    return {\n"
            + "".join(f'        "{name}": wire.{name},\n' for name in names)
            + "    }\n",
        ]
    )


def _table(dtype: np.dtype, fields: list[Field]) -> str:
    rows = ["| offset | field | type | meaning |", "|---:|---|---|---|"]
    rows += [
        f"| {dtype.fields[f.name][1]} | `{f.name}` | {f.kind} | {f.meaning} |"  # type: ignore[index]
        for f in fields
    ]
    return "\n".join(rows) + "\n"


def render_docs() -> str:
    """The text of ``docs/records.md``."""
    parts = [
        "# Commands and events\n\n"
        "Written by `python -m lmax.schema` from `lmax/schema.py`. Both records are 128 bytes,\n"
        "little-endian, without padding. Prices and money are in 10^-4 of the currency unit.\n",
        "## Command\n\n" + _table(COMMAND, COMMAND_FIELDS),
        "## Event\n\n" + _table(EVENT, EVENT_FIELDS),
        "## Codes\n",
    ]
    for enum in ENUMS:
        if enum is Reason:
            rows = [f"| {m.value} | `{m.name}` | {REASON_TEXT[m]} |" for m in Reason]
            head = "| code | name | when |\n|---:|---|---|\n"
        else:
            rows = [f"| {m.value} | `{m.name}` |" for m in enum]
            head = "| code | name |\n|---:|---|\n"
        parts.append(f"### {enum.__name__}\n\n{head}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def main() -> None:
    """Write the generated files beside this checkout's sources."""
    root = Path(__file__).resolve().parent.parent
    for path, text in generated().items():
        target = root / path
        if target.exists() and target.read_text() == text:
            continue  # a newer file of the same text would have everything built again
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
        print(f"wrote {path}", file=sys.stderr)


def generated() -> dict[str, str]:
    """Path, from the checkout's root, and text of every generated file."""
    return {
        "lmax/wire.pxd": render_pxd(),
        "lmax/_wire.pyx": render_pyx(),
        "docs/records.md": render_docs(),
    }


if __name__ == "__main__":
    main()
