"""``python -m bench.journal``: the synced journal beside bare writes of the same sizes.

All in turns within one run, on the same disk: one command in flight against one bare synced
write; a ring that is always full against the same sizes written bare; group commit at fixed
rates, open loop, each command's time counted from when it was due.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench import common
from bench._drive import Stages, feed, feed_at_rate
from bench._journal import drain, one_in_flight, raw_writes
from bench.bare import wait_for_segment
from bench.journal_encrypted import encrypted_cost
from bench.journal_encrypted import table_rows as encrypted_rows
from journal._writer import Journaler
from journal.files import DEFAULT_SEGMENT_BYTES, Journal
from journal.folder import RealFolder
from journal.keys import Keys
from journal.probe import choose_mode
from lmax.histogram import Histogram
from lmax.ringbuffer.agent import AgentRunner
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.ringbuffer.wait import WaitStrategy
from lmax.schema import COMMAND

SLOTS = 1 << 16
TURN = 40
WINDOW_NS = 40_000_000
RAW = "raw"
AHEAD = 6
"""Segments made before a full load, which is how a node with retention finds its disk."""

KEY = Keys({1: bytes(range(32))}, 1)


@contextmanager
def opened(
    folder: Path, mode: str, keys: Keys | None = None, free: int = 0
) -> Iterator[tuple[RingBuffer, RingSequence, Journaler]]:
    """A journal with a ring before it, and its first segment made."""
    folder.mkdir()
    for number in range(free):
        RealFolder(folder, "direct").make(f"{number}.free", DEFAULT_SEGMENT_BYTES)
    with Journal(folder, mode=mode, keys=keys) as journal:
        for _ in journal.replay():
            pass
        ring = RingBuffer(SLOTS, dtype=COMMAND)
        synced = RingSequence()
        ring.add_gate(synced)
        journaler = journal.journaler(ring, synced)
        wait_for_segment(journaler)
        yield ring, synced, journaler


@contextmanager
def raw_file(folder: Path) -> Iterator[int]:
    """A file full of zeros, opened as the journal opens its segments."""
    real = RealFolder(folder, "direct")
    real.make(RAW, DEFAULT_SEGMENT_BYTES)
    fd = real.open_to_write(RAW)
    try:
        yield fd
    finally:
        os.close(fd)


def alone(folder: Path, mode: str, rounds: int, keys: Keys | None) -> dict[str, Any]:
    """One command in flight, in turns of some writes with the bare loop."""
    ours, bare = Histogram(), Histogram()
    block = np.full(TURN, 4096, np.int64)
    with opened(folder / "alone", mode, keys) as (ring, synced, agent), raw_file(folder) as fd:
        for _ in range(rounds):
            one_in_flight(ring, agent, synced, ours, TURN)
            raw_writes(fd, block, DEFAULT_SEGMENT_BYTES, bare)
    journal_ns, raw_ns = common.percentiles(ours), common.percentiles(bare)
    return {"journal_ns": journal_ns, "raw_ns": raw_ns, "ratio": common.ratios(journal_ns, raw_ns)}


def full_load(
    folder: Path, mode: str, seconds: float, rounds: int, keys: Keys | None
) -> dict[str, Any]:
    """A ring that is never empty, in short turns with the same sizes bare."""
    commands = common.recording(100_000)[1]
    turns: list[tuple[int, int, int, int]] = []  # commands, bytes, ns, ns bare
    for turn in range(rounds):
        place = folder / f"full-{turn}"
        with raw_file(folder) as fd, opened(place, mode, keys, AHEAD) as (ring, synced, agent):
            feeder = threading.Thread(
                target=feed,
                args=(ring, commands),
                kwargs={"seconds": 3 * seconds, "id_step": common.ID_STEP, "batch": 256},
            )
            feeder.start()
            drain(agent, synced, WINDOW_NS, np.zeros(1 << 16, np.int64))
            while feeder.is_alive():
                turns.append(one_window(agent, synced, fd))
            feeder.join()
        for path in place.iterdir():
            path.unlink()
    rates = [count / ns * 1e9 for count, _, ns, _ in turns]
    ratios = [raw_ns / ns for _, _, ns, raw_ns in turns]
    total_bytes, total_ns, raw_ns = (sum(column) for column in list(zip(*turns, strict=True))[1:])
    return {
        "commands_per_s": round(statistics.median(rates)),
        "best_commands_per_s": round(max(rates)),
        "gb_per_s": round(total_bytes / total_ns, 3),
        "bare_gb_per_s": round(total_bytes / raw_ns, 3),
        "bandwidth_ratio": round(statistics.median(ratios), 3),
        "ratio_of_sums": round(raw_ns / total_ns, 3),
        "windows": len(turns),
    }


def one_window(agent: Journaler, synced: RingSequence, fd: int) -> tuple[int, int, int, int]:
    """Commands, bytes and ns of the journal in one window, and ns of the same writes bare."""
    sizes = np.zeros(1 << 12, np.int64)
    before = synced.value
    batches, ns = drain(agent, synced, WINDOW_NS, sizes)
    done = sizes[:batches]
    raw_ns = raw_writes(fd, done, DEFAULT_SEGMENT_BYTES, Histogram())
    return synced.value - before, int(done.sum()), ns, raw_ns


def group_commit(folder: Path, mode: str, rate: float, seconds: float) -> dict[str, Any]:
    """Latency from when a command was due until it is on the disk."""
    commands = common.recording(100_000)[1]
    stages = Stages()
    with opened(folder / f"rate-{rate:.0f}", mode) as (ring, synced, agent):
        runner = AgentRunner(
            [agent], name="bench", strategy=WaitStrategy.BACKOFF, max_sleep=0.00005
        ).start()
        try:
            feed_at_rate(
                ring, synced, commands, stages, rate=rate, seconds=seconds, id_step=common.ID_STEP
            )
        finally:
            runner.stop()
            runner.join()
        batches = agent.counters["batches"]
    return {
        "rate": rate,
        "latency_ns": common.percentiles(stages.synced),
        "commands_per_sync": round(rate * (seconds + 0.5) / max(1, batches), 1),
    }


def measured(options: argparse.Namespace) -> dict[str, Any]:
    keys = KEY if options.encrypt else None
    with common.scratch(options.dir) as folder:
        why = ""
        if options.mode == "auto":
            options.mode, why = choose_mode(folder)
        single = alone(folder, options.mode, options.rounds, keys)
        full = full_load(folder, options.mode, options.seconds, options.loads, keys)
        groups = [group_commit(folder, options.mode, r, options.seconds) for r in options.rates]
        cost = {}
        if options.encrypted:
            cost = encrypted_cost(
                folder,
                lambda place, keys: opened(place, options.mode, keys, AHEAD),
                KEY,
                rounds=options.rounds,
                loads=options.loads,
                seconds=options.seconds,
            )
    return {
        "mode": options.mode,
        "probe": why,
        "machine_load": os.getloadavg()[0],
        "encrypted": options.encrypt,
        "one_in_flight_p50_ratio": single["ratio"]["p50"],
        "one_in_flight_p99_ratio": single["ratio"]["p99"],
        "commands_per_s": full["commands_per_s"],
        "bandwidth_ratio": full["bandwidth_ratio"],
        "one_in_flight": single,
        "full_load": full,
        "group_commit": groups,
        **({"encryption": cost} if cost else {}),
    }


def table_rows(found: dict[str, Any]) -> list[list[str]]:
    single, full = found["one_in_flight"], found["full_load"]
    lines = {"one in flight: journal": single["journal_ns"], "bare write": single["raw_ns"]}
    lines |= {f"group commit {g['rate']:,.0f}/s": g["latency_ns"] for g in found["group_commit"]}
    rows = [[name, *map(common.microseconds, ns.values())] for name, ns in lines.items()]
    rows.insert(2, ["journal / bare", *(f"{ratio:.2f}" for ratio in single["ratio"].values())])
    rate = f"{full['commands_per_s']:,}/s"
    ratio = f"{full['gb_per_s']} GB/s, {full['bandwidth_ratio']} of bare"
    rows.append(["full load", rate, ratio, "", "", "", ""])
    return rows + (encrypted_rows(found["encryption"]) if "encryption" in found else [])


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument(
        "--mode", default="auto", help="auto (what a node would take here), direct, buffered, uring"
    )
    options.add_argument("--rounds", type=int, default=50, help=f"of {TURN} single writes each")
    options.add_argument("--loads", type=int, default=3, help="rounds of full load")
    options.add_argument("--seconds", type=common.positive, default=0.4, help="of each load")
    options.add_argument("--rates", type=common.positive, nargs="*", default=[1e4, 1e5, 1e6])
    options.add_argument("--encrypt", action="store_true", help="AES-256-GCM at rest")
    options.add_argument("--encrypted", action="store_true", help="and what that costs, in turns")
    chosen = options.parse_args(arguments)
    found = measured(chosen)
    common.show(
        f"Journal, {chosen.mode}, µs",
        ["what", "p50", "p90", "p99", "p99.9", "p99.99", "max"],
        table_rows(found),
        found,
        chosen.json,
    )


if __name__ == "__main__":
    main()
