"""Faults that snapshots must survive: F05, F06, F25; of running nodes: tests/node."""

import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal.errors import SnapshotError
from journal.reader import Reader
from journal.recovery import resume
from journal.snapshots import SnapshotStore
from lmax._engine import Engine
from tests.journal.simulated import SimulatedFolder
from tests.journal.states import (
    BATCH,
    grown,
    hash_after,
    journal_of,
    last_of,
    market,
    started,
    taken,
)
from tests.journal.writing import segments


def test_f06_the_newest_snapshot_is_passed_over_for_the_one_before_and_then_for_the_journal(
    tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 2_000)
    store = grown(tmp_path, commands, [800, 1_600])
    newest, before = store.names()
    random = Random(seed)
    for name, expected in ((newest, before), (before, "")):
        path = tmp_path / "snapshots" / name
        data = bytearray(path.read_bytes())
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        path.write_bytes(data)
        engine, found = started(tmp_path, store)
        assert found.snapshot == expected
        assert len(found.passed) == (1 if expected else 2)
        assert found.passed[0].startswith(newest)
        assert engine.state_hash == hash_after(commands, 1_600)
        assert engine.sequence == 1_600
    assert store.first_needed(b"") == 1


class InMemory:
    """A folder of one file that can be changed quickly."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = np.fromfile(path, np.uint8)

    def size(self, name: str) -> int:
        return len(self.data)

    def open_to_read(self, name: str) -> int:
        return 1

    def read_at(self, handle: int, into: np.ndarray, offset: int) -> int:
        data = self.data[offset : offset + len(into)]
        into[: len(data)] = data
        return len(data)

    def close(self, handle: int) -> None:
        """It stays open."""


def test_f06_every_flipped_byte_of_a_snapshot_is_found(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 0)
    commands = commands[commands["account"] <= 2]
    commands["sequence"] = np.arange(1, len(commands) + 1)
    for end in (len(commands) - 1, len(commands)):
        journal_of(tmp_path, commands[:end])
    taken(tmp_path, SnapshotStore(tmp_path / "snapshots"))
    (name,) = SnapshotStore(tmp_path / "snapshots").names()
    folder = InMemory(tmp_path / "snapshots" / name)
    store = SnapshotStore(folder)  # type: ignore[arg-type]
    whole, data, random = store.check(name), folder.data, Random(seed)
    for at in range(len(data)):
        bit = 1 << random.randrange(8)
        data[at] ^= bit
        with pytest.raises(SnapshotError):
            store.check(name)
        data[at] ^= bit
    assert store.check(name) == whole
    for size in (*range(0, len(data), 64), len(data) - 1):
        folder.data = data[:size]
        with pytest.raises(SnapshotError):
            store.check(name)
    folder.data = np.append(data, np.zeros(4096, np.uint8))
    with pytest.raises(SnapshotError, match=f"a file of {len(data) + 4096} bytes"):
        store.check(name)


class PowerCut(Exception):
    """The machine has no power any more."""


class Doomed(SimulatedFolder):
    """A disk that loses power before the step number `left`, counted down to 0."""

    left = 10**9

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise PowerCut

    def create(self, name: str) -> int:
        self._step()
        return super().create(name)

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        self._step()
        return super().write(handle, data, offset)

    def sync(self, handle: int | None = None) -> None:
        self._step()
        super().sync(handle)

    def rename(self, old: str, new: str) -> None:
        self._step()
        super().rename(old, new)

    def remove(self, name: str) -> None:
        self._step()
        super().remove(name)


def test_f06_power_lost_at_every_step_of_a_snapshot_leaves_one_that_is_good(
    tmp_path: Path, seed: int
) -> None:
    """Writing, syncing, renaming, removing the oldest: whatever the disk makes of each."""
    commands = market(seed, 900)
    ends = [300, 500, 700, 900]
    journals = []
    for end in ends:
        journal_of(tmp_path / "all", commands[:end])
        shutil.copytree(tmp_path / "all", tmp_path / str(end))
        journals.append(tmp_path / str(end))
    hashes = {end - BATCH: hash_after(commands, end - BATCH) for end in ends}
    step, whole = 0, False
    while not whole:
        folder = Doomed(Random(seed + step))
        store = SnapshotStore(folder)
        for journal in journals[:-1]:
            shutil.copytree(journal, tmp_path / "now", dirs_exist_ok=True)
            taken(tmp_path / "now", store)
        shutil.copytree(journals[-1], tmp_path / "now", dirs_exist_ok=True)
        folder.left = step
        try:
            taken(tmp_path / "now", store)
            whole = True
        except PowerCut:
            folder.crash()
        folder.left = 10**9
        engine = Engine()
        with Reader(tmp_path / "now") as reader:
            found = resume(engine, reader, store)
        assert found.passed == [], "a snapshot that has its name is good"
        assert found.sequence in (600, 800), f"power lost before step {step}"
        assert engine.state_hash == hashes[found.sequence]
        assert len(list(store.good())) >= 2
        # The next one clears away what is half made, and is taken.
        assert taken(tmp_path / "now", store).engine.sequence == 800
        assert [int(name.split(".")[0]) for name in store.names()][:2] == [800, 600]
        assert sorted(folder.names(), reverse=True) == store.names()
        shutil.rmtree(tmp_path / "now")
        step += 1
    assert step > 6


def test_f05_a_start_that_is_cut_off_three_deep_comes_to_the_same_state(
    tmp_path: Path, seed: int
) -> None:
    """A start changes neither journal nor snapshots, however far it came."""
    commands = market(seed, 1_500)
    store = grown(tmp_path, commands, [1_000])
    journal_of(tmp_path, commands)
    for depth in (1, 2, 3):
        engine = Engine()
        with Reader(tmp_path) as reader:
            resume(engine, reader, store)
            for number, part in enumerate(reader.batches()):
                engine.skim(part)
                if number == depth:
                    break
        del engine
    engine, found = started(tmp_path, store)
    assert found.sequence == 900
    assert engine.state_hash == hash_after(commands, 10**9)


def test_f25_a_copy_of_snapshot_and_later_segments_in_a_new_folder_gives_the_same_hash(
    tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 4_000)
    old, new = tmp_path / "old" / "journal", tmp_path / "new" / "journal"
    store = SnapshotStore.of(old)
    for end in (1_500, 2_500, 3_500):
        journal_of(old, commands[:end])
        taken(old, store)
    journal_of(old, commands)
    first = store.first_needed(next(store.good()).place.cluster)
    assert first == 2_401
    new.mkdir(parents=True)
    for path in segments(old):
        if last_of(old, path) >= first:
            shutil.copy(path, new)
    assert len(segments(new)) < len(segments(old))
    shutil.copytree(old.parent / "snapshots", new.parent / "snapshots")
    for folder in (old, new):
        engine, found = started(folder, SnapshotStore.of(folder))
        assert found.sequence == 3_400
        assert engine.state_hash == hash_after(commands, 10**9)
