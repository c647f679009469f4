"""Journals of real commands, and the states that they lead to."""

from pathlib import Path

import numpy as np

from flow.generator import MarketGenerator
from journal.keys import Keys
from journal.reader import Reader
from journal.recovery import Recovery, resume
from journal.snapshots import SnapshotStore
from journal.snapshotter import Snapshotter
from journal.verify import scan_segment
from lmax._engine import Engine
from lmax.records import joined
from tests.journal.writing import Scribe

BATCH = 100


def market(seed: int, count: int) -> np.ndarray:
    """Accounts, instruments and `count` commands of a random market, numbered from 1."""
    generator = MarketGenerator(seed, 10, 2)
    commands = joined([generator.setup(), generator.next_batch(count)])
    commands["sequence"] = np.arange(1, len(commands) + 1)
    commands["timestamp"] = 1000 * commands["sequence"]
    return commands


def journal_of(folder: Path, commands: np.ndarray, keys: Keys | None = None) -> None:
    """Write them in batches, going on behind what is there."""
    with Scribe(folder, keys=keys) as scribe:
        for at in range(scribe.journal.sequence, len(commands), BATCH):
            scribe.write(commands[at : at + BATCH])
        scribe.agent = None  # type: ignore[assignment]


def hash_after(commands: np.ndarray, count: int) -> int:
    engine = Engine()
    engine.skim(commands[:count])
    return engine.state_hash


def started(
    folder: Path, store: SnapshotStore, keys: Keys | None = None
) -> tuple[Engine, Recovery]:
    """What a start makes of a journal and its snapshots."""
    engine = Engine()
    with Reader(folder, keys=keys) as reader:
        found = resume(engine, reader, store)
        for commands in reader.batches():
            engine.skim(commands)
    return engine, found


def taken(
    folder: Path, store: SnapshotStore, keep: int = 2, keys: Keys | None = None
) -> Snapshotter:
    """Who follows the journal has come to what is certain, and has taken a snapshot of it."""
    with Snapshotter(folder, store, keys=keys, pause_s=0) as snapshotter:
        snapshotter.catch_up()
        snapshotter.take(keep)
        return snapshotter


def grown(folder: Path, commands: np.ndarray, ends: list[int], keep: int = 2) -> SnapshotStore:
    """A journal that grew to each of these ends, with a snapshot after each."""
    store = SnapshotStore(folder / "snapshots")
    for end in ends:
        journal_of(folder, commands[:end])
        taken(folder, store, keep)
    return store


def last_of(folder: Path, path: Path) -> int:
    scan = scan_segment(folder, int(path.stem))
    return scan.last if scan else 0
