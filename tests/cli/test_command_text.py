"""Commands as lines: what the type has, by name, and nothing of what other types call it."""

import json
import random
from typing import Any

import numpy as np
import pytest

from lmax.schema import (
    BODIES,
    COMMAND,
    HEAD_FIELDS,
    Action,
    CommandType,
    Instruction,
    LotPolicy,
    OrderType,
    Permission,
    Phase,
    Side,
    Status,
    Tier,
    TimeInForce,
    TriggerSource,
)
from node.cli.command_fields import fields_of
from node.cli.command_text import as_json_line, as_text

SECOND = 10**9


def command(kind: int, **fields: Any) -> np.void:
    row = np.zeros(1, COMMAND)
    row["type"], row["sequence"], row["timestamp"] = kind, 7, SECOND
    for name, value in fields.items():
        row[name] = value
    return row[0]


def details(kind: int, **fields: Any) -> str:
    """The text behind sequence and time."""
    return as_text(command(kind, **fields)).split("Z  ", 1)[1]


STOP = {
    "account": 5,
    "instrument": 3,
    "client_order_id": 9,
    "quantity": 100,
    "side": Side.SELL,
    "order_type": OrderType.STOP_LIMIT,
    "price": 100_000,
    "trigger_price": 101_500,
    "time_in_force": TimeInForce.GTD,
    "expire_time": 2 * SECOND,
}
LINES = [
    (
        details(CommandType.NEW_ORDER, **STOP),
        "new order  account 5  instrument 3  order 9  sell 100 stop limit at 10.00  GTD"
        "  trigger price 10.15  expire time 1970-01-01T00:00:02.000000Z",
    ),
    (
        details(
            CommandType.NEW_ORDER,
            client_order_id=1,
            quantity=5,
            order_type=OrderType.TRAILING_STOP,
            offset=250,
            instructions=Instruction.TRAIL_PERCENT | Instruction.SHORT,
        ),
        "new order  order 1  buy 5 trailing stop  DAY  TRAIL_PERCENT+SHORT  offset 250",
    ),
    (
        details(
            CommandType.NEW_ORDER, client_order_id=1, quantity=5, price=10_000, display_quantity=2
        ),
        "new order  order 1  buy 5 at 1.00  DAY  display quantity 2",
    ),
    (details(CommandType.SET_PHASE), "set phase  phase continuous"),
    (
        details(CommandType.SET_PHASE, instrument=2, phase=Phase.OPENING_AUCTION),
        "set phase  instrument 2  phase opening auction",
    ),
    (
        details(CommandType.SET_STATUS, instrument=2, status=Status.DELISTED),
        "set status  instrument 2  status delisted",
    ),
    (
        details(CommandType.SET_REFERENCE, instrument=2, price=10_000),
        "set reference  instrument 2  price 1.00",
    ),
    (
        details(
            CommandType.SET_PROTECTION,
            instrument=2,
            collar=500,
            halt_time=90 * SECOND,
            tier=Tier.TIER_1,
            trigger_source=TriggerSource.QUOTE,
            permissions=Permission.ALL_OR_NONE,
        ),
        "set protection  instrument 2  halt time 90 s  collar 500  tier 1"
        "  trigger source quote  ALL_OR_NONE",
    ),
    (
        details(CommandType.SET_TICK_ROW, instrument=2, price=10_000, tick_size=5, row=1, rows=2),
        "set tick row  instrument 2  from 1.00  tick size 0.0005  row 1  rows 2",
    ),
    (details(CommandType.SET_ACCOUNT, account=4, firm=2), "set account  account 4  firm 2"),
    (
        details(CommandType.SET_INDEX, price=930_000, quantity=1_000_000),
        "set index  level 93.00  reference 100.00",
    ),
    (details(CommandType.KILL_SWITCH, firm=3, enabled=1), "kill switch  firm 3  enabled 1"),
    (
        details(
            CommandType.CORPORATE_ACTION,
            instrument=2,
            action=Action.SPLIT,
            numerator=3,
            denominator=2,
        ),
        "corporate action  instrument 2  action split  numerator 3  denominator 2",
    ),
    (
        details(
            CommandType.CORPORATE_ACTION, instrument=2, action=Action.SYMBOL_CHANGE, symbol=b"NEW"
        ),
        "corporate action  instrument 2  action symbol change  symbol NEW",
    ),
    (
        details(CommandType.CORRECT_TRADE, instrument=2, trade_id=8, price=10_000, quantity=3),
        "correct trade  instrument 2  3 at 1.00  trade id 8",
    ),
    (details(CommandType.MASS_CANCEL, session=3), "mass cancel  sides both  session 3"),
    (details(CommandType.TIMER), "timer"),
    (details(99), "type 99"),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_a_command_is_a_line_a_trader_can_read(line: str, expected: str) -> None:
    assert sorted(line.split("  ")) == sorted(expected.split("  "))


def test_an_instrument_has_no_trigger_price_though_it_has_the_same_bytes() -> None:
    line = json.loads(
        as_json_line(
            command(
                CommandType.DEFINE_INSTRUMENT,
                instrument=1,
                symbol=b"ABC",
                tick_size=100,
                lot_size=1,
                min_price=100,
                max_price=900,
                max_quantity=50,
                round_lot=10,
                lot_policy=LotPolicy.NO_ODD_LOTS,
            )
        )
    )
    assert line == {
        "type": "DEFINE_INSTRUMENT",
        "sequence": 7,
        "timestamp": SECOND,
        "instrument": 1,
        "symbol": "ABC",
        "tick_size": 100,
        "lot_size": 1,
        "min_price": 100,
        "max_price": 900,
        "max_quantity": 50,
        "round_lot": 10,
        "lot_policy": "NO_ODD_LOTS",
    }


def test_bits_are_a_list_of_names_and_codes_are_there_when_zero() -> None:
    bits = Instruction.HIDDEN | Instruction.DO_NOT_REDUCE
    line = json.loads(as_json_line(command(CommandType.NEW_ORDER, instructions=bits | 1 << 15)))
    assert line["instructions"] == ["HIDDEN", "DO_NOT_REDUCE", "instructions 32768"]
    assert line["side"] == "BUY"
    assert line["self_trade"] == "DEFAULT"
    assert "trigger_price" not in line


def test_the_body_of_a_type_that_nobody_knows_is_shown_in_hex() -> None:
    line = json.loads(as_json_line(command(99, trade_id=1)))
    assert line["type"] == "type 99"
    assert line["body"].endswith("0100000000000000")


def test_every_field_of_every_body_belongs_to_some_type() -> None:
    seen = {name for kind in CommandType for name in fields_of(command(kind))} | {"type"}
    declared = [*HEAD_FIELDS, *(field for body in BODIES.values() for field in body)]
    wanted = {field.name for field in declared if not field.name.startswith("reserved")}
    assert seen == wanted


def test_any_bytes_can_be_shown(seed: int) -> None:
    chance = random.Random(seed)
    for kind in [*CommandType, 0, 25, 255] * 40:
        row = np.frombuffer(chance.randbytes(128), COMMAND).copy()
        row["type"] = kind
        shown = json.loads(as_json_line(row[0]))
        assert shown.keys() <= {"type", "body", *fields_of(row[0])}
        assert "\n" not in as_text(row[0])
