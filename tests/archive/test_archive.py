"""Segments go into an archive once, whole, verified and recorded."""

import os
import shutil
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from journal.archive.checking import check
from journal.archive.entry import BEGIN, SEGMENT, TAIL
from journal.archive.errors import AlreadyThere, ArchiveError
from journal.archive.reading import ArchiveFolder
from journal.archive.store import FolderStore, Held, now
from journal.errors import JournalError
from journal.keys import Keys
from journal.reader import Reader
from journal.verify import verify
from tests.archive.keeping import Kept, overwrite
from tests.journal.test_damage import flip
from tests.journal.writing import (
    BLOCK,
    CLUSTER,
    Scribe,
    commands_of,
    segments,
    written,
)


def test_full_segments_are_archived_and_the_one_in_use_when_asked(kept: Kept) -> None:
    done = kept.archive()
    assert [e.file for e in done.added] == [f"0000000{n}.segment" for n in (1, 2, 3)]
    assert [e.kind for e in kept.manifest().entries] == [BEGIN, SEGMENT, SEGMENT, SEGMENT]
    assert kept.archive().added == []
    assert [e.kind for e in kept.archive(tail=True).added] == [TAIL]
    assert kept.archive(tail=True).added == [], "nothing was written since"
    report = check(kept.manifest())
    assert (report.objects, report.bad, report.unlisted) == (4, [], [])


def test_an_archive_reads_like_the_journal_itself(kept: Kept) -> None:
    kept.archive(tail=True)
    with ArchiveFolder(kept.manifest()) as folder, Reader(folder) as reader:
        assert b"".join(c.tobytes() for c in reader.batches()) == kept.commands.tobytes()
        verdict = verify(folder)
    assert (verdict.state, verdict.last_sequence) == ("clean", len(kept.commands))


def test_an_archive_follows_a_journal_that_goes_on(kept: Kept, seed: int) -> None:
    kept.archive(tail=True)
    with Scribe(kept.journal) as scribe:
        for _ in range(5):
            scribe.write(commands_of(seed, scribe.ring.cursor + 1, 400))
        scribe.agent = None  # type: ignore[assignment]
    done = kept.archive()
    assert done.added[0].segment == 4, "the tail's segment, now full"
    with ArchiveFolder(kept.manifest()) as folder:
        last = verify(folder).last_sequence
    assert last == kept.manifest().objects(SEGMENT)[-1].last
    assert last > len(kept.commands)


def test_nothing_in_a_folder_is_ever_overwritten(kept: Kept, tmp_path: Path) -> None:
    kept.archive()
    source = tmp_path / "other"
    source.write_bytes(b"other")
    held = {p: p.read_bytes() for p in (tmp_path / "archive").rglob("*") if p.is_file()}
    for path in held:
        with pytest.raises(AlreadyThere):
            kept.store.put(path.relative_to(tmp_path / "archive").as_posix(), source, now())
        assert path.stat().st_mode & 0o222 == 0
    assert {p: p.read_bytes() for p in (tmp_path / "archive").rglob("*") if p.is_file()} == held


class BreaksOff(FolderStore):
    """A folder whose disk goes away at the nth write, before or after it was done."""

    def __init__(self, path: Path, writes: int, *, after: bool) -> None:
        super().__init__(path)
        self.writes = writes
        self.after = after

    def put(self, name: str, source: Path, retain_until: datetime) -> Held:
        self.writes -= 1
        if self.writes < 0 and not self.after:
            raise ArchiveError("the disk is gone")
        held = super().put(name, source, retain_until)
        if self.writes < 0:
            raise ArchiveError("the disk is gone")
        return held


def test_a_run_that_breaks_off_at_any_write_is_taken_up_by_the_next(kept: Kept) -> None:
    for after in (False, True):
        for writes in range(9):
            shutil.rmtree(kept.folder / "archive", ignore_errors=True)
            (kept.journal / "archive.checkpoints").unlink(missing_ok=True)
            with pytest.raises(ArchiveError, match="the disk is gone"):
                kept.archive(
                    tail=True, store=BreaksOff(kept.folder / "archive", writes, after=after)
                )
            kept.archive(tail=True)
            report = check(kept.manifest())
            assert (report.objects, report.bad, report.unlisted) == (4, [], [])


class Crowded(FolderStore):
    """A folder in which somebody else archives the same journal, in the middle of our run."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept.folder / "archive")
        self.kept = kept
        self.others = iter([None, None, None, kept.archive])

    def put(self, name: str, source: Path, retain_until: datetime) -> Held:
        if other := next(self.others, None):
            other()
        return super().put(name, source, retain_until)


def test_of_two_that_archive_at_once_one_is_told_and_nothing_is_recorded_twice(kept: Kept) -> None:
    with pytest.raises(ArchiveError, match=r"somebody else wrote entry \d at the same time"):
        kept.archive(store=Crowded(kept))
    assert kept.archive().added == []
    assert [e.segment for e in kept.manifest().objects()] == [1, 2, 3]
    assert check(kept.manifest()).bad == []


def test_bytes_of_a_write_that_broke_off_are_left_and_another_name_is_taken(kept: Kept) -> None:
    half = kept.folder / "half"
    half.write_bytes(b"half a segment")
    kept.store.check()
    kept.store.put("objects/00000001.segment.zst", half, now())
    done = kept.archive()
    assert done.added[0].name == "objects/00000001.segment.2.zst"
    assert check(kept.manifest()).unlisted == ["objects/00000001.segment.zst"]


def test_a_damaged_segment_is_not_archived(kept: Kept) -> None:
    flip(segments(kept.journal)[1], BLOCK + 500, 1)
    with pytest.raises(JournalError, match=r"00000002.segment is not whole .* not archived"):
        kept.archive()
    assert [e.segment for e in kept.manifest().objects()] == [1]


def test_another_journal_or_another_history_is_refused(kept: Kept, seed: int) -> None:
    kept.archive()
    shutil.rmtree(kept.journal)
    written(kept.journal, seed + 1, [400, 400, 400, 400, 400], cluster=CLUSTER)
    with pytest.raises(ArchiveError, match=r"00000002\.segment is not the segment that manifest"):
        kept.archive()
    shutil.rmtree(kept.journal)
    written(kept.journal, seed, [400, 400, 400, 400], cluster=b"another one's id")
    with pytest.raises(ArchiveError, match="another journal, or another history"):
        kept.archive()


def test_an_archive_begins_with_the_first_segment(kept: Kept) -> None:
    segments(kept.journal)[0].unlink()
    with pytest.raises(ArchiveError, match="does not hold segment 1"):
        kept.archive()


def test_damage_to_an_object_is_found_and_the_object_named(kept: Kept, seed: int) -> None:
    kept.archive(tail=True)
    random = Random(seed)
    for path in sorted((kept.folder / "archive" / "objects").iterdir()):
        good = path.read_bytes()
        at = random.randrange(len(good))
        overwrite(path, good[:at] + bytes([good[at] ^ 16]) + good[at + 1 :])
        report = check(kept.manifest())
        assert len(report.bad) == 1, f"byte {at} of {path.name}"
        assert path.name in report.bad[0]
        overwrite(path, good[:-1])
        assert check(kept.manifest(), content=False).bad[0].startswith(f"objects/{path.name}")
        overwrite(path, good)
    path.unlink()
    assert "is gone, and no entry says" in check(kept.manifest()).bad[0]


def test_an_encrypted_journal_stays_encrypted_and_is_checked_with_its_key(
    tmp_path: Path, seed: int
) -> None:
    keys = Keys({1: os.urandom(32)}, 1)
    kept = Kept(tmp_path, seed)
    shutil.rmtree(kept.journal)
    kept.commands = written(kept.journal, seed, [400, 400, 400, 400], cluster=CLUSTER, keys=keys)
    kept.archive(keys=keys)
    assert check(kept.manifest(), keys=keys).bad == []
    assert check(kept.manifest()).bad == [], "without the key: checksums, links and hashes of files"
    with ArchiveFolder(kept.manifest()) as folder, Reader(folder, keys=keys) as reader:
        read = b"".join(c.tobytes() for c in reader.batches())
    assert read
    assert kept.commands.tobytes().startswith(read)
