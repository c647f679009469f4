"""The one place where commands and events are declared.

Everything that knows the layout of a record takes it from here:

* ``lmax/wire.pxd``   the C structs and enums, written by ``python -m lmax.schema``
* ``COMMAND``/``EVENT`` the NumPy dtypes, built below
* ``docs/records.md`` the tables a person reads, written by the same command
* ``lmax/_wire.pyx``  tells Python what the compiler made of it, written by the same command

A test regenerates the files and compares, and checks every offset the compiler chose.

Commands and events are two cache lines. What matching reads on every order sits in the first.
The second line of a command is its *body*: what it holds depends on the type of the command, so
the fields of different bodies share the same bytes (a union in C, overlapping fields in NumPy:
set only those of the body that the command's type reads). All integers are little-endian; prices
and money are in 10^-4 of the currency unit, quantities in 10^-scale of a share.

Messages and reports are what the bare `OrderBook` takes and gives: as small as they can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmax.codes import (
    ENUMS,
    REASON_TEXT,
    Action,
    CommandType,
    EpochChange,
    EventFlag,
    EventType,
    Instruction,
    LotPolicy,
    MessageType,
    OrderType,
    Permission,
    Phase,
    Reason,
    ReportType,
    SelfTrade,
    Side,
    Sides,
    Status,
    Tier,
    TimeInForce,
    TriggerSource,
)

__all__ = [
    "BODIES",
    "COMMAND",
    "COMMAND_FIELDS",
    "ENUMS",
    "EVENT",
    "EVENT_FIELDS",
    "HEAD_FIELDS",
    "MAX_ACCOUNT",
    "MAX_INSTRUMENT",
    "MESSAGE",
    "MESSAGE_BYTES",
    "MESSAGE_FIELDS",
    "PRICE_SCALE",
    "REASON_TEXT",
    "RECORDS",
    "RECORD_BYTES",
    "RECORD_FORMAT",
    "REPORT",
    "REPORT_BYTES",
    "REPORT_FIELDS",
    "SIZES",
    "Action",
    "CommandType",
    "EpochChange",
    "EventFlag",
    "EventType",
    "Field",
    "Instruction",
    "LotPolicy",
    "MessageType",
    "OrderType",
    "Permission",
    "Phase",
    "Reason",
    "ReportType",
    "SelfTrade",
    "Side",
    "Sides",
    "Status",
    "Tier",
    "TimeInForce",
    "TriggerSource",
    "offsets",
]


@dataclass(frozen=True)
class Field:
    """One field of a record.

    kind: one of ``u8 u16 u32 u64 i64`` or ``c8`` (eight ASCII bytes, zero padded).
    offset: in bytes; None: behind the field before.
    """

    name: str
    kind: str
    meaning: str
    offset: int | None = None


RECORD_FORMAT = 1
"""Raised when a field of a command or event is another one, or a code means something else: older
journals would be read wrongly. tests/golden keeps the declarations of each number."""

RECORD_BYTES = 128
MESSAGE_BYTES = 40
REPORT_BYTES = 48

HEAD_FIELDS = [
    Field("sequence", "u64", "position in the one order of all commands; the sequencer sets it"),
    Field("timestamp", "i64", "ns since 1970 (UTC) when it was published; the sequencer sets it"),
    Field("client_order_id", "u64", "the client's id of a new order, or the new id of a replace"),
    Field("orig_client_order_id", "u64", "the order that a cancel, reduce or replace is about"),
    Field(
        "price",
        "i64",
        "limit price; 0 where the order type has none. Tick row: from which price on; reference:"
        " the price; index: its level; dividend: money a share; correction: the right price",
    ),
    Field(
        "quantity",
        "i64",
        "order quantity (replace: new total; reduce: by how much);"
        " deposit and withdraw: shares, or money where instrument is 0; correction: the right one",
    ),
    Field("account", "u32", "whose order; 1..16777215. Mass cancel, kill switch: 0 means any"),
    Field(
        "instrument",
        "u32",
        "1..65535; 0 means cash in deposit and withdraw, and all of them in mass cancel,"
        " set phase and kill switch",
    ),
    Field("type", "u8", "CommandType"),
    Field("side", "u8", "Side"),
    Field("order_type", "u8", "OrderType"),
    Field("time_in_force", "u8", "TimeInForce"),
    Field("instructions", "u16", "new order: bits of Instruction"),
    Field("self_trade", "u8", "new order, set account: SelfTrade"),
    Field("reserved0", "u8", "zero"),
]

BODIES = {
    "orders, mass cancel, sessions, phases, accounts, kill switches, trades": [
        Field("trigger_price", "i64", "stop orders, and a replace of one: when they trigger", 64),
        Field(
            "offset",
            "i64",
            "trailing stop: how far it trails, in money or 10^-4 of the price; peg: how far behind",
        ),
        Field("display_quantity", "i64", "iceberg: how much of it shows; 0: all"),
        Field("min_quantity", "i64", "least quantity of an execution; 0: any"),
        Field("expire_time", "i64", "GTD: ns since 1970; set close: when the market closes today"),
        Field("session", "u32", "the connection an order came by; 0: none. Mass cancel: 0: any"),
        Field("firm", "u32", "set account: whose account it is; mass cancel, kill switch: 0: any"),
        Field("group", "u32", "set account: accounts of one group do not trade together; 0: none"),
        Field("sides", "u8", "mass cancel: Sides"),
        Field("phase", "u8", "set phase: Phase"),
        Field("status", "u8", "set status: Status"),
        Field("enabled", "u8", "kill switch: 1 stops trading, 0 allows it again"),
        Field("trade_id", "u64", "bust, correction: which trade"),
    ],
    "define instrument": [
        Field("symbol", "c8", "its name, 1 to 8 printable ASCII characters; symbol change too", 64),
        Field("tick_size", "i64", "prices are multiples of it; set tick row: the row's tick"),
        Field("lot_size", "i64", "quantities are multiples of it"),
        Field("min_price", "i64", "lowest limit price, at least one tick"),
        Field("max_price", "i64", "highest limit price"),
        Field("max_quantity", "i64", "largest order"),
        Field("quantity_scale", "u8", "decimals of a share, 0 to 9"),
        Field("lot_policy", "u8", "LotPolicy"),
        Field("reserved1", "u16", "zero"),
        Field("reserved2", "u32", "zero"),
        Field("round_lot", "i64", "a multiple of lot_size; 0: lot_size"),
    ],
    "set protection": [
        Field("halt_time", "i64", "ns that the halt after a drop lasts", 64),
        Field("extension_time", "i64", "ns by which an auction is extended"),
        Field("auction_collar", "u32", "10^-4 of the reference that an auction may move; 0: any"),
        Field("collar", "u32", "10^-4 of the best price that a market order may move; 0: any"),
        Field("drop", "u32", "10^-4 of the reference: a drop this deep halts; 0: never"),
        Field("tier", "u8", "Tier: price bands"),
        Field("trigger_source", "u8", "TriggerSource: what elects stops"),
        Field("extensions", "u8", "most extensions of one auction"),
        Field("permissions", "u8", "bits of Permission"),
    ],
    "corporate action": [
        Field("numerator", "u32", "split: new shares …", 72),
        Field("denominator", "u32", "… for so many old ones"),
        Field("action", "u8", "Action"),
    ],
    "set tick row": [
        Field("effective_time", "i64", "ns since 1970 from which the whole table holds", 64),
        Field("row", "u8", "0, 1, 2, …: row 0 begins a new table", 80),
        Field("rows", "u8", "how many rows the table has, 1 to 24"),
    ],
    "checkpoint": [
        Field("state_sequence", "u64", "of the checkpoint before this one; 0: nothing is said", 64),
        Field("state_hash", "u64", "the state hash behind that command, as the primary had it"),
        Field("epoch", "u64", "of the primary that published it; 0: a node that is alone"),
        Field("standbys", "u32", "acknowledgements wait for so many from here on"),
        Field("change", "u8", "EpochChange, why it was published; the engine does nothing with it"),
    ],
}

COMMAND_FIELDS = HEAD_FIELDS + [field for body in BODIES.values() for field in body]

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
    Field("phase", "u8", "phase event: Phase of the instrument from now on"),
    Field("status", "u8", "phase event: Status of the instrument from now on"),
    Field("reserved0", "u16", "zero"),
    Field("symbol", "c8", "accepted definition, symbol change: the instrument's name"),
    Field("trigger_price", "i64", "order events: trigger price, 0 where there is none", 120),
    Field("state_hash", "u64", "accepted checkpoint: the state hash behind this command", 120),
]

MESSAGE_FIELDS = [
    Field("order_id", "u64", "any number; the id of a new order, or of the one it is about"),
    Field("new_order_id", "u64", "replace: its id from then on; 0: the same"),
    Field("price", "i64", "limit price, any multiple of the tick; market: not read"),
    Field("quantity", "i64", "new, replace: open quantity; reduce: by how much"),
    Field("type", "u8", "MessageType"),
    Field("side", "u8", "new: Side"),
    Field("order_type", "u8", "new: OrderType, LIMIT or MARKET"),
    Field("time_in_force", "u8", "new: TimeInForce; DAY counts as GTC"),
    Field("reserved0", "u32", "not read"),
]

REPORT_FIELDS = [
    Field("order_id", "u64", "the order it is about (fill: the taker)"),
    Field("other_order_id", "u64", "fill: the resting order; replaced: the id before"),
    Field("price", "i64", "limit price; fill: trade price"),
    Field("quantity", "i64", "open quantity; fill: traded; cancelled, reduced: taken away"),
    Field("leaves", "i64", "still open of the order (fill: of the taker)"),
    Field("message", "u32", "index of the message in its batch"),
    Field("type", "u8", "ReportType"),
    Field("side", "u8", "Side of the order (fill: of the taker)"),
    Field("reason", "u8", "Reason of a rejection or of an order's end"),
    Field("reserved0", "u8", "zero"),
]

_NUMPY = {"u8": "u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "i64": "<i8", "c8": "S8"}


SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i64": 8, "c8": 8}


def offsets(fields: list[Field]) -> list[int]:
    """Where each field begins, in bytes; ValueError for one that is not aligned."""
    found = []
    end = 0
    for field in fields:
        start = end if field.offset is None else field.offset
        if start % SIZES[field.kind]:
            raise ValueError(f"{field.name} at {start} is not aligned")
        found.append(start)
        end = start + SIZES[field.kind]
    return found


def _dtype(fields: list[Field], size: int) -> np.dtype:
    return np.dtype(
        {
            "names": [field.name for field in fields],
            "formats": [_NUMPY[field.kind] for field in fields],
            "offsets": offsets(fields),
            "itemsize": size,
        }
    )


COMMAND = _dtype(COMMAND_FIELDS, RECORD_BYTES)
"""NumPy dtype of a command, 128 bytes. The fields of different bodies overlap."""

EVENT = _dtype(EVENT_FIELDS, RECORD_BYTES)
"""NumPy dtype of an event, 128 bytes. `symbol`, `trigger_price` and `state_hash` overlap."""

MESSAGE = _dtype(MESSAGE_FIELDS, MESSAGE_BYTES)
"""NumPy dtype of what a bare `OrderBook` takes, 40 bytes."""

REPORT = _dtype(REPORT_FIELDS, REPORT_BYTES)
"""NumPy dtype of what a bare `OrderBook` gives, 48 bytes."""

PRICE_SCALE = 4
"""Decimals of prices and money."""

MAX_INSTRUMENT = 65_535
MAX_ACCOUNT = 16_777_215

RECORDS = {
    "Command": (COMMAND_FIELDS, RECORD_BYTES),
    "Event": (EVENT_FIELDS, RECORD_BYTES),
    "Message": (MESSAGE_FIELDS, MESSAGE_BYTES),
    "Report": (REPORT_FIELDS, REPORT_BYTES),
}


if __name__ == "__main__":
    from lmax.generate import main

    main()
