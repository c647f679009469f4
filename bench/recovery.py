"""``python -m bench.recovery``: a large state from its snapshot, and the journal without one.

A venue of many accounts, each with cash, and as many resting orders is journaled. A snapshot of it
is taken by who follows the journal, some commands come after it, and then everything is read again
as a start does it: the snapshot, the comparison of its hash, the rest of the journal.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench import common
from flow.commands import CASH, define_instrument, deposits, open_accounts
from journal.files import Journal
from journal.reader import Reader
from journal.recovery import resume
from journal.replay import play
from journal.snapshots import SnapshotStore
from journal.snapshotter import Snapshotter
from lmax._engine import Engine
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence
from lmax.schema import COMMAND, CommandType, OrderType, Side, TimeInForce

Commands = common.Commands

INSTRUMENTS = 100
SLOTS = 1 << 16
CENTS = 100
MID = 1_000_000


def venue(accounts: int, orders: int) -> Iterator[Commands]:
    """Accounts with cash and shares, and orders of theirs that all rest, in a random order."""
    numbers = range(1, INSTRUMENTS + 1)
    yield from (define_instrument(number, f"FLOW{number}") for number in numbers)
    for first in range(1, accounts + 1, SLOTS):
        some = np.arange(first, min(first + SLOTS, accounts + 1))
        yield open_accounts(some)
        yield deposits(some, CASH, 10**12)
    draw = np.random.default_rng(1)
    for first in range(1, orders + 1, SLOTS):
        count = min(SLOTS, orders + 1 - first)
        made = np.zeros(count, COMMAND)
        made["type"] = CommandType.NEW_ORDER
        made["order_type"], made["time_in_force"] = OrderType.LIMIT, TimeInForce.GTC
        made["client_order_id"] = np.arange(first, first + count)
        made["account"] = draw.integers(1, accounts + 1, count)
        made["instrument"] = draw.integers(1, INSTRUMENTS + 1, count)
        made["side"] = Side.BUY
        made["quantity"] = draw.integers(1, 10, count)
        made["price"] = MID - CENTS * draw.integers(1, 2_000, count)
        yield made


def write(folder: Path, parts: Iterator[Commands]) -> int:
    """Journal commands; how many there are now. Their time is the sequence in µs."""
    with Journal(folder, mode="direct") as journal:
        for _ in journal.replay():
            pass
        ring = RingBuffer(SLOTS, dtype=COMMAND, last=journal.sequence)
        synced = RingSequence()
        synced.value = journal.sequence
        ring.add_gate(synced)
        agent = journal.journaler(ring, synced)
        for part in parts:
            for at in range(0, len(part), SLOTS // 2):
                some = part[at : at + SLOTS // 2].copy()
                some["sequence"] = np.arange(len(some), dtype=np.uint64) + ring.cursor + 1
                some["timestamp"] = some["sequence"] * 1000
                ring.publish_array(some)
                while synced.value < ring.cursor:
                    if not agent.do_work():
                        time.sleep(0.0005)
        last = synced.value
        del agent
    return int(last)


def forget(folder: Path) -> None:
    """Let the files of a folder be read from the disk and not from memory."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.fdatasync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def start(folder: Path, *, cold: bool) -> dict[str, Any]:
    """What a start does: the state as it is after the last command on the disk."""
    if cold:
        forget(folder)
    gc.collect()
    store = SnapshotStore.of(folder / "journal")
    began = time.perf_counter()
    engine = Engine()
    with Reader(folder / "journal") as reader:
        found = resume(engine, reader, store)
        loaded = time.perf_counter()
        play(engine, reader)
    ended = time.perf_counter()
    return {
        "seconds": round(ended - began, 3),
        "snapshot_s": round(loaded - began, 3),
        "replay_s": round(ended - loaded, 3),
        "from": found.sequence,
        "commands": engine.sequence,
        "state_hash": f"{engine.state_hash:016x}",
    }


def take(folder: Path) -> dict[str, Any]:
    """A follower's snapshot of all that is there."""
    began = time.perf_counter()
    with Snapshotter(folder / "journal", SnapshotStore.of(folder / "journal")) as snapshotter:
        snapshotter.catch_up()
        caught_up = time.perf_counter()
        taken = snapshotter.take()
    if taken is None:
        raise RuntimeError("nothing to take a snapshot of")
    return {
        "sequence": taken.sequence,
        "bytes": taken.size,
        "write_s": round(time.perf_counter() - caught_up, 3),
        "follow_s": round(caught_up - began, 3),
    }


def measured(options: argparse.Namespace) -> dict[str, Any]:
    with common.scratch(options.dir) as folder:
        write(folder / "journal", venue(options.accounts, options.orders))
        taken = take(folder)
        after = common.recording(options.after)[1]
        last = write(folder / "journal", iter([after]))
        starts = {
            name: min(
                (start(folder, cold=name == "cold") for _ in range(options.rounds)),
                key=lambda found: float(found["seconds"]),
            )
            for name in ("cold", "warm")
        }
        for snapshot in (folder / "snapshots").glob("*.snapshot"):
            snapshot.unlink()
        whole = start(folder, cold=False)
    hashes = {found["state_hash"] for found in (*starts.values(), whole)}
    if len(hashes) != 1:
        raise RuntimeError(f"the state with and without a snapshot differs: {hashes}")
    return {
        "accounts": options.accounts,
        "orders": options.orders,
        "commands": last,
        "recovery_s": starts["cold"]["seconds"],
        "snapshot_bytes": taken["bytes"],
        "snapshot_write_s": taken["write_s"],
        "snapshot": taken,
        **starts,
        "without_snapshot": whole,
        "replay_commands_per_s": round(whole["commands"] / whole["seconds"]),
    }


def table_rows(found: dict[str, Any]) -> list[list[str]]:
    rows = [
        [
            name,
            str(run["seconds"]),
            str(run["snapshot_s"]),
            str(run["replay_s"]),
            f"{run['from']:,}",
        ]
        for name, run in (
            ("with a snapshot, from the disk", found["cold"]),
            ("with a snapshot, from memory", found["warm"]),
            ("without", found["without_snapshot"]),
        )
    ]
    mib = f"{found['snapshot_bytes'] / 2**20:,.0f} MiB"
    return [
        *rows,
        ["writing, syncing and verifying it", str(found["snapshot_write_s"]), mib, "", ""],
    ]


def main(arguments: list[str] | None = None) -> None:
    options = common.parser((__doc__ or "").split("\n\n")[0])
    options.add_argument("--accounts", type=int, default=1_000_000, help="with cash")
    options.add_argument("--orders", type=int, default=1_000_000, help="that rest")
    options.add_argument("--after", type=int, default=100_000, help="commands behind the snapshot")
    options.add_argument(
        "--rounds", type=int, default=3, help="starts of each kind; the best counts"
    )
    chosen = options.parse_args(arguments)
    found = measured(chosen)
    common.show(
        f"Recovery of {chosen.accounts:,} accounts and {chosen.orders:,} open orders, s",
        ["what", "total", "snapshot", "replay", "from command"],
        table_rows(found),
        found,
        chosen.json,
    )


if __name__ == "__main__":
    main()
