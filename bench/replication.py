"""``python -m bench.replication``: what a standby costs, beside bare Aeron and bare writes.

A primary here and its standby in a process of its own, with a journal each and Aeron between them
as two nodes on one machine have it, frames encrypted. Beside it, in turns within the same run, a
bare pair (bench/_pair.pyx): the same messages over the same channel, the same bytes written by the
same calls, called by the same loops, and nothing else.

received: from a command's publication until the standby's receipt is here, one command in flight,
the journals in memory, against the bare pair's trip without any write. readable: until the command
is applied, which waits for the receipt and for the write here, the journals on the disk, against
the bare pair's trip and writes at once; both standbys write, too, on the same disk. Then a ring
that is never empty, and an open loop at fixed rates, all in the `shared` layout.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import common
from bench._drive import Stages, feed, feed_at_rate
from bench._replication import one_in_flight
from bench.aeron import SHARED_MEMORY
from bench.bare import wait_until
from bench.other_side import MTU
from bench.two_nodes import Folders, Pair, pairs
from lmax.histogram import Histogram
from lmax.ringbuffer.sequence import RingSequence

TURN = 500
"""Commands of one turn, of which the first few are not recorded."""

WARM = 50


def turn(pair: Pair, until: RingSequence, into: Histogram) -> None:
    with pair.awake():
        one_in_flight(pair.ring, pair.agents, until, pair.done, Histogram(), WARM)
        one_in_flight(pair.ring, pair.agents, until, pair.done, into, TURN)


class Beside:
    """Ours and the limit, in turns; and the ratio of each turn by itself.

    A stall of the machine falls on one of the two by chance, so beside the ratio of all turns there
    is the median of the turns' own.
    """

    def __init__(self) -> None:
        self.ours, self.bare = Histogram(), Histogram()
        self._turns: list[dict[str, float]] = []

    def add(self, ours: Histogram, bare: Histogram) -> None:
        self.ours.add(ours)
        self.bare.add(bare)
        self._turns.append(common.ratios(common.percentiles(ours), common.percentiles(bare)))

    def told(self, name: str, limit: str) -> dict[str, Any]:
        ours, bare = common.percentiles(self.ours), common.percentiles(self.bare)
        return {
            f"{name}_ns": ours,
            f"{limit}_ns": bare,
            f"{name}_ratio": common.ratios(ours, bare),
            f"{name}_median_ratio_of_turns": {
                each: round(statistics.median(found[each] for found in self._turns), 3)
                for each in self._turns[0]
            },
        }


def one_by_one(
    medium: str,
    rounds: int,
    folders: Folders,
    bare_folders: Folders | None,
    reached: Callable[[Pair], RingSequence],
) -> Beside:
    """One command in flight until it is `reached`, in turns with the bare pair."""
    beside = Beside()
    with pairs() as made:
        ours = made.ours(medium, folders, spins=True)
        bare = made.bare(medium, bare_folders, spins=True)
        made.connect()
        for _ in range(rounds):
            here, limit = Histogram(), Histogram()
            turn(ours, reached(ours), here)
            turn(bare, reached(bare), limit)
            beside.add(here, limit)
    return beside


def receipt(folder: Path, medium: str, rounds: int) -> dict[str, Any]:
    """Until the receipt; nothing is on a disk."""
    folders = folder / "primary", folder / "standby"
    beside = one_by_one(medium, rounds, folders, None, lambda pair: pair.received)
    return beside.told("received", "bare_trip")


def readable(folder: Path, medium: str, rounds: int) -> dict[str, Any]:
    """Until it is applied; synced here, and received there."""
    folders = folder / "primary", folder / "standby"
    bare = folder / "bare-primary", folder / "bare-standby"
    beside = one_by_one(medium, rounds, folders, bare, lambda pair: pair.done)
    return beside.told("readable", "bare_pair")


def loaded(pair: Pair, commands: common.Commands, seconds: float) -> tuple[float, float]:
    """Commands a second with a ring that is never empty, and commands of one message."""
    with pair.at_work():
        messages, before = pair.messages, pair.done.value
        feeder = threading.Thread(
            target=feed,
            args=(pair.ring, commands),
            kwargs={"seconds": seconds, "id_step": common.ID_STEP, "batch": 256},
        )
        began = time.perf_counter()
        feeder.start()
        feeder.join()
        took, done = time.perf_counter() - began, pair.done.value - before
        wait_until(pair.done, pair.ring.cursor)
    return done / took, done / max(1, pair.messages - messages)


def full_load(folder: Path, medium: str, rounds: int, seconds: float) -> dict[str, Any]:
    """In turns with the bare pair."""
    commands = common.recording(100_000)[1]
    ours_found, bare_found, sizes = [], [], []
    with pairs() as made:
        ours = made.ours(medium, (folder / "primary", folder / "standby"))
        bare = made.bare(medium, (folder / "bare-primary", folder / "bare-standby"))
        made.connect()
        for _ in range(rounds):
            rate, size = loaded(ours, commands, seconds / rounds)
            ours_found.append(rate)
            sizes.append(size)
            bare_found.append(loaded(bare, commands, seconds / rounds)[0])
    each = [mine / limit for mine, limit in zip(ours_found, bare_found, strict=True)]
    return {
        "commands_per_s": round(statistics.median(ours_found)),
        "best_per_s": round(max(ours_found)),
        "bare_pair_per_s": round(statistics.median(bare_found)),
        "load_ratio": round(statistics.median(each), 3),
        "commands_per_message": round(statistics.median(sizes), 1),
    }


def at_rate(folder: Path, medium: str, rate: float, rounds: int, seconds: float) -> dict[str, Any]:
    """Open loop, from the time at which a command was due until it is applied."""
    commands = common.recording(100_000)[1]
    beside = Beside()
    with pairs() as made:
        ours = made.ours(medium, (folder / "primary", folder / "standby"))
        bare = made.bare(medium, (folder / "bare-primary", folder / "bare-standby"))
        made.connect()
        for _ in range(rounds):
            found = []
            for pair in (ours, bare):
                stages = Stages()
                with pair.at_work():
                    feed_at_rate(
                        pair.ring,
                        pair.done,
                        commands,
                        stages,
                        rate=rate,
                        seconds=seconds / rounds,
                        id_step=common.ID_STEP,
                        warm_up=0.1,
                    )
                found.append(stages.synced)
            beside.add(*found)
    return {"rate": rate, **beside.told("latency", "bare_pair")}


def measured(options: argparse.Namespace, folder: Path, memory: Path) -> dict[str, Any]:
    found = {}
    for medium in options.media:
        found[medium] = (
            receipt(memory / medium, medium, options.rounds)
            | readable(folder / f"{medium}-alone", medium, options.rounds)
            | full_load(folder / f"{medium}-full", medium, min(5, options.rounds), options.seconds)
        )
        found[medium]["rates"] = [
            at_rate(
                folder / f"{medium}-{rate:.0f}",
                medium,
                rate,
                min(5, options.rounds),
                options.seconds,
            )
            for rate in options.rates
        ]
    return found


def rows_of(medium: str, found: dict[str, Any]) -> list[list[str]]:
    def row(name: str, values: dict[str, Any], show: Any) -> list[str]:
        return [medium, name, *(show(values[p]) for p in ("p50", "p99", "p999"))]

    def block(name: str, limit: str, values: dict[str, Any], title: str) -> list[list[str]]:
        return [
            row(f"{title}, µs", values[f"{name}_ns"], common.microseconds),
            row("  bare", values[f"{limit}_ns"], common.microseconds),
            row("  ratio", values[f"{name}_ratio"], str),
            row("  median of turns", values[f"{name}_median_ratio_of_turns"], str),
        ]

    rows = block("received", "bare_trip", found, "received")
    rows += block("readable", "bare_pair", found, "readable")
    for each in found["rates"]:
        rows += block("latency", "bare_pair", each, f"at {each['rate']:,.0f}/s")
    rows.append([medium, "full load, commands/s", f"{found['commands_per_s']:,}", "", ""])
    rows.append([medium, "  bare", f"{found['bare_pair_per_s']:,}", "", ""])
    rows.append([medium, "  ratio", str(found["load_ratio"]), "", ""])
    return rows


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--rounds", type=int, default=20, help=f"turns of {TURN} commands")
    options.add_argument("--seconds", type=common.positive, default=5, help="of each load")
    options.add_argument(
        "--rates", type=common.positive, nargs="*", default=[10_000.0, 100_000.0, 500_000.0]
    )
    options.add_argument("--media", nargs="+", choices=list(MTU), default=list(MTU))
    chosen = options.parse_args(arguments)
    if chosen.rounds < 1:
        options.error("--rounds starts at 1")
    with (
        common.scratch(chosen.dir) as folder,
        tempfile.TemporaryDirectory("-lmax-bench", dir=SHARED_MEMORY) as memory,
    ):
        found = measured(chosen, folder, Path(memory))
    rows = [row for medium, each in found.items() for row in rows_of(medium, each)]
    common.show("Replication", ["medium", "what", "p50", "p99", "p99.9"], rows, found, chosen.json)


if __name__ == "__main__":
    main()
