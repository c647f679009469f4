"""Snapshots: F05, F06, F25 of FAULTS.md, and what else may be wrong with them."""

import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal._scan import crc
from journal.errors import JournalError, JournalLocked, SnapshotError
from journal.files import lock_folder
from journal.history import History
from journal.keys import Keys
from journal.reader import Reader, segment_name
from journal.recovery import resume
from journal.snapshot_file import read_snapshot_header
from journal.snapshot_schema import SNAPSHOT, SNAPSHOT_HEADER_BYTES
from journal.snapshots import SnapshotStore, snapshot_folder, snapshot_name
from journal.snapshotter import Snapshotter, confirmed_end
from lmax._engine import Engine
from tests.journal.simulated import SimulatedFolder
from tests.journal.states import BATCH, hash_after, journal_of, market, started
from tests.journal.writing import segments

KEYS = Keys({1: bytes(range(32)), 2: bytes(range(1, 33))}, 2)


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


def test_a_start_with_a_snapshot_comes_to_the_state_of_the_whole_journal(
    tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 3_000)
    store = grown(tmp_path, commands, [1_000, 2_500])
    journal_of(tmp_path, commands)
    engine, found = started(tmp_path, store)
    assert found.sequence == 2_400, "all but the last batch of then"
    assert found.passed == []
    assert engine.sequence == len(commands)
    assert engine.state_hash == engine.recomputed_state_hash() == hash_after(commands, 10**9)
    engine.check()


def test_what_the_disk_may_not_have_confirmed_is_not_in_a_snapshot(
    tmp_path: Path, seed: int
) -> None:
    """The last batch is seen before the writer knows that it is safe."""
    commands = market(seed, 1_000)
    assert confirmed_end(_made(tmp_path)) == 0
    journal_of(tmp_path, commands[:100])
    with Reader(tmp_path) as reader:
        assert confirmed_end(reader.folder) == 0, "there is only one batch"
    store = SnapshotStore(tmp_path / "snapshots")
    with Snapshotter(tmp_path, store) as snapshotter:
        assert snapshotter.catch_up() == 0
        assert snapshotter.take() is None
        for end in range(300, len(commands), 200):
            journal_of(tmp_path, commands[:end])
            assert snapshotter.catch_up() == end - BATCH
    assert len(segments(tmp_path)) > 1, "also where the last batch is the first of a segment"


def _made(folder: Path) -> SimulatedFolder:
    return SimulatedFolder(Random(1))


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
        if _last_of(old, path) >= first:
            shutil.copy(path, new)
    assert len(segments(new)) < len(segments(old))
    shutil.copytree(old.parent / "snapshots", new.parent / "snapshots")
    for folder in (old, new):
        engine, found = started(folder, SnapshotStore.of(folder))
        assert found.sequence == 3_400
        assert engine.state_hash == hash_after(commands, 10**9)


def _last_of(folder: Path, path: Path) -> int:
    from journal.verify import scan_segment

    scan = scan_segment(folder, int(path.stem))
    return scan.last if scan else 0


def test_without_the_segments_before_it_a_journal_cannot_begin_and_says_so(
    tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 3_000)
    store = grown(tmp_path, commands, [2_500])
    segments(tmp_path)[0].unlink()
    assert started(tmp_path, store)[1].sequence == 2_400
    for name in store.names():
        (tmp_path / "snapshots" / name).unlink()
    with pytest.raises(JournalError, match=r"a segment whose number is 2, not 1|first sequence"):
        started(tmp_path, store)


def test_a_journal_that_has_lost_what_a_snapshot_holds_is_refused(
    tmp_path: Path, seed: int
) -> None:
    """What is in a snapshot was synced: an older copy of the journal is not its end."""
    commands = market(seed, 2_000)
    journal_of(tmp_path / "old", commands[:500])
    store = grown(tmp_path / "new", commands, [1_500])
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "new" / "snapshots", copy / "snapshots")
    store = SnapshotStore(copy / "snapshots")
    with pytest.raises(JournalError, match=r"holds commands up to 1400, which were synced"):
        started(copy, store)
    last = segments(tmp_path / "new")[-1]
    for path in segments(tmp_path / "new"):
        shutil.copy(path, copy)
    (copy / last.name).unlink()
    if _last_of(copy, segments(copy)[-1]) < 1_400:
        with pytest.raises(JournalError, match="Restore the journal from a copy"):
            started(copy, store)
    place = store.header(store.names()[0]).place
    shutil.copy(tmp_path / "new" / last.name, copy)
    path = copy / segment_name(place.segment)
    data = bytearray(path.read_bytes())
    data[place.offset - 4096 * 4 : place.offset] = bytes(4096 * 4)
    path.write_bytes(data)
    with pytest.raises(JournalError, match="no longer holds the batch that ends with"):
        started(copy, store)


def test_a_snapshot_of_another_journal_or_build_is_passed_over(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = market(seed, 1_000)
    journal_of(tmp_path / "mine", commands[:800])
    store = grown(tmp_path / "other", commands, [1_000])
    engine, found = started(tmp_path / "mine", store)
    assert (found.snapshot, engine.sequence) == ("", 800)
    assert "it is of the journal" in found.passed[0]
    monkeypatch.setattr("journal.snapshot_file.layout", lambda: bytes(32))
    engine, found = started(tmp_path / "other", store)
    assert (found.snapshot, engine.sequence) == ("", 1_000)
    assert "laid out in another way" in found.passed[0]


def test_a_snapshot_whose_state_is_not_what_its_header_says_is_passed_over(
    tmp_path: Path, seed: int
) -> None:
    """Every checksum is right, and the hash is that of another state."""
    commands = market(seed, 1_000)
    store = grown(tmp_path, commands, [1_000])
    path = tmp_path / "snapshots" / store.names()[0]
    data = np.fromfile(path, np.uint8)
    header = data[:SNAPSHOT_HEADER_BYTES].view(SNAPSHOT)
    header["state_hash"] ^= np.uint64(1)
    header["checksum"] = crc(data[4:4096])
    data.tofile(path)
    engine, found = started(tmp_path, store)
    assert (found.snapshot, engine.sequence) == ("", 1_000)
    assert "the hash of its state is" in found.passed[0]
    assert engine.state_hash == hash_after(commands, 1_000)


def test_so_many_good_snapshots_stay_as_were_asked_for(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 1_500)
    store = grown(tmp_path, commands, [500, 700, 900, 1_100], keep=3)
    assert [int(name[:20]) for name in store.names()] == [1_000, 800, 600]
    cluster = store.header(store.names()[0]).place.cluster
    assert store.first_needed(cluster, keep=3) == 601
    assert store.first_needed(cluster, keep=4) == 1, "there are only three"
    assert store.first_needed(cluster, keep=1) == 1_001
    assert store.first_needed(cluster, keep=1, seen=[850, 10**9]) == 801
    assert store.first_needed(cluster, keep=1, seen=[599]) == 1
    # One that is damaged does not count.
    (tmp_path / "snapshots" / store.names()[0]).write_bytes(b"nothing")
    assert store.first_needed(cluster, keep=2) == 601
    journal_of(tmp_path, commands[:1_300])
    taken(tmp_path, store, keep=2)
    assert [int(name[:20]) for name in store.names()] == [1_200, 1_000, 800]


def test_a_snapshot_is_encrypted_as_the_journal_is(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 1_500)
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    for folder, keys in ((plain, Keys()), (sealed, KEYS)):
        journal_of(folder, commands, keys)
        store = SnapshotStore(folder / "snapshots", keys)
        taken(folder, store, keys=keys)
    symbol = b"\0" + bytes(commands["symbol"][commands["symbol"] != b""][0])
    assert symbol[1:] in (plain / "snapshots" / store.names()[0]).read_bytes()
    assert symbol[1:] not in (sealed / "snapshots" / store.names()[0]).read_bytes()
    assert store.check(store.names()[0]).key == 2
    engine, found = started(sealed, store, KEYS)
    assert found.snapshot
    assert engine.state_hash == hash_after(commands, 10**9)
    with pytest.raises(JournalError, match="key 2"):
        started(sealed, SnapshotStore(sealed / "snapshots"))
    other = Keys({2: bytes(32)}, 2)
    with pytest.raises(SnapshotError, match="frame 1 is not what was encrypted"):
        SnapshotStore(sealed / "snapshots", other).load(store.check(store.names()[0]), Engine())


def test_one_process_at_a_time_takes_a_snapshot(tmp_path: Path, seed: int) -> None:
    journal_of(tmp_path, market(seed, 300))
    store = SnapshotStore(tmp_path / "snapshots")
    (tmp_path / "snapshots").mkdir()
    lock_folder(tmp_path / "snapshots")
    with pytest.raises(JournalLocked):
        taken(tmp_path, store)


def test_a_consumer_that_is_behind_a_snapshot_gets_every_event(tmp_path: Path, seed: int) -> None:
    """Wherever it stands: from the snapshot that is not newer, or from the first command."""
    commands = market(seed, 3_000)
    grown(tmp_path, commands, [1_000, 2_000], keep=5)
    journal_of(tmp_path, commands)
    engine = Engine()
    expected = engine.apply(commands)
    history = History(tmp_path)
    random = Random(seed)
    for position in [0, 899, 900, 901, 1_900, 2_500, 50, *random.sample(range(2_900), 6)]:
        found = []
        at = position
        while len(events := history.events_after(at, position + 500)):
            found.append(events)
            at = int(events[-1]["sequence"])
        wanted = expected[
            (expected["sequence"] > position) & (expected["sequence"] <= position + 500)
        ]
        assert b"".join(part.tobytes() for part in found) == wanted.tobytes()
    history.close()


def test_where_snapshots_of_a_journal_are(tmp_path: Path) -> None:
    assert snapshot_folder(tmp_path / "journal") == tmp_path / "snapshots"
    assert snapshot_folder(tmp_path / "copy") == tmp_path / "copy" / "snapshots"


@pytest.mark.parametrize("data", [b"", b"x" * 10, b"x" * 8192, bytes(8192)])
def test_a_file_that_is_no_snapshot_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / snapshot_name(7)).write_bytes(data)
    store = SnapshotStore(tmp_path)
    with pytest.raises(SnapshotError, match=r"no snapshot|ends within its header"):
        read_snapshot_header(store.folder, snapshot_name(7))
    assert list(store.good()) == []
