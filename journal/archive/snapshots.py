"""The snapshots of a journal as files to be archived, and those of an archive to start from."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import cast

from journal.archive.entry import SNAPSHOT, Entry
from journal.archive.errors import ArchiveError
from journal.archive.manifest import Manifest
from journal.archive.reading import ArchiveFolder
from journal.archive.segments import fetch
from journal.archive.upload import Found
from journal.errors import SnapshotError
from journal.folder import Folder, ReadFolder
from journal.keys import Keys
from journal.snapshots import SnapshotStore, snapshot_folder


def snapshots_of(directory: Path, cluster: bytes) -> list[Found]:
    """All good ones of the journal in a folder, the oldest first; every byte of them is checked."""
    found = []
    for snapshot in SnapshotStore.of(directory).good(cluster):
        path = snapshot_folder(directory) / snapshot.name
        entry = Entry(
            0,
            SNAPSHOT,
            "",
            cluster.hex(),
            "",
            file=path.name,
            last=snapshot.sequence,
            last_hash=snapshot.place.hash.hex(),
            epoch=snapshot.place.epoch,
            generation=snapshot.place.generation,
            bytes=path.stat().st_size,
        )
        found.append(Found(path, entry))
    return sorted(found, key=lambda snapshot: snapshot.entry.last)


def check_snapshot(manifest: Manifest, entry: Entry) -> None:
    """That an archived snapshot is what was archived, and whole. ArchiveError says what is not."""
    with tempfile.TemporaryDirectory(prefix="lmax-archive-") as folder:
        fetch(manifest.store, entry, Path(folder, entry.file))
        try:
            SnapshotStore(Path(folder)).check(entry.file)
        except SnapshotError as error:
            raise ArchiveError(f"{manifest.store.where}/{entry.name}: {error}") from None


def snapshots_beside(source: Path | ReadFolder, keys: Keys) -> SnapshotStore:
    """The snapshots that belong to a journal, wherever it is read from."""
    if isinstance(source, Path):
        return SnapshotStore.of(source, keys)
    if isinstance(source, ArchiveFolder):
        # It is only read, and so no folder that can be written is needed.
        return SnapshotStore(cast(Folder, source.snapshots()), keys)
    return SnapshotStore(cast(Folder, NoSnapshots()), keys)


class NoSnapshots:
    """Of a journal on another machine only the segments are seen."""

    def names(self) -> list[str]:
        return []
