"""Nothing is deleted before its date, nor while anything needs it; and it is recorded first."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from journal.archive.checking import check
from journal.archive.entry import DELETED, PRUNED, SNAPSHOT
from journal.archive.errors import ArchiveError
from journal.archive.policy import expirable, expire, prunable, prune
from journal.archive.restore import restore
from journal.archive.snapshots import snapshots_of
from journal.archive.store import now
from journal.replay import state_at
from journal.snapshots import SnapshotStore, snapshot_folder
from journal.verify import verify
from tests.archive.keeping import Kept, overwrite, traded
from tests.journal.writing import segments

NONE = timedelta()
LATER = timedelta(days=8 * 366)


@pytest.fixture
def venue(tmp_path: Path, seed: int) -> Kept:
    """A journal of real orders with a snapshot on its way, archived with its tail."""
    kept = Kept(tmp_path, seed)
    shutil.rmtree(kept.journal)
    traded(kept.journal, seed)
    kept.archive(tail=True, snapshots=lambda cluster: snapshots_of(kept.journal, cluster))
    return kept


def needed(kept: Kept, keep: int = 1) -> int:
    """The sequence of the oldest snapshot that recovery may need."""
    store = SnapshotStore.of(kept.journal)
    return store.first_needed(bytes.fromhex(kept.manifest().cluster), keep=keep) - 1


def test_pruned_is_what_is_archived_old_enough_and_before_a_good_snapshot(venue: Kept) -> None:
    manifest, covered = venue.manifest(), needed(venue)
    end = max(e.last for e in manifest.objects())
    before = segments(venue.journal)
    assert prunable(manifest, venue.journal, covered) == [], "archived a moment ago"
    assert prunable(manifest, venue.journal, 0, NONE) == [], "no snapshot"
    assert needed(venue, keep=2) == 0, "there is only one snapshot, and two are to stay"
    state = state_at(venue.journal, end).state_hash
    names = prune(manifest, venue.journal, venue.signer, covered, older_than=NONE)
    assert names == [path.name for path in before if not path.exists()]
    assert len(names) >= 2
    assert [e.file for e in venue.manifest().entries if e.kind == PRUNED] == names
    assert verify(venue.journal).state == "clean"
    assert state_at(venue.journal, end).state_hash == state
    assert prune(venue.manifest(), venue.journal, venue.signer, covered, older_than=NONE) == []


def test_a_segment_whose_archived_copy_is_damaged_stays(venue: Kept) -> None:
    path = venue.folder / "archive" / "objects" / "00000001.segment.zst"
    data = path.read_bytes()
    overwrite(path, data[:100] + bytes([data[100] ^ 1]) + data[101:])
    with pytest.raises(ArchiveError, match=r"00000001\.segment\.zst"):
        prune(venue.manifest(), venue.journal, venue.signer, needed(venue), older_than=NONE)
    assert segments(venue.journal)[0].name == "00000001.segment"
    assert not [e for e in venue.manifest().entries if e.kind == PRUNED]


def test_a_segment_that_is_damaged_here_is_not_pruned_but_repaired(venue: Kept) -> None:
    path = venue.journal / "00000001.segment"
    data = path.read_bytes()
    path.write_bytes(data[:5000] + bytes([data[5000] ^ 1]) + data[5001:])
    with pytest.raises(ArchiveError, match="is not what the archive holds; it stays"):
        prune(venue.manifest(), venue.journal, venue.signer, needed(venue), older_than=NONE)
    assert path.exists()


def test_an_archive_expires_what_is_past_its_date_and_before_a_snapshot_that_stays(
    venue: Kept, tmp_path: Path
) -> None:
    assert expire(venue.manifest(), venue.signer) == [], "seven years have not passed"
    assert expirable(venue.manifest(), now() + LATER) == [], "the snapshot is past its date too"
    manifest = venue.manifest()
    end = manifest.objects(SNAPSHOT)[-1].last
    state = state_at(venue.journal, end).state_hash
    # As if the snapshot had been archived years after the segments.
    for place, entry in enumerate(manifest.entries):
        if entry.segment:
            object.__setattr__(manifest.entries[place], "retain_until", "2026-01-01T00:00:00Z")
    names = expire(manifest, venue.signer)
    assert names[0] == "objects/00000001.segment.zst"
    assert [e.name for e in venue.manifest().entries if e.kind == DELETED] == names
    assert not [name for name in names if (tmp_path / "archive" / name).exists()]
    report = check(venue.manifest())
    assert (report.bad, report.unlisted) == ([], [])
    new = tmp_path / "new" / "journal"
    restore(venue.manifest(), new, snapshots=snapshot_folder(new))
    assert state_at(new, end).state_hash == state


def test_a_deletion_that_was_recorded_and_broke_off_is_done_by_the_next_run(venue: Kept) -> None:
    manifest = venue.manifest()
    for place, entry in enumerate(manifest.entries):
        if entry.segment:
            object.__setattr__(manifest.entries[place], "retain_until", "2026-01-01T00:00:00Z")
    path = venue.folder / "archive" / "objects" / "00000001.segment.zst"
    data = path.read_bytes()
    expire(manifest, venue.signer)
    path.write_bytes(data)
    assert expire(venue.manifest(), venue.signer) == ["objects/00000001.segment.zst"]
    assert not path.exists()
