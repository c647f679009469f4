"""Sentences about the day: the clock, phases, protection, the index, kill switches."""

from collections.abc import Callable, Iterator
from typing import Any

from lmax.schema import CommandType, Permission, Phase, Tier, TriggerSource
from tests.scenarios.names import PRICE_SCALE, Names, to_units
from tests.scenarios.sentence import Match, about, sentence
from tests.scenarios.units import basis_points, duration, time_of_day
from tests.twin import Command

ALL = "everything"


def _phase(names: Names, m: Match) -> list[Command]:
    instrument = 0 if m["symbol"] == ALL else names.instrument(m["symbol"])
    return [Command(type=CommandType.SET_PHASE, instrument=instrument, phase=Phase[m["phase"]])]


def _clock(names: Names, m: Match) -> list[Command]:
    names.clock = time_of_day(m["time"])
    return []


def _timer(names: Names, m: Match) -> list[Command]:
    if m["time"]:
        names.clock = time_of_day(m["time"])
    return [Command(type=CommandType.TIMER)]


def _reference(names: Names, m: Match) -> list[Command]:
    return about(names, m, CommandType.SET_REFERENCE, price=to_units(m["price"], PRICE_SCALE))


def _close(names: Names, m: Match) -> list[Command]:
    return [Command(type=CommandType.SET_CLOSE, expire_time=time_of_day(m["time"]))]


def _index(names: Names, m: Match) -> list[Command]:
    level, reference = (to_units(m[name], PRICE_SCALE) for name in ("level", "reference"))
    return [Command(type=CommandType.SET_INDEX, price=level, quantity=reference)]


def _extensions(words: Iterator[str]) -> dict[str, Any]:
    count, _, time = next(words), next(words), next(words)
    return {"extensions": int(count), "extension_time": duration(time)}


_SETTINGS: dict[str, Callable[[Iterator[str]], dict[str, Any]]] = {
    "tier": lambda words: {"tier": Tier(int(next(words)))},
    "collar": lambda words: {"collar": basis_points(next(words))},
    "auction-collar": lambda words: {"auction_collar": basis_points(next(words))},
    "extensions": _extensions,
    "drop": lambda words: {"drop": basis_points(next(words))},
    "halts-for": lambda words: {"halt_time": duration(next(words))},
    "stops-by": lambda words: {"trigger_source": TriggerSource[next(words).upper()]},
    "all-or-none": lambda words: {"permissions": Permission.ALL_OR_NONE},
}


def _protection(names: Names, m: Match) -> list[Command]:
    settings: dict[str, Any] = {}
    words = iter(m["what"].split())
    for word in words:
        settings |= _SETTINGS[word](words)
    return about(names, m, CommandType.SET_PROTECTION, **settings)


def _kill_switch(names: Names, m: Match) -> list[Command]:
    named = {
        "account": lambda name: {"account": names.accounts.number(name)},
        "firm": lambda name: {"firm": int(name)},
        "instrument": lambda name: {"instrument": names.instrument(name)},
    }
    scope: dict[str, Any] = named[m["kind"]](m["name"]) if m["kind"] else {}
    enabled = int(m["state"] == "on")
    return [Command(type=CommandType.KILL_SWITCH, enabled=enabled, **scope)]


DAY_SENTENCES = [
    sentence(r"clock (?P<time>\S+)", _clock),
    sentence(r"timer(?: at (?P<time>\S+))?", _timer),
    sentence(r"(?P<symbol>\S+) goes to (?P<phase>[A-Z_]+)", _phase),
    sentence(r"reference of (?P<symbol>\S+) is (?P<price>\S+)", _reference),
    sentence(r"protection of (?P<symbol>\S+):(?P<what>(?: \S+)*)", _protection),
    sentence(r"market closes at (?P<time>\S+)", _close),
    sentence(r"index is at (?P<level>\S+) of (?P<reference>\S+)", _index),
    sentence(
        r"kill switch (?P<state>on|off) for (?:the venue"
        r"|(?P<kind>account|firm|instrument) (?P<name>\S+))",
        _kill_switch,
    ),
]
