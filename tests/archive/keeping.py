"""A journal, an archive and a key for the tests of archives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flow.generator import MarketGenerator
from journal.archive.archiver import Archived, Archiver
from journal.archive.manifest import Manifest, load
from journal.archive.signing import Signer, make_key
from journal.archive.store import FolderStore, Store
from journal.replay import replayed
from journal.snapshots import SnapshotStore
from journal.snapshotter import Snapshotter
from lmax.records import joined
from tests.journal.writing import CLUSTER, Scribe, written

SIZES = [400, 200, 150, 400, 90, 90, 200, 20]
"""Batches that fill three segments of 64 KiB and begin a fourth."""


class Kept:
    """A journal of random bytes in `journal`, its key, and its archive in a folder or elsewhere."""

    def __init__(self, folder: Path, seed: int, store: Store | None = None) -> None:
        self.folder = folder
        self.journal = folder / "data" / "journal"
        self.commands = written(self.journal, seed, SIZES, cluster=CLUSTER)
        self.signer: Signer = make_key(folder / "key")
        self.store = store or FolderStore(folder / "archive")

    def archive(self, **options: Any) -> Archived:
        fields = {n: options.pop(n) for n in ("keys", "retention", "told") if n in options}
        store = options.pop("store", self.store)
        signer = options.pop("signer", self.signer)
        return Archiver(self.journal, store, signer, **fields).run(**options)

    def manifest(self, **options: Any) -> Manifest:
        return load(self.store, self.signer.public, **options)

    @property
    def entries(self) -> list[Path]:
        """The files of the manifest."""
        return sorted((self.folder / "archive" / "manifest").glob("*.json"))


def overwrite(path: Path, data: bytes) -> None:
    """What an intruder does who may write in the folder."""
    path.chmod(0o644)
    path.write_bytes(data)


def traded(directory: Path, seed: int, count: int = 3_000) -> str:
    """A journal of real orders in several segments, with a snapshot after two thirds of it.

    The state hash it leads to.
    """
    market = MarketGenerator(seed, 20, 3)
    commands = joined([market.setup(), market.next_batch(count)])
    commands["timestamp"] = np.arange(1, len(commands) + 1)
    commands["sequence"] = commands["timestamp"]
    cut = len(commands) * 2 // 3
    for part in (commands[:cut], commands[cut:]):
        with Scribe(directory, segment_bytes=64 << 10) as scribe:
            for start in range(0, len(part), 300):
                scribe.write(part[start : start + 300])
            scribe.agent = None  # type: ignore[assignment]
        if len(part) == cut:
            with Snapshotter(directory, SnapshotStore.of(directory), pause_s=0) as follower:
                follower.catch_up()
                assert follower.take() is not None
    return f"{replayed(directory).state_hash:016x}"
