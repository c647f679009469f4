"""An archive read as if it were a journal's folder: segments are fetched when asked for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path

from journal.archive.entry import SNAPSHOT, TAIL, Entry
from journal.archive.manifest import Manifest
from journal.archive.segments import fetch
from journal.errors import JournalError
from journal.folder import Bytes, ReadFolder, RealFolder
from journal.reader import segment_name

KEPT = 3
"""Segments that stay on the local disk: a reader looks at the one after its own."""


class ArchiveFolder(ReadFolder):
    """The segments of an archive; close it to remove what was fetched.

    with_tail: also the newest part of a segment that is not archived in full; entries: by file
    name, instead of the segments.
    """

    def __init__(
        self,
        manifest: Manifest,
        *,
        with_tail: bool = True,
        entries: dict[str, Entry] | None = None,
    ) -> None:
        self.path = Path(manifest.store.where)
        self.manifest = manifest
        segments = {segment_name(n): e for n, e in usable(manifest, with_tail).items()}
        self.entries = segments if entries is None else entries
        self._snapshots: ArchiveFolder | None = None
        self._here = Path(tempfile.mkdtemp(prefix="lmax-archive-"))
        self._local = RealFolder(self._here)
        self._fetched: OrderedDict[str, None] = OrderedDict()

    def names(self) -> list[str]:
        return list(self.entries)

    def exists(self, name: str) -> bool:
        return name in self.entries

    def size(self, name: str) -> int:
        entry = self._entry(name)
        return entry.segment_bytes or entry.bytes

    def open_to_read(self, name: str) -> int:
        entry = self._entry(name)
        if name not in self._fetched:
            while len(self._fetched) >= KEPT:
                oldest, _ = self._fetched.popitem(last=False)
                os.unlink(self._here / oldest)  # who has it open keeps it
            fetch(self.manifest.store, entry, self._here / name)
            self._fetched[name] = None
        self._fetched.move_to_end(name)
        return self._local.open_to_read(name)

    def has_fetched(self, name: str) -> bool:
        """Whether it is on the local disk now."""
        return name in self._fetched

    def read_at(self, handle: int, into: Bytes, offset: int) -> int:
        return self._local.read_at(handle, into, offset)

    def close(self, handle: int) -> None:
        self._local.close(handle)

    def _entry(self, name: str) -> Entry:
        if name not in self.entries:
            raise JournalError(f"{self.path} holds no {name}")
        return self.entries[name]

    def skips(self) -> dict[int, int]:
        """As `journal.headers.announced_skips`, without fetching every segment for it."""
        return {e.first: e.skips for e in self.entries.values() if e.skips}

    def snapshots(self) -> ArchiveFolder:
        """The archive's snapshots, as a folder of their own that goes with this one."""
        if self._snapshots is None:
            entries = {e.file: e for e in self.manifest.objects(SNAPSHOT)}
            self._snapshots = ArchiveFolder(self.manifest, entries=entries)
        return self._snapshots

    def remove(self) -> None:
        """Delete what was fetched."""
        if self._snapshots:
            self._snapshots.remove()
        shutil.rmtree(self._here, ignore_errors=True)

    def __enter__(self) -> ArchiveFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def usable(manifest: Manifest, with_tail: bool) -> dict[int, Entry]:
    """The entry for each segment number: the full segment, else its longest tail."""
    found = manifest.segments()
    if with_tail:
        newest = max(found, default=0)
        for entry in manifest.objects(TAIL):
            best = found.get(entry.segment)
            if entry.segment > newest and (best is None or best.last < entry.last):
                found[entry.segment] = entry
    return dict(sorted(found.items()))
