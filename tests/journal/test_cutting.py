"""Cutting a journal back: what is cut is kept, and a stop at any step loses nothing."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest

from journal.archive.checkpoints import NAME as CHECKPOINTS
from journal.batches import end_of, find_batch
from journal.beginning import note
from journal.cutting import Cut, cut_behind
from journal.errors import JournalCorrupt, JournalError, SnapshotError
from journal.folder import Folder, RealFolder, read_all
from journal.keys import Keys
from journal.maker import FREE
from journal.reader import Reader
from journal.tails import TailFolder, tail_names
from journal.verify import verify
from lmax._engine import Engine
from lmax.records import joined
from tests.journal.power import Doomed, PowerCut, copied
from tests.journal.simulated import SimulatedFolder
from tests.journal.states import grown, hash_after, journal_of, market, started
from tests.journal.test_batches import drained, where
from tests.journal.writing import BLOCK, SMALL, same, segments, written
from tests.journal.writing import read_all as commands_in

KEYS = Keys({1: bytes(range(32))}, 1)
SIZES = [20, 100, 300, 40, 400, 100, 350, 200]


@pytest.fixture(params=["real", "simulated"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, seed: int) -> Folder:
    return RealFolder(tmp_path) if request.param == "real" else SimulatedFolder(Random(seed))


def ends_in(folder: Folder, keys: Keys | None = None) -> list[int]:
    found = [0]
    with Reader(folder, keys=keys) as reader:
        while len(reader.read(reader.sequence + 1)):
            found.append(reader.sequence)
    return found


def cut(folder: Folder, sequence: int, keys: Keys | None = None) -> Cut:
    return cut_behind(folder, sequence, snapshots=None, keys=keys)


def check_cut(folder: Folder, commands: np.ndarray, at: int, keys: Keys | None = None) -> None:
    """That the journal ends there, cleanly, and the file beside it holds the rest."""
    with Reader(folder, keys=keys) as reader:
        found = b"".join(part.tobytes() for part in reader.batches())
        assert reader.torn == ""
    assert found == commands[:at].tobytes()
    rest = commands[at:].tobytes()
    assert any(kept_in(folder, name, keys) == rest for name in tail_names(folder)) or not rest


def kept_in(folder: Folder, name: str, keys: Keys | None) -> bytes:
    with TailFolder(folder, name).batches(keys) as reader:
        return drained(reader)


@pytest.mark.parametrize("keys", [None, KEYS], ids=["plain", "encrypted"])
def test_a_journal_ends_where_it_is_cut_and_goes_on_there(
    folder: Folder, seed: int, keys: Keys | None
) -> None:
    """Behind every batch, the last first: each cut is behind the one before it."""
    commands = written(where(folder), seed, SIZES, keys=keys, epoch=2)
    ends = ends_in(folder, keys)
    upto = len(commands)
    for at in reversed(ends[::2] if keys else ends):
        before = find_batch(folder, at)
        found = cut(folder, at, keys)
        assert (found.place, found.first, found.last) == (before, at + 1, upto)
        assert found.tail == (f"cut-2-{at + 1}-{upto}.tail" if at < upto else "")
        check_cut(folder, commands[:upto], at, keys)
        assert verify(folder, keys=keys).state == "clean"
        more = written(where(folder), seed + 1, [7], keys=keys, epoch=2)
        assert same(commands_in(folder, keys), joined([commands[:at], more]))
        commands, upto = commands_in(folder, keys), at + 7
        # What was written behind the cut is cut again, and the same sequences make another file.
        found = cut(folder, at, keys)
        assert found.tail.startswith(f"cut-2-{at + 1}-{upto}")
        check_cut(folder, commands, at, keys)
        upto = at


def test_cutting_again_changes_nothing(folder: Folder, seed: int) -> None:
    commands = written(where(folder), seed, SIZES)
    at = ends_in(folder)[3]
    first = cut(folder, at)
    assert first.segments == sorted(first.segments, reverse=True) != []
    again = cut(folder, at)
    assert (again.place, again.tail, again.segments) == (first.place, "", [])
    check_cut(folder, commands, at)


def test_where_no_batch_ends_nothing_is_cut(folder: Folder, seed: int) -> None:
    commands = written(where(folder), seed, SIZES)
    for at in (1, 19, 21, len(commands) + 1):
        with pytest.raises(JournalError, match=f"no batch that ends with command {at};"):
            cut(folder, at)
    assert same(commands_in(folder), commands)
    assert tail_names(folder) == []


def test_damage_in_what_would_be_cut_is_told_and_nothing_is_cut(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed, SIZES)
    path = segments(tmp_path)[1]
    data = bytearray(path.read_bytes())
    data[BLOCK + 500] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalCorrupt):
        cut(RealFolder(tmp_path), 20)
    assert tail_names(RealFolder(tmp_path)) == []
    assert path.read_bytes() == data


def test_what_was_cut_short_behind_the_last_batch_goes_too(tmp_path: Path, seed: int) -> None:
    commands = written(tmp_path, seed, [20, 30])
    path = segments(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[2 * BLOCK + 2_000 : 2 * BLOCK + 3_000] = bytes(1_000)
    path.write_bytes(data[:-BLOCK])
    found = cut(RealFolder(tmp_path), 20)
    assert (found.tail, found.last) == ("", 20), "nobody was told that it was safe"
    check_cut(RealFolder(tmp_path), commands[:20], 20)
    assert path.stat().st_size == SMALL


def test_in_a_recycled_file_no_old_batch_comes_back(tmp_path: Path, seed: int) -> None:
    """Its old bytes stand behind the new ones, and then the cut ones before them."""
    written(tmp_path, seed, [300])
    (tmp_path / f"00000000{FREE}").write_bytes(segments(tmp_path)[0].read_bytes())
    commands = commands_in(tmp_path)
    for size in (200, 30, 30):
        commands = joined([commands, written(tmp_path, seed, [size])])
    folder = RealFolder(tmp_path)
    for at in reversed(ends_in(folder)[1:]):
        cut(folder, at)
        check_cut(folder, commands, at)
        more = written(tmp_path, seed + at, [1])
        assert same(commands_in(tmp_path), joined([commands[:at], more]))
        cut(folder, at)
        commands = commands[:at]


def test_a_journal_is_not_cut_before_its_beginning(folder: Folder, seed: int) -> None:
    written(where(folder), seed, [400, 400, 400])
    before = find_batch(folder, 400)
    assert before is not None
    note(folder, 2, 400, before.hash)
    folder.remove("00000001.segment")
    for at in (0, 20, 400):
        with pytest.raises(JournalError, match="begins with command 401; it cannot be cut behind"):
            cut(folder, at)
    with pytest.raises(JournalError, match="nothing could start from what is left"):
        cut(folder, 800)
    assert end_of(folder).sequence == 1_200


def test_full_segments_of_an_archived_journal_are_cut_only_on_purpose(
    folder: Folder, seed: int
) -> None:
    commands = written(where(folder), seed, SIZES)
    folder.write_file(CHECKPOINTS, b'{"/vault": "3:00"}')
    ends = ends_in(folder)
    assert cut(folder, ends[-2]).archives == ["/vault"], "the last segment is not archived yet"
    with pytest.raises(JournalError, match="was archived to /vault, maybe with commands behind"):
        cut(folder, ends[1])
    found = cut_behind(folder, ends[1], snapshots=None, even_archived=True)
    assert found.archives == ["/vault"]
    check_cut(folder, commands[: ends[-2]], ends[1])


def test_snapshots_of_cut_commands_go_first(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 2_000)
    store = grown(tmp_path, commands, [500, 1_000, 1_500], keep=3)
    journal_of(tmp_path, commands)
    assert [int(name.split(".")[0]) for name in store.names()] == [1_400, 900, 400]
    found = cut_behind(RealFolder(tmp_path), 900, snapshots=store)
    assert [int(name.split(".")[0]) for name in found.snapshots] == [1_400]
    engine, recovery = started(tmp_path, store)
    assert (recovery.sequence, recovery.passed) == (900, [])
    assert engine.state_hash == hash_after(commands, 900)
    cut_behind(RealFolder(tmp_path), 100, snapshots=store)
    assert store.names() == []
    assert started(tmp_path, store)[0].state_hash == hash_after(commands, 100)


def test_snapshots_of_another_journal_stay(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 1_000)
    store = grown(tmp_path / "other", commands, [1_000])
    written(tmp_path / "this", seed, [50, 50])
    assert cut_behind(RealFolder(tmp_path / "this"), 50, snapshots=store).snapshots == []
    assert len(store.names()) == 1


def test_power_lost_at_every_step_leaves_the_journal_or_the_cut_one(seed: int) -> None:
    """And the cut commands are in the journal or beside it at any time."""
    made = SimulatedFolder(Random(seed))
    commands = written(made, seed, SIZES)
    at = ends_in(made)[2]
    step, whole = 0, False
    while not whole:
        folder = copied(made, Doomed(Random(seed + step)))
        folder.left = step
        try:
            cut(folder, at)
            whole = True
        except PowerCut:
            folder.crash()
        folder.left = 10**9
        left = commands_in(folder)
        assert same(left, commands[: len(left)]), "at any time it is a journal"
        assert len(left) >= at
        if len(left) < len(commands):
            tails = [kept_in(folder, name, None) for name in tail_names(folder)]
            assert commands[at:].tobytes() in tails, f"power lost before step {step}"
        cut(folder, at)
        check_cut(folder, commands, at)
        assert len(tail_names(folder)) == 1
        written(folder, seed + 1, [30])
        assert end_of(folder).sequence == at + 30
        assert not [name for name in folder.names() if name.endswith((".new", ".part"))]
        step += 1
    assert step > 12


def test_a_disk_that_is_full_changes_nothing(seed: int) -> None:
    folder = SimulatedFolder(Random(seed))
    commands = written(folder, seed, SIZES)
    folder.chances.no_room = 1.0
    with pytest.raises(OSError, match="No space left"):
        cut(folder, 20)
    assert same(commands_in(folder), commands)


def test_a_tail_that_is_no_tail_is_told(folder: Folder, seed: int) -> None:
    written(where(folder), seed, [20, 30])
    name = cut(folder, 20).tail
    data = read_all(folder, name).tobytes()
    for bad in (b"", b"{}\n", b"no", data.replace(b'"format": 1', b'"format": 7')):
        folder.write_file(name, bad)
        with pytest.raises(JournalError, match=r"no tail of a journal|format 7, not 1"):
            TailFolder(folder, name)


CUTTER = """
import sys
from pathlib import Path
import journal.archive.checkpoints
from journal.cutting import cut_behind
from journal.folder import RealFolder
print("begun", flush=True)
cut_behind(RealFolder(Path(sys.argv[1])), int(sys.argv[2]), snapshots=None)
"""


def test_killed_at_any_moment_it_goes_on_when_run_again(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    commands = written(tmp_path / "made", seed, SIZES * 4)
    at = ends_in(RealFolder(tmp_path / "made"))[2]
    for round_ in range(6):
        here = tmp_path / str(round_)
        shutil.copytree(tmp_path / "made", here)
        child = subprocess.Popen(
            [sys.executable, "-c", CUTTER, str(here), str(at)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n"
        time.sleep(random.random() * 0.1)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        left = commands_in(here)
        assert at <= len(left)
        assert same(left, commands[: len(left)])
        cut(RealFolder(here), at)
        check_cut(RealFolder(here), commands, at)


def test_a_damaged_snapshot_goes_as_its_name_says(tmp_path: Path, seed: int) -> None:
    commands = market(seed, 1_000)
    store = grown(tmp_path, commands, [800])
    path = tmp_path / "snapshots" / store.names()[0]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SnapshotError):
        store.header(path.name)
    assert cut_behind(RealFolder(tmp_path), 100, snapshots=store).snapshots == [path.name]
    engine = Engine()
    engine.skim(commands_in(tmp_path))
    assert engine.state_hash == hash_after(commands, 100)
