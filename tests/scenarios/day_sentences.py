"""What operators do in scenarios: phases, protection, the clock, kill switches."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lmax.schema import CommandType, Permission, Phase, Tier, TriggerSource
from tests.scenarios.names import PRICE_SCALE, Names, to_units
from tests.scenarios.sentence import Match, sentence
from tests.scenarios.units import basis_points, duration, time_of_day
from tests.twin import Command

ALL = "everything"


def instrument_or_all(names: Names, symbol: str) -> int:
    return 0 if symbol == ALL else names.instrument(symbol)


def _phase(names: Names, m: Match) -> list[Command]:
    instrument = instrument_or_all(names, m["symbol"])
    return [Command(type=CommandType.SET_PHASE, instrument=instrument, phase=Phase[m["phase"]])]


def _at(names: Names, m: Match) -> list[Command]:
    names.clock = time_of_day(m["time"])
    return []


def _timer(names: Names, m: Match) -> list[Command]:
    _at(names, m)
    return [Command(type=CommandType.TIMER)]


def _reference(names: Names, m: Match) -> list[Command]:
    price, instrument = to_units(m["price"], PRICE_SCALE), names.instrument(m["symbol"])
    return [Command(type=CommandType.SET_REFERENCE, instrument=instrument, price=price)]


def _close(names: Names, m: Match) -> list[Command]:
    return [Command(type=CommandType.SET_CLOSE, expire_time=time_of_day(m["time"]))]


def _index(names: Names, m: Match) -> list[Command]:
    level, reference = (to_units(m[name], PRICE_SCALE) for name in ("level", "reference"))
    return [Command(type=CommandType.SET_INDEX, price=level, quantity=reference)]


def _kill_switch(names: Names, m: Match) -> list[Command]:
    command = Command(type=CommandType.KILL_SWITCH, enabled=int(m["state"] == "on"))
    kind, name = m["kind"], m["name"]
    if kind == "account":
        return [replace(command, account=names.accounts.number(name))]
    if kind == "firm":
        return [replace(command, firm=int(name))]
    if kind == "instrument":
        return [replace(command, instrument=names.instrument(name))]
    return [command]


_PROTECTION: list[tuple[str, Callable[[Match], dict[str, int]]]] = [
    (r"tier (1|2)", lambda m: {"tier": Tier(int(m[1]))}),
    (r"collar (\S+%)", lambda m: {"collar": basis_points(m[1])}),
    (r"auction collar (\S+%)", lambda m: {"auction_collar": basis_points(m[1])}),
    (
        r"(\d+) extensions? of (\w+)",
        lambda m: {"extensions": int(m[1]), "extension_time": duration(m[2])},
    ),
    (r"drop (\S+%)", lambda m: {"drop": basis_points(m[1])}),
    (
        r"drop (\S+%) halts for (\w+)",
        lambda m: {"drop": basis_points(m[1]), "halt_time": duration(m[2])},
    ),
    (r"stops by (LAST|QUOTE)", lambda m: {"trigger_source": TriggerSource[m[1]]}),
    (r"all-or-none allowed", lambda m: {"permissions": Permission.ALL_OR_NONE}),
    (r"nothing", lambda m: {}),
]


def _protection(names: Names, m: Match) -> list[Command]:
    settings: dict[str, Any] = {}
    for clause in m["clauses"].split(", "):
        settings |= _clause(clause)
    instrument = names.instrument(m["symbol"])
    return [Command(type=CommandType.SET_PROTECTION, instrument=instrument, **settings)]


def _clause(text: str) -> dict[str, int]:
    for pattern, fields in _PROTECTION:
        if m := re.fullmatch(pattern, text):
            return fields(m)
    raise ValueError(f"{text} protects nothing; see README.md")


DAY_SENTENCES = [
    sentence(r"(?P<symbol>\S+) goes to (?P<phase>[A-Z_]+)", _phase),
    sentence(r"at (?P<time>\S+)", _at),
    sentence(r"timer at (?P<time>\S+)", _timer),
    sentence(r"reference of (?P<symbol>\S+) is (?P<price>\S+)", _reference),
    sentence(r"market closes at (?P<time>\S+)", _close),
    sentence(r"index is at (?P<level>\S+) of (?P<reference>\S+)", _index),
    sentence(
        r"kill switch (?P<state>on|off) for (?:the (?P<venue>venue)"
        r"|(?P<kind>account|firm|instrument) (?P<name>\S+))",
        _kill_switch,
    ),
    sentence(r"(?P<symbol>\S+) is protected by: (?P<clauses>.+)", _protection),
]
