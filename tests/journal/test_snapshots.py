"""Snapshots: what is in one, what may be wrong with one, and which stay."""

import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal._scan import crc
from journal.errors import JournalError, JournalLocked, SnapshotError
from journal.files import Journal, lock_folder
from journal.generate import with_tables
from journal.history import History
from journal.keys import Keys
from journal.reader import Reader, segment_name
from journal.schema import offsets
from journal.skips import write_skip
from journal.snapshot_file import read_snapshot_header
from journal.snapshot_schema import FRAME, SNAPSHOT, SNAPSHOT_HEADER_BYTES, SNAPSHOT_STRUCTS
from journal.snapshots import SnapshotStore, snapshot_folder, snapshot_name
from journal.snapshotter import Snapshotter, confirmed_end
from lmax._engine import Engine
from lmax.rules import RULES
from tests.journal.simulated import Chances, SimulatedFolder
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

KEYS = Keys({1: bytes(range(32)), 2: bytes(range(1, 33))}, 2)


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
    if last_of(copy, segments(copy)[-1]) < 1_400:
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
    assert "with other rules or another layout" in found.passed[0]


def test_f15_a_snapshot_of_other_rules_is_passed_over(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a release with other rules made of the same commands is not this one's state."""
    commands = market(seed, 1_000)
    monkeypatch.setattr("lmax.view.images.RULES", RULES + 1)
    store = grown(tmp_path, commands, [1_000])
    newest = started(tmp_path, store)[1].sequence
    assert newest
    monkeypatch.undo()
    engine, found = started(tmp_path, store)
    assert (found.snapshot, engine.sequence) == ("", 1_000)
    assert "with other rules" in found.passed[0]


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


def test_the_page_about_snapshots_lays_the_headers_out_as_they_are() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/snapshots.md").read_text()
    assert page == with_tables(page, SNAPSHOT_STRUCTS), "run python -m journal.generate"
    for dtype, (fields, size) in zip((SNAPSHOT, FRAME), SNAPSHOT_STRUCTS.values(), strict=True):
        assert dtype.itemsize == size == sum(field.size for field in fields)
        assert dtype.fields is not None
        assert [dtype.fields[field.name][1] for field in fields] == offsets(fields)


def test_a_snapshot_with_a_command_that_was_left_out_later_is_passed_over(
    tmp_path: Path, seed: int
) -> None:
    commands = market(seed, 1_000)
    store = grown(tmp_path, commands, [500, 1_000])
    with Journal(tmp_path) as journal:
        write_skip(journal, 450, "a test")
    engine, found = started(tmp_path, store)
    assert found.sequence == 400
    assert "it holds command 450, which is left out since 1001" in found.passed[0]
    store = grown(tmp_path, commands, [])
    with Snapshotter(tmp_path, store) as snapshotter:
        snapshotter.catch_up()
        snapshotter.take()
    assert started(tmp_path, store)[0].state_hash == engine.state_hash


def test_a_disk_that_fails_or_is_full_costs_the_snapshot_and_no_other(
    tmp_path: Path, seed: int
) -> None:
    """F12 for snapshots: the one before stays, and the next attempt is made from the beginning."""
    commands = market(seed, 1_500)
    folder = SimulatedFolder(Random(seed))
    store = SnapshotStore(folder)
    failures = [Chances(no_room=1), Chances(write_error=1), Chances(sync_error=1)]
    for end, failing in zip((500, 700, 900), failures, strict=True):
        journal_of(tmp_path, commands[:end])
        before = store.names()
        folder.chances = failing
        with pytest.raises(OSError, match=r"No space left|simulated"):
            taken(tmp_path, store)
        folder.chances = Chances(short=0.5)
        assert store.names() == before
        assert taken(tmp_path, store).engine.sequence == end - BATCH
        assert store.names()[0] == snapshot_name(end - BATCH)
        assert started(tmp_path, store)[0].state_hash == hash_after(commands, end)
