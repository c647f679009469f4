"""``python -m bench.batches``: whole batches read with their headers, as a standby that catches up
gets them, by size of the batches; beside it the reader that leaves the headers out.

A journal of batches of one size is written and read from the page cache, in turns.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import common
from bench.bare import wait_for_segment
from journal.batches import BatchReader, end_of, find_batch
from journal.files import Journal
from journal.folder import RealFolder
from journal.reader import BLOCK_BYTES, Reader
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND

SIZES = (2, 8, 32, 128, 512)


def write(folder: Path, size: int, batches: int) -> None:
    """A journal of so many batches of that size, or a little more where a segment ends."""
    with Journal(folder, mode="buffered") as journal:
        for _ in journal.replay():
            pass
        ring, synced = RingBuffer(1 << 14, dtype=COMMAND), RingSequence()
        ring.add_gate(synced)
        agent = journal.journaler(ring, synced)
        wait_for_segment(agent)
        part = np.zeros(size, COMMAND)
        for _ in range(batches):
            part["sequence"] = np.arange(ring.cursor + 1, ring.cursor + 1 + size)
            ring.publish_array(part)
            while synced.value < ring.cursor:
                if not agent.do_work():
                    time.sleep(0.0002)
        del agent


def read_batches(folder: Path) -> int:
    with BatchReader(folder) as reader:
        while len(reader.read()):
            pass
        return reader.sequence


def read_commands(folder: Path) -> int:
    with Reader(folder) as reader:
        for _ in reader.batches():
            pass
        return reader.sequence


def timed(call: Callable[[Path], int], folder: Path) -> tuple[float, float]:
    """Commands a second: of wall time, of processor time."""
    began, used = time.perf_counter(), time.process_time()
    count = call(folder)
    return count / (time.perf_counter() - began), count / (time.process_time() - used)


def measured(folder: Path, size: int, rounds: int) -> dict[str, Any]:
    """The best of some rounds in turns."""
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(timed(read_batches, folder))
        bare.append(timed(read_commands, folder))
    real = RealFolder(folder)
    middle = read_batches(folder) // (2 * size) * size
    began = time.perf_counter()
    find_batch(real, middle)
    found = time.perf_counter()
    end_of(real)
    return {
        "batch": size,
        "commands_per_s": round(max(wall for wall, _ in ours)),
        "commands_per_cpu_s": round(max(cpu for _, cpu in ours)),
        "reader_per_cpu_s": round(max(cpu for _, cpu in bare)),
        "find_ms": round(1e3 * (found - began), 2),
        "end_ms": round(1e3 * (time.perf_counter() - found), 2),
    }


def result_of(options: argparse.Namespace) -> dict[str, Any]:
    rows = []
    for size in SIZES:
        with common.scratch(options.dir) as folder:
            block = -(-(128 + 128 * size) // BLOCK_BYTES) * BLOCK_BYTES
            write(folder / "journal", size, (options.megabytes << 20) // block)
            rows.append(measured(folder / "journal", size, options.rounds))
    return {"machine_load": os.getloadavg()[0], "megabytes": options.megabytes, "sizes": rows}


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--megabytes", type=int, default=128, help="of each size")
    options.add_argument("--rounds", type=int, default=5, help="of everything in turns")
    chosen = options.parse_args(arguments)
    found = result_of(chosen)
    common.show(
        f"Batches with their headers, load {found['machine_load']:.1f}",
        ["commands", "million a second", "… of processor time", "reader", "find ms", "end ms"],
        [
            [
                str(row["batch"]),
                *(f"{row[name] / 1e6:,.2f}" for name in list(row)[1:4]),
                f"{row['find_ms']:.1f}",
                f"{row['end_ms']:.1f}",
            ]
            for row in found["sizes"]
        ],
        found,
        chosen.json,
    )


if __name__ == "__main__":
    main()
