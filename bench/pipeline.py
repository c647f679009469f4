"""``python -m bench.pipeline``: commands per second through everything but the ledger.

Ring, synced journal, business logic, output ring and two consumers, in the shared layout: every
command is on the disk before its events can be read. Beside it in the same run, the same feed
into a ring and a synced append alone.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from bench import common
from bench._drive import feed
from bench.bare import group_commit, wait_for_segment, wait_until
from node.core import Core

SLOTS = 1 << 16
Recording = tuple[common.Commands, common.Commands]


def whole_pipeline(
    folder: Path, recording: Recording, seconds: float, layout: str
) -> dict[str, Any]:
    setup, commands = recording
    with Core(folder, layout=layout, slots=SLOTS) as core:
        wait_for_segment(core.journaler)
        core.wait_applied(core.submit(setup))
        core.probe.histogram.reset()
        first = core.business.applied
        begun = time.monotonic()
        sent, _ = feed(core.input, commands, seconds=seconds, id_step=common.ID_STEP)
        core.wait_applied(first + sent, timeout=60)
        elapsed = time.monotonic() - begun
        if core.synced.value < first + sent:
            raise AssertionError("a command was applied that was not synced")
        core.stop()
        state = core.business.state
        return {
            "commands": sent,
            "commands_per_s": round(sent / elapsed),
            "seconds": round(elapsed, 3),
            "accepted": state.accepted,
            "rejected": sum(state.rejected.values()),
            "trades": state.trades,
            "commands_per_sync": round(sent / max(1, core.journaler.counters["batches"])),
            "latency_ns": common.percentiles(core.probe.histogram),
            "curve": core.probe.histogram,
        }


def append_alone(folder: Path, commands: common.Commands, seconds: float) -> float:
    with group_commit(folder, SLOTS) as (ring, synced, _):
        begun = time.monotonic()
        sent, _ = feed(ring, commands, seconds=seconds, id_step=common.ID_STEP)
        wait_until(synced, sent)
        return sent / (time.monotonic() - begun)


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--seconds", type=common.positive, default=10.0)
    options.add_argument("--layout", default="shared", choices=["shared", "dedicated"])
    common.add_plot(options)
    chosen: argparse.Namespace = options.parse_args(arguments)
    recording = common.recording()
    with common.scratch(chosen.dir) as folder:
        bare = append_alone(folder / "bare", recording[1], min(3.0, chosen.seconds))
        result = whole_pipeline(folder / "whole", recording, chosen.seconds, chosen.layout)
    curve = result.pop("curve")
    if chosen.plot:
        common.plot({"publication to events readable, ring full": curve}, chosen.plot)
    result["append_alone_per_s"] = round(bare)
    result["ratio"] = round(result["commands_per_s"] / bare, 3)
    common.show(
        f"Pipeline, {result['seconds']} s, {chosen.layout} layout",
        ["path", "commands/s", "ratio"],
        [
            ["ring and synced append alone", f"{bare:,.0f}", "1"],
            ["whole pipeline", f"{result['commands_per_s']:,}", result["ratio"]],
        ],
        result,
        chosen.json,
    )


if __name__ == "__main__":
    main()
