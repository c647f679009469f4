"""The folder of snapshots: which there are, taking one, and what is still needed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from journal.errors import JournalError, SnapshotError
from journal.files import lock_folder
from journal.folder import Folder, RealFolder, no_pause
from journal.keys import Keys
from journal.place import Place
from journal.snapshot_file import (
    Snapshot,
    checked_frames,
    load_snapshot,
    read_snapshot_header,
    write_snapshot,
)
from lmax.view._view import StateView

KEEP = 2
SUFFIX = ".snapshot"
NEW = ".new"


def snapshot_name(sequence: int) -> str:
    """Of the snapshot of the state behind a command; names sort as sequences do."""
    return f"{sequence:020d}{SUFFIX}"


def snapshot_folder(journal: Path) -> Path:
    """Where the snapshots of a journal are: beside it in a data folder, else in it."""
    return (journal.parent if journal.name == "journal" else journal) / "snapshots"


class SnapshotStore:
    """The snapshots of one journal. Reading needs no lock.

    keys: those of the journal; `keys.current` encrypts what is taken. The folder is made when the
    first snapshot is taken.
    """

    def __init__(self, folder: Path | Folder, keys: Keys | None = None) -> None:
        self._keys = keys or Keys()
        self.folder = RealFolder(folder) if isinstance(folder, Path) else folder

    @classmethod
    def of(cls, journal: Path | Folder, keys: Keys | None = None) -> SnapshotStore:
        """That of the journal in a folder; on a simulated disk it is the same folder."""
        return cls(snapshot_folder(journal) if isinstance(journal, Path) else journal, keys)

    def names(self) -> list[str]:
        """Of all that are there, good or not, the newest first."""
        try:
            found = self.folder.names()
        except JournalError:
            return []
        stems = ((name, name.removesuffix(SUFFIX)) for name in found if name.endswith(SUFFIX))
        return sorted((name for name, stem in stems if stem.isdigit()), reverse=True)

    def nearest(self, sequence: int) -> int:
        """Of the newest that its name says is not newer than that; 0: there is none."""
        found = (int(name.removesuffix(SUFFIX)) for name in self.names())
        return next((s for s in found if s <= sequence), 0)

    def header(self, name: str) -> Snapshot:
        """What it is of. Raises SnapshotError."""
        snapshot = read_snapshot_header(self.folder, name)
        if name != snapshot_name(snapshot.sequence):
            raise SnapshotError(name, f"a snapshot of the state behind {snapshot.sequence}")
        return snapshot

    def check(self, name: str) -> Snapshot:
        """What it is of, once every byte of it was checked. Raises SnapshotError."""
        snapshot = self.header(name)
        for _ in checked_frames(self.folder, snapshot):
            pass
        return snapshot

    def load(self, snapshot: Snapshot, view: StateView) -> None:
        """Read it into a state that nobody uses meanwhile. Raises SnapshotError; see there."""
        load_snapshot(self.folder, snapshot, view, self._keys)

    def take(
        self,
        view: StateView,
        place: Place,
        *,
        keep: int = KEEP,
        pause: Callable[[], None] = no_pause,
    ) -> Snapshot:
        """Write the state behind `place`, read it back into `view`, and then remove old ones.

        So what goes on in `view` is what stands on the disk. keep: how many good ones stay, 1 or
        more. Raises OSError, SnapshotError: then the others are as they were, and the view is good
        for nothing. JournalLocked if another process takes one.
        """
        lock = self._lock()
        try:
            name = snapshot_name(place.sequence)
            self._drop_half_made()
            write_snapshot(self.folder, name + NEW, view, place, keys=self._keys, pause=pause)
            written = read_snapshot_header(self.folder, name + NEW)
            if written.place != place:
                raise SnapshotError(name + NEW, "what is read back is not what was written")
            self.load(written, view)
            self.folder.rename(name + NEW, name)
            self.folder.sync()
            self._drop_old(place.cluster, max(1, keep))
            return self.header(name)
        finally:
            if lock >= 0:
                os.close(lock)

    def _lock(self) -> int:
        if not isinstance(self.folder, RealFolder):
            return -1
        path = self.folder.path
        path.mkdir(parents=True, exist_ok=True)
        self.folder = writable(path)
        return lock_folder(path)

    def _drop_half_made(self) -> None:
        for name in self.folder.names():
            if name.endswith(SUFFIX + NEW):
                self.folder.remove(name)

    def good(self, cluster: bytes = b"") -> Iterator[Snapshot]:
        """Those whose every byte is right, the newest first; of that journal, if it is named."""
        for name in self.names():
            try:
                found = self.check(name)
            except SnapshotError:
                continue
            if not cluster or found.place.cluster == cluster:
                yield found

    def _drop_old(self, cluster: bytes, keep: int) -> None:
        """Keep so many good ones of this journal; of the rest those that are older go.

        What is damaged, of another build or of another journal is left to its owner, while it
        is newer than all that are kept.
        """
        oldest = 0
        for kept, snapshot in enumerate(self.good(cluster), start=1):
            oldest = snapshot.sequence
            if kept == keep:
                break
        else:
            return
        for name in self.names():
            if name < snapshot_name(oldest) and self._is_of(name, cluster):
                self.folder.remove(name)
        self.folder.sync()

    def drop_behind(self, sequence: int, cluster: bytes) -> list[str]:
        """Remove those that hold a command behind that one, the newest first; their names.

        For a journal that is cut. Those of another journal stay. JournalLocked while one is taken.
        """
        later = [name for name in self.names() if name > snapshot_name(sequence)]
        gone = [name for name in later if not self._is_of_another(name, cluster)]
        if not gone:
            return []
        lock = self._lock()
        try:
            self._drop_half_made()
            for name in gone:
                self.folder.remove(name)
            self.folder.sync()
        finally:
            if lock >= 0:
                os.close(lock)
        return gone

    def _is_of_another(self, name: str, cluster: bytes) -> bool:
        try:
            return self.header(name).place.cluster != cluster
        except SnapshotError:
            return False

    def _is_of(self, name: str, cluster: bytes) -> bool:
        try:
            return self.header(name).place.cluster == cluster
        except SnapshotError:
            return False

    def first_needed(self, cluster: bytes, *, keep: int = KEEP, seen: Iterable[int] = ()) -> int:
        """The first sequence of the journal that must stay, if the policy lets older ones go.

        Recovery needs what follows the oldest of the last `keep` good snapshots, and everything
        while there are fewer. seen: the last sequence that each consumer of events has; it goes
        on from a snapshot that is not newer. All bytes of the snapshots are checked for this.
        """
        good = [snapshot.sequence for snapshot in self.good(cluster)]
        if len(good) < max(1, keep):
            return 1
        needed = [good[max(1, keep) - 1]]
        needed += [max((s for s in good if s <= position), default=0) for position in seen]
        return min(needed) + 1


def writable(path: Path) -> RealFolder:
    """A folder written past the page cache, where the file system allows that."""
    probe = path / f"probe{NEW}"
    folder = RealFolder(path, "direct")
    try:
        folder.close(folder.create(probe.name))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        folder = RealFolder(path)
    finally:
        probe.unlink(missing_ok=True)
    return folder
