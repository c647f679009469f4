"""``python -m bench.latency``: how long a command takes at a fixed rate, stage by stage.

Open loop: command k is due at start + k / rate and its latency counts from then, so a stall is
charged to every command that it holds up. Beside it, in turns within the same run, a bare group
commit: a thread that sends the same commands, a ring, a thread that writes and syncs; no engine.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

from bench import common
from bench._drive import Stages, feed_at_rate
from bench.bare import group_commit, wait_for_segment
from node.core import Core

SLOTS = 1 << 16
STAGES = {
    "sent": "due → in the ring",
    "synced": "due → on the disk",
    "readable": "due → events readable",
}


Recording = tuple[common.Commands, common.Commands]


def run_bare(folder: Path, recording: Recording, rate: float, seconds: float, into: Stages) -> None:
    with group_commit(folder, SLOTS) as (ring, synced, _):
        feed_at_rate(
            ring,
            synced,
            recording[1],
            into,
            rate=rate,
            seconds=seconds,
            id_step=common.ID_STEP,
        )


def run_whole(
    folder: Path, recording: Recording, rate: float, seconds: float, layout: str, into: Stages
) -> None:
    with Core(folder, layout=layout, slots=SLOTS) as core:
        wait_for_segment(core.journaler)
        core.wait_applied(core.submit(recording[0]))
        feed_at_rate(
            core.input,
            core.synced,
            recording[1],
            into,
            rate=rate,
            seconds=seconds,
            id_step=common.ID_STEP,
            output=core.output,
        )


def at_rate(options: argparse.Namespace, recording: Recording, rate: float) -> dict[str, Any]:
    """Bare and whole in turns, `rounds` times each.

    A stall of the disk or of the machine falls on one of the two by chance. So beside the ratio
    of all rounds together there is the median of the rounds' own ratios.
    """
    bare, whole = Stages(), Stages()
    each = []
    for _ in range(options.rounds):
        one_bare, one_whole = Stages(), Stages()
        with common.scratch(options.dir) as folder:
            run_bare(folder / "bare", recording, rate, options.seconds, one_bare)
            run_whole(folder / "whole", recording, rate, options.seconds, options.layout, one_whole)
        each.append(
            common.ratios(
                common.percentiles(one_whole.readable), common.percentiles(one_bare.synced)
            )
        )
        for total, one in ((bare, one_bare), (whole, one_whole)):
            for stage in STAGES:
                getattr(total, stage).add(getattr(one, stage))
    ours, limit = common.percentiles(whole.readable), common.percentiles(bare.synced)
    return {
        "rate": rate,
        "commands": whole.readable.count,
        "latency_ns": ours,
        "bare_ns": limit,
        "ratio": common.ratios(ours, limit),
        "median_ratio_of_rounds": {
            name: round(statistics.median(found[name] for found in each), 3) for name in each[0]
        },
        "stages_ns": {name: common.percentiles(getattr(whole, name)) for name in STAGES},
        "curves": {"whole": whole.readable, "bare": bare.synced},
    }


def table_rows(results: list[dict[str, Any]]) -> list[list[str]]:
    rows = []
    for found in results:
        rate = f"{found['rate']:,.0f}/s"
        lines = {"bare group commit": found["bare_ns"]}
        lines |= {STAGES[name]: found["stages_ns"][name] for name in STAGES}
        for name, values in lines.items():
            rows.append([rate, name, *(common.microseconds(v) for v in values.values())])
        for name, key in (
            ("readable / bare", "ratio"),
            ("median of rounds", "median_ratio_of_rounds"),
        ):
            rows.append([rate, name, *(f"{r:.2f}" for r in found[key].values())])
    return rows


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--rates", type=common.positive, nargs="+", default=[10_000.0, 100_000.0])
    options.add_argument("--seconds", type=common.positive, default=1.5, help="of each round")
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--layout", default="shared", choices=["shared", "dedicated"])
    common.add_plot(options)
    chosen = options.parse_args(arguments)
    if chosen.rounds < 1:
        options.error("--rounds starts at 1")
    recording = common.recording()
    results = [at_rate(chosen, recording, rate) for rate in chosen.rates]
    if chosen.plot:
        curves = {
            f"{found['rate']:,.0f}/s {name}": histogram
            for found in results
            for name, histogram in found["curves"].items()
        }
        common.plot(curves, chosen.plot)
    for found in results:
        del found["curves"]
    common.show(
        "Latency in µs, open loop, from the intended send time",
        ["rate", "what", "p50", "p90", "p99", "p99.9", "p99.99", "max"],
        table_rows(results),
        {"layout": chosen.layout, "rates": results},
        chosen.json,
    )


if __name__ == "__main__":
    main()
