"""Sentences about an instrument's life: status, ticks, corporate actions, trades put right."""

from typing import Any

from lmax.schema import Action, CommandType, Status
from tests.scenarios.names import PRICE_SCALE, Names, to_units
from tests.scenarios.sentence import Match, about, sentence
from tests.scenarios.units import time_of_day
from tests.twin import Command


def _status(names: Names, m: Match) -> list[Command]:
    return about(names, m, CommandType.SET_STATUS, status=Status[m["status"]])


def _ticks(names: Names, m: Match) -> list[Command]:
    rows = [row.split(" from ") for row in m["rows"].split(", ")]
    return [
        Command(
            type=CommandType.SET_TICK_ROW,
            instrument=names.instrument(m["symbol"]),
            price=to_units(start, PRICE_SCALE),
            tick_size=to_units(tick, PRICE_SCALE),
            row=number,
            rows=len(rows),
            effective_time=time_of_day(m["time"]) if m["time"] else 0,
        )
        for number, (tick, start) in enumerate(rows)
    ]


def _action(names: Names, m: Match, action: Action, **fields: Any) -> list[Command]:
    return about(names, m, CommandType.CORPORATE_ACTION, action=action, **fields)


def _split(names: Names, m: Match) -> list[Command]:
    price = to_units(m["price"] or "0", PRICE_SCALE)
    parts = {"numerator": int(m["new"]), "denominator": int(m["old"])}
    return _action(names, m, Action.SPLIT, price=price, **parts)


def _dividend(names: Names, m: Match) -> list[Command]:
    return _action(names, m, Action.DIVIDEND, price=to_units(m["price"], PRICE_SCALE))


def _rename(names: Names, m: Match) -> list[Command]:
    """Both names stand for the instrument from then on, as far as scenarios go."""
    names.instruments.setdefault(m["new"], names.instruments[m["symbol"]])
    return _action(names, m, Action.SYMBOL_CHANGE, symbol=m["new"].encode())


def _bust(names: Names, m: Match) -> list[Command]:
    return about(names, m, CommandType.BUST_TRADE, trade_id=int(m["trade"]))


def _correct(names: Names, m: Match) -> list[Command]:
    return about(
        names,
        m,
        CommandType.CORRECT_TRADE,
        trade_id=int(m["trade"]),
        quantity=names.quantity(m["quantity"], m["symbol"]),
        price=to_units(m["price"], PRICE_SCALE),
    )


_TRADE = r"(?P<trade>\d+) of (?P<symbol>\S+)"

LISTING_SENTENCES = [
    sentence(r"(?P<symbol>\S+) becomes (?P<status>ACTIVE|SUSPENDED|DELISTED)", _status),
    sentence(r"ticks of (?P<symbol>\S+)(?: at (?P<time>\d\S+))?: (?P<rows>.+)", _ticks),
    sentence(
        r"(?P<symbol>\S+) splits (?P<new>\d+) for (?P<old>\d+)(?:, rest at (?P<price>\S+))?",
        _split,
    ),
    sentence(r"(?P<symbol>\S+) pays a dividend of (?P<price>\S+)", _dividend),
    sentence(r"(?P<symbol>\S+) is renamed to (?P<new>\S+)", _rename),
    sentence(rf"bust trade {_TRADE}", _bust),
    sentence(
        rf"correct trade {_TRADE} to (?P<quantity>\S+) @ (?P<price>\S+)",
        _correct,
    ),
]
