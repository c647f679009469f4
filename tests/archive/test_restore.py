"""F25: a cold restore onto a new machine leads to the same state."""

import shutil
from pathlib import Path

import pytest

from journal.archive.entry import TAIL
from journal.archive.errors import ArchiveError
from journal.archive.manifest import load
from journal.archive.reading import ArchiveFolder
from journal.archive.restore import restore
from journal.archive.signing import public_key
from journal.archive.snapshots import snapshots_of
from journal.archive.store import FolderStore
from journal.errors import JournalLocked
from journal.files import Journal
from journal.reader import Reader
from journal.replay import replayed, state_at
from journal.skips import write_skip
from journal.snapshots import SnapshotStore, snapshot_folder
from journal.verify import verify
from tests.archive.keeping import Kept, traded
from tests.journal.writing import Scribe, commands_of, read_all, same, segments


@pytest.fixture
def venue(tmp_path: Path, seed: int) -> tuple[Kept, str]:
    """A journal of real orders with a snapshot on the way, archived with its tail; its hash."""
    kept = Kept(tmp_path / "venue", seed)
    shutil.rmtree(kept.journal)
    state_hash = traded(kept.journal, seed)
    kept.archive(tail=True, snapshots=lambda cluster: snapshots_of(kept.journal, cluster))
    return kept, state_hash


def test_f25_a_cold_restore_onto_a_new_machine_gives_the_same_state_hash(
    venue: tuple[Kept, str], tmp_path: Path
) -> None:
    kept, state_hash = venue
    moved = shutil.copytree(kept.folder / "archive", tmp_path / "elsewhere")
    public = public_key(kept.folder / "key.pub")
    written = read_all(kept.journal)
    shutil.rmtree(kept.folder)  # the old machine is gone, and its private key with it
    new = tmp_path / "new" / "journal"
    done = restore(load(FolderStore(moved), public), new, snapshots=snapshot_folder(new))
    assert done.last == len(written)
    assert same(read_all(new), written)
    assert f"{replayed(new).state_hash:016x}" == state_hash, "from the first command"
    assert f"{state_at(new, done.last).state_hash:016x}" == state_hash, "from the snapshot"
    assert len(list(SnapshotStore.of(new).good())) == 1


def test_f29_a_part_is_restored_with_what_leaves_out_a_command_of_it(
    kept: Kept, tmp_path: Path, seed: int
) -> None:
    """Command 17 is in segment 1, and what says that it is never applied is far behind it."""
    with Journal(kept.journal) as journal:
        record = write_skip(journal, 17, "ticket 17")
    kept.archive()  # the record's segment is not full, and yet not waited for
    assert kept.archive().added == []
    manifest = kept.manifest()
    (tail,) = manifest.objects(TAIL)
    assert (tail.skips, tail.first, tail.last) == (17, record, record)
    done = restore(manifest, tmp_path / "new", numbers=(1, 1))
    assert done.last == record
    assert read_all(tmp_path / "new")[16]["type"] == 0
    assert restore(manifest, tmp_path / "late", numbers=(2, 2)).files == ["00000002.segment"]
    with ArchiveFolder(manifest) as folder, Reader(folder) as reader:
        assert reader.skipped == {record: 17}
        assert reader.read(17)[16]["type"] == 0
        assert not folder.has_fetched(tail.file), "for one command of years, not all of them"


def test_f25_a_restored_journal_goes_on(kept: Kept, tmp_path: Path, seed: int) -> None:
    kept.archive(tail=True)
    restore(kept.manifest(), tmp_path / "new")
    with Scribe(tmp_path / "new") as scribe:
        assert same(scribe.found, kept.commands)
        scribe.write(commands_of(seed, len(kept.commands) + 1, 50))
        scribe.agent = None  # type: ignore[assignment]
    assert verify(tmp_path / "new").last_sequence == len(kept.commands) + 50


def test_a_restore_that_broke_off_goes_on_and_leaves_what_is_there(
    kept: Kept, tmp_path: Path
) -> None:
    kept.archive(tail=True)
    restore(kept.manifest(), tmp_path / "new", numbers=(1, 2))
    times = {path: path.stat().st_mtime_ns for path in segments(tmp_path / "new")}
    done = restore(kept.manifest(), tmp_path / "new")
    assert (len(done.kept), len(done.files)) == (2, 2)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert same(read_all(tmp_path / "new"), kept.commands)


def test_other_bytes_that_are_there_are_never_overwritten(kept: Kept, tmp_path: Path) -> None:
    kept.archive()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "00000002.segment").write_bytes(b"precious")
    with pytest.raises(ArchiveError, match=r"00000002\.segment is there with other bytes"):
        restore(kept.manifest(), tmp_path / "new")
    assert (tmp_path / "new" / "00000002.segment").read_bytes() == b"precious"


def test_a_journal_in_use_is_not_restored_over(kept: Kept) -> None:
    kept.archive()
    with Journal(kept.journal), pytest.raises(JournalLocked):
        restore(kept.manifest(), kept.journal)


def test_a_range_is_restored_and_verified_by_itself(kept: Kept, tmp_path: Path) -> None:
    kept.archive(tail=True)
    done = restore(kept.manifest(), tmp_path / "part", numbers=(2, 3))
    assert (done.first, done.last) == (401, 1150)
    verdict = verify(tmp_path / "part")
    assert (verdict.state, verdict.commands, verdict.last_sequence) == ("clean", 750, 1150)
    upto = restore(kept.manifest(), tmp_path / "upto", upto=700)
    assert (upto.first, upto.last) == (1, 750), "whole segments"
    with pytest.raises(ArchiveError, match="ends with command 1550, before 5000"):
        restore(kept.manifest(), tmp_path / "more", upto=5000)
    with pytest.raises(ArchiveError, match="does not hold segment 5"):
        restore(kept.manifest(), tmp_path / "more", numbers=(4, 5))


def test_a_part_of_a_journal_that_notes_nothing_is_no_whole_one(kept: Kept, tmp_path: Path) -> None:
    kept.archive()
    restore(kept.manifest(), tmp_path / "part", numbers=(2, 3))
    (tmp_path / "part" / "beginning").unlink()
    assert verify(tmp_path / "part").state == "corrupt"


def test_a_damaged_object_is_not_restored(kept: Kept, tmp_path: Path) -> None:
    kept.archive()
    path = kept.folder / "archive" / "objects" / "00000002.segment.zst"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match=r"00000002.segment.zst: the compressed bytes end too"):
        restore(kept.manifest(), tmp_path / "new")
    assert [p.name for p in segments(tmp_path / "new")] == ["00000001.segment"]
