"""``python -m bench.replay``: the state worked out again from a journal without a snapshot.

A day of the generated market is journaled first. Then, in turns: the replay as a start does it
(read, checked and hashed on one core, applied on another), the engine alone on the same commands
in memory, the reader alone with and without hashes, and the bare reading of the files.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import common
from bench.bare import wait_for_segment
from flow.generator import MarketGenerator
from journal.files import Journal
from journal.reader import READ_BYTES, Reader, segment_numbers, segment_path
from journal.replay import play
from journal.verify import verify
from lmax._engine import Engine
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND, RECORD_BYTES

Commands = npt.NDArray[np.void]

SLOTS = 1 << 14
PART = 1 << 16
BATCH = 8_191
"""Commands that are written at once: as many as go into a batch."""
CHECKPOINT_CALLS = 1_000


class Writing:
    """A journal that takes whatever it is given, batch by batch."""

    def __init__(self, journal: Journal) -> None:
        self.ring = RingBuffer(SLOTS, dtype=COMMAND)
        self.synced = RingSequence()
        self.ring.add_gate(self.synced)
        self.agent = journal.journaler(self.ring, self.synced)
        wait_for_segment(self.agent)

    def write(self, commands: Commands) -> None:
        for start in range(0, len(commands), BATCH):
            part = commands[start : start + BATCH].copy()
            first = self.ring.cursor + 1
            part["sequence"] = part["timestamp"] = np.arange(first, first + len(part))
            self.ring.publish_array(part)
            while self.synced.value < self.ring.cursor:
                if not self.agent.do_work():
                    time.sleep(0.0002)


def write_day(folder: Path, commands: int) -> None:
    """A journal of the generated market, of about so many commands."""
    market = MarketGenerator(1)
    with Journal(folder) as journal:
        for _ in journal.replay():
            pass
        writing = Writing(journal)
        writing.write(market.setup())
        while writing.ring.cursor < commands:
            writing.write(market.next_batch(min(PART, commands - writing.ring.cursor)))
        del writing


def timed(work: Callable[[], int]) -> tuple[float, float]:
    """(units a second of wall time, of the processor's)."""
    wall, busy = time.perf_counter(), time.process_time()
    count = work()
    return count / (time.perf_counter() - wall), count / (time.process_time() - busy)


def replay(folder: Path, hashes: bool = True) -> int:
    engine = Engine()
    with Reader(folder, hashes=hashes) as reader:
        play(engine, reader)
    return engine.sequence


def reading(folder: Path, hashes: bool) -> int:
    with Reader(folder, hashes=hashes) as reader:
        for _ in reader.batches():
            pass
        return reader.sequence


def applying(parts: list[Commands]) -> int:
    engine = Engine()
    for commands in parts:
        engine.skim(commands)
    return engine.sequence


def bare(folder: Path) -> int:
    """Read all segments and look at nothing; bytes."""
    buffer, done = bytearray(READ_BYTES), 0
    for number in segment_numbers(folder):
        with segment_path(folder, number).open("rb", buffering=0) as file:
            while got := file.readinto(buffer):
                done += got
    return done


def verifying(folder: Path, hashes: bool) -> int:
    """Bytes of commands that were verified."""
    verdict = verify(folder, hashes=hashes)
    if verdict.damage:
        raise verdict.damage
    return verdict.bytes


def in_memory(folder: Path) -> list[Commands]:
    with Reader(folder, hashes=False) as reader:
        return [commands.copy() for commands in reader.batches()]


def checkpoint_ns(parts: list[Commands]) -> float:
    """What the state hash of that market costs."""
    engine = Engine()
    for commands in parts:
        engine.skim(commands)
    began = time.perf_counter_ns()
    for _ in range(CHECKPOINT_CALLS):
        engine.state_hash  # noqa: B018
    return (time.perf_counter_ns() - began) / CHECKPOINT_CALLS


def measured(folder: Path, rounds: int, alone: bool) -> dict[str, Any]:
    """All in turns; the best of each, and ratios of neighbours."""
    parts = in_memory(folder) if alone else []
    works: dict[str, Callable[[], int]] = {"replay": lambda: replay(folder)}
    if alone:
        works["engine_alone"] = lambda: applying(parts)
    works |= {
        "reading": lambda: reading(folder, True),
        "reading_without_hashes": lambda: reading(folder, False),
        "replay_without_hashes": lambda: replay(folder, False),
        "verify_bytes": lambda: verifying(folder, True),
        "verify_bytes_without_hashes": lambda: verifying(folder, False),
        "bare_bytes": lambda: bare(folder),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(timed(work))
    told: dict[str, Any] = {f"{name}_per_s": round(max(r)[0]) for name, r in found.items()}
    told |= {
        f"{name}_per_cpu_s": round(max(cpu for _, cpu in rates)) for name, rates in found.items()
    }
    told["verify_ratio"] = ratio(found["verify_bytes"], found["bare_bytes"])
    if alone:
        told["ratio_to_engine"] = ratio(found["replay"], found["engine_alone"])
        told["state_hash_ns"] = round(checkpoint_ns(parts), 1)
    return told


def ratio(ours: list[tuple[float, float]], limit: list[tuple[float, float]]) -> float:
    """The median of what each round says."""
    pairs = zip(ours, limit, strict=True)
    return round(statistics.median(one[0] / other[0] for one, other in pairs), 3)


def result_of(options: argparse.Namespace) -> dict[str, Any]:
    with common.scratch(options.dir) as folder:
        write_day(folder / "journal", options.commands)
        os.sync()
        found = measured(folder / "journal", options.rounds, not options.replay_only)
    seconds = options.commands / found["replay_per_s"]
    return {
        "commands": options.commands,
        "bytes": options.commands * RECORD_BYTES,
        "machine_load": os.getloadavg()[0],
        "commands_per_s": found["replay_per_s"],
        "seconds": round(seconds, 3),
        "verify_gb_per_s": round(found["verify_bytes_per_s"] / 1e9, 3),
        **found,
    }


def table_rows(found: dict[str, Any]) -> list[list[str]]:
    names = [name.removesuffix("_per_cpu_s") for name in found if name.endswith("_per_cpu_s")]
    return [
        [
            name.replace("_", " "),
            f"{found[name + '_per_s'] / 1e6:,.2f}",
            f"{found[name + '_per_cpu_s'] / 1e6:,.2f}",
        ]
        for name in names
    ]


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--commands", type=int, default=2_000_000, help="of the day")
    options.add_argument("--rounds", type=int, default=5, help="of everything in turns")
    options.add_argument(
        "--replay-only", action="store_true", help="do not hold the day in memory for the engine"
    )
    chosen = options.parse_args(arguments)
    found = result_of(chosen)
    common.show(
        f"Replay of {found['commands']:,} commands in {found['seconds']} s",
        ["what", "million a second", "… of processor time"],
        table_rows(found),
        found,
        chosen.json,
    )


if __name__ == "__main__":
    main()
