"""``python -m bench.engine``: the engine with accounts, reservations and full events, no journal.

One thread applies commands and writes their events into slots that it uses again and again. The
flows are those of `bench.book`, spread over accounts and instruments that have the funds for
them, and the generated market of `make run`. Beside it in the same run: a loop that only reads
each command and writes as many events.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bench import common, flows
from bench._engine import events_of_each, play, raw, time_each
from bench.measuring import Rates, Spans, timer_told
from flow import shapes
from flow.commands import CASH, Commands, define_instrument, deposits, open_accounts
from flow.generator import MarketGenerator
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import COMMAND, CommandType, EventType

SLOTS = 1 << 14
"""Events in the output, 2 MiB: they are still in the cache when their slot comes again."""

FUNDS = 2**45
"""Shares of each instrument, and 10^-4 of money, that each account has."""

MARKET = "market"


@dataclass(frozen=True)
class Load:
    """What a new engine needs first, and a day of commands, to play again and again."""

    setup: Commands
    commands: Commands
    source: str


def spread(name: str, accounts: int, instruments: int, ids: str, first: int | None) -> Load:
    """A single-symbol flow, each order by an account and in an instrument that its id decides."""
    flow, source = flows.flow_of(name, ids="dense", first=first)
    commands = shapes.to_commands(flow)
    draw = flows.scrambled(flow["order_id"])
    commands["account"] = 1 + draw % np.uint64(accounts)
    commands["instrument"] = 1 + (draw >> np.uint64(32)) % np.uint64(instruments)
    if ids == "random":
        for field in ("client_order_id", "orig_client_order_id"):
            named = commands[field] != 0
            commands[field][named] = flows.scrambled(commands[field][named])
    everyone = np.arange(1, accounts + 1)
    numbers = range(1, instruments + 1)
    setup = [open_accounts(everyone), deposits(everyone, CASH, FUNDS)]
    setup += [define_instrument(number, f"FLOW{number}") for number in numbers]
    setup += [deposits(everyone, number, FUNDS) for number in numbers]
    return Load(joined(setup), commands, source)


def market(first: int | None) -> Load:
    """The market of `make run`: 20 instruments, 1,000 accounts, all kinds of orders."""
    generator = MarketGenerator(1)
    return Load(generator.setup(), generator.next_batch(first or 500_000), "generated")


class Days:
    """An engine that goes through the same day again and again; the ids are free at its end."""

    def __init__(self, load: Load) -> None:
        self.engine = Engine()
        self.commands = load.commands.copy()
        self._apply(load.setup.copy())

    def _apply(self, commands: Commands) -> None:
        number(commands, self.engine)
        self.engine.skim(commands)

    def next(self) -> Commands:
        """The day's commands, with the sequences whose turn it is."""
        end = np.zeros(1, COMMAND)
        end["type"] = CommandType.END_OF_DAY
        self._apply(end)
        number(self.commands, self.engine)
        return self.commands


def number(commands: Commands, engine: Engine) -> None:
    """Give commands the sequences that the engine expects next."""
    commands["sequence"] = np.arange(1, len(commands) + 1, dtype=np.uint64) + engine.sequence


def shares(load: Load) -> dict[str, float]:
    """What becomes of a day's commands."""
    days = Days(load)
    before = days.engine.accepted
    commands = days.next()
    events = days.engine.apply(commands)
    fills = events[events["type"] == EventType.FILL]
    orders = int(np.count_nonzero(commands["type"] == CommandType.NEW_ORDER))
    entered = names(commands, "account", "client_order_id")
    traded = names(fills, "account", "client_order_id")
    traded |= names(fills, "maker_account", "maker_client_order_id")
    return {
        "accepted_share": round((days.engine.accepted - before - 1) / len(commands), 4),
        "traded_share": round(len(traded & entered) / max(1, orders), 4),
        "fills": len(fills),
        "events_per_command": round(len(events) / len(commands), 2),
    }


def names(records: Commands, account: str, order_id: str) -> set[tuple[int, int]]:
    return set(zip(records[account].tolist(), records[order_id].tolist(), strict=True))


def measure(name: str, load: Load, runs: int) -> dict[str, Any]:
    """Speed and spans of one load."""
    days = Days(load)
    events = events_of_each(days.engine, days.next())  # warms up, too
    ours, limit = Rates(len(load.commands)), Rates(len(load.commands))
    spans, surprised = Spans(), Spans()
    for _ in range(runs):
        commands = days.next()
        ours.time(partial(play, days.engine, commands, SLOTS))
        limit.time(partial(raw, commands, events, SLOTS))
    for _ in range(max(2, runs // 3)):
        time_each(days.engine, days.next(), spans.run(), SLOTS)
        time_each(days.engine, days.next(), surprised.run(), SLOTS, False)
    return {
        "flow": name,
        "source": load.source,
        "commands": len(load.commands),
        **ours.told("commands"),
        "ns_per_command": round(ours.best_ns, 1),
        **spans.told("latency_ns"),
        **surprised.told("surprised_ns"),
        "raw_per_s": limit.best_per_s,
        "ratio_to_raw": round(limit.best_ns / ours.best_ns, 3),
        **shares(load),
    }


def options() -> Any:
    made = common.parser((__doc__ or "").split("\n\n")[0])
    made.add_argument(
        "--flow", nargs="+", default=["normal", "static", MARKET], choices=[*shapes.SWINGS, MARKET]
    )
    made.add_argument("--accounts", type=int, default=100, help="how many share a flow (100)")
    made.add_argument("--instruments", type=int, default=4, help="over how many it goes (4)")
    made.add_argument("--ids", choices=flows.IDS, default="random", help="client order ids")
    made.add_argument("--runs", type=int, default=15, help="best and median of so many (15)")
    made.add_argument("--quick", action="store_true", help="little of everything, in seconds")
    return made


def main(arguments: list[str] | None = None) -> None:
    parser = options()
    chosen = parser.parse_args(arguments)
    if min(chosen.accounts, chosen.instruments, chosen.runs) < 1:
        parser.error("--accounts, --instruments and --runs start at 1")
    first, runs = (20_000, 3) if chosen.quick else (None, chosen.runs)
    results = []
    for name in chosen.flow:
        load = (
            market(first)
            if name == MARKET
            else spread(name, chosen.accounts, chosen.instruments, chosen.ids, first)
        )
        results.append(measure(name, load, runs))
    timer = timer_told()
    show(results, timer, chosen.json)


def show(results: list[dict[str, Any]], timer: dict[str, int], as_json: bool) -> None:
    head = results[0]
    common.show(
        f"Engine, one thread, no journal; spans include the timer's {timer['p50']} ns",
        ["flow", "commands/s", "median", "of raw", "p50", "p99", "p99.9", "max µs", "accepted"],
        [
            [
                found["flow"],
                f"{found['commands_per_s']:,}",
                f"{found['median_per_s']:,}",
                found["ratio_to_raw"],
                found["latency_ns"]["p50"],
                found["latency_ns"]["p99"],
                found["latency_ns"]["p999"],
                common.microseconds(found["latency_ns"]["max"]),
                f"{found['accepted_share']:.1%}",
            ]
            for found in results
        ],
        {
            **{key: head[key] for key in ("commands_per_s", "median_per_s", "latency_ns")},
            "flow": head["flow"],
            "raw_per_s": head["raw_per_s"],
            "ratio_to_raw": head["ratio_to_raw"],
            "timer_ns": timer,
            "flows": results,
        },
        as_json,
    )


if __name__ == "__main__":
    main()
