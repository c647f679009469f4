"""Taking the files that another node offers, into folders in which nothing is yet.

They are written as `….part` and get their names only when all are there, safe, and proven: each
by its SHA-256, the segments by their chain from the first to the last batch, the snapshot by its
own checks and its place in that chain. A note, `arrival`, is written before the first gets its
name: from then on a stop in between is made good by `complete_arrival`; before, it clears away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import cast

import numpy as np

from journal import beginning
from journal.errors import JournalError, SnapshotError
from journal.folder import Bytes, Folder, ReadFolder, RealFolder, read_all
from journal.headers import present_numbers, read_header, segment_name
from journal.keys import Keys
from journal.offers import SEGMENT, Offer, ShippedFile, offer_of
from journal.pieces import PIECE_BYTES, aligned
from journal.place import Place
from journal.reader import Reader
from journal.recovery import ends_there
from journal.snapshots import SUFFIX as SNAPSHOT_SUFFIX
from journal.snapshots import SnapshotStore
from lmax.view._view import StateView

PART = ".part"
NOTE = "arrival"


class Receiver:
    """Writes the files of an offer. The lock of the folder is the caller's.

    snapshots: the folder of snapshots. Both are made if missing, and what an earlier try left is
    cleared away. Raises JournalError where there is a journal or a snapshot already.
    """

    def __init__(self, folder: Folder, snapshots: Folder, offer: Offer) -> None:
        for each in (folder, snapshots):
            if isinstance(each, RealFolder):
                each.path.mkdir(parents=True, exist_ok=True)
        complete_arrival(folder, snapshots)
        _check_blank(folder, snapshots)
        self.offer = offer
        self._folder = folder
        self._snapshots = snapshots
        self._index = 0
        self._done = 0
        self._handle = -1
        self._buffer = aligned(PIECE_BYTES)
        self._filled = 0
        self._digest = hashlib.sha256()

    @property
    def wanted(self) -> tuple[int, int] | None:
        """The next piece that is to be asked for: index of the file, offset. None: all is there."""
        return (self._index, self._done) if self._index < len(self.offer.files) else None

    @property
    def received(self) -> int:
        """Bytes so far, of `offer.size`."""
        return sum(file.size for file in self.offer.files[: self._index]) + self._done

    def _where(self, file: ShippedFile) -> Folder:
        return self._folder if file.kind == SEGMENT else self._snapshots

    def take(self, index: int, offset: int, data: bytes) -> bool:
        """Bytes of a file; False if they are not what is wanted now: doubled, or too early.

        Raises JournalError, OSError: then it is of no more use; `close` it and begin again.
        """
        if (index, offset) != self.wanted:
            return False
        file = self.offer.files[index]
        if not data or self._done + len(data) > file.size:
            raise JournalError(f"{file.name}: {len(data)} bytes at {offset}, of {file.size}")
        if self._handle < 0:
            self._handle = self._where(file).create(file.name + PART)
        self._digest.update(data)
        self._put(file, np.frombuffer(data, np.uint8))
        if self._done == file.size:
            self._end(file)
        return True

    def _put(self, file: ShippedFile, data: Bytes) -> None:
        """By way of a buffer that begins on a page; it is written when it is full."""
        while len(data):
            some = data[: PIECE_BYTES - self._filled]
            self._buffer[self._filled : self._filled + len(some)] = some
            self._filled += len(some)
            self._done += len(some)
            data = data[len(some) :]
            if self._filled == PIECE_BYTES or self._done == file.size:
                start = self._done - self._filled
                self._where(file).write_at(self._handle, self._buffer[: self._filled], start)
                self._filled = 0

    def _end(self, file: ShippedFile) -> None:
        """Zeros behind it, and safe."""
        if self._digest.hexdigest() != file.sha256:
            raise JournalError(f"{file.name} is not what was offered: its SHA-256 differs")
        folder = self._where(file)
        self._buffer[:] = 0
        for at in range(file.size, file.full, PIECE_BYTES):
            folder.write_at(self._handle, self._buffer[: min(PIECE_BYTES, file.full - at)], at)
        folder.sync_file(self._handle)
        self._close_file()
        self._index, self._done = self._index + 1, 0
        self._digest = hashlib.sha256()

    def finish(self, keys: Keys | None = None, view: StateView | None = None) -> Place:
        """Prove what has come, and give it its names; where the journal ends now.

        keys: of an encrypted journal; view: the snapshot is loaded into it as a start would.
        Raises JournalError, JournalCorrupt, JournalKeyError, SnapshotError.
        """
        if self.wanted:
            raise JournalError(f"{self.offer.files[self._index].name} has not come as a whole")
        self._prove(keys, view)
        for folder in (self._folder, self._snapshots):
            folder.sync()
        self._folder.write_file(NOTE + PART, self.offer.as_bytes())
        self._folder.rename(NOTE + PART, NOTE)
        self._folder.sync()
        complete_arrival(self._folder, self._snapshots)
        return self.offer.end

    def _prove(self, keys: Keys | None, view: StateView | None) -> None:
        segments = _Parts(self._folder, [file.name for file in self.offer.segments])
        with Reader(segments, keys=keys) as reader:
            if self.offer.first_segment > 1:
                reader.begin_behind(*self.offer.before)
            for _ in reader.batches():
                pass
            if reader.torn or reader.place != self.offer.end:
                raise JournalError(
                    f"what has come ends with command {reader.sequence}, not with"
                    f" {self.offer.end.sequence} as it was offered{reader.torn and ': '}"
                    f"{reader.torn}"
                )
        if self.offer.snapshot:
            name = self.offer.snapshot.name
            store = SnapshotStore(cast(Folder, _Parts(self._snapshots, [name])), keys)
            found = store.check(name)
            if found.place.cluster != self.offer.end.cluster or not ends_there(
                segments, found.place
            ):
                raise SnapshotError(name, "it is not of the journal that has come")
            if view is not None:
                store.load(found, view)

    def _close_file(self) -> None:
        if self._handle >= 0:
            self._where(self.offer.files[self._index]).close(self._handle)
            self._handle = -1

    def close(self) -> None:
        """Give up what is not finished; `….part` files stay until the next one is made."""
        self._close_file()


class _Parts:
    """A folder in which files have their names already."""

    def __init__(self, folder: ReadFolder, names: list[str]) -> None:
        self.path = folder.path
        self._folder = folder
        self._names = names
        self.read_at = folder.read_at
        self.close = folder.close

    def names(self) -> list[str]:
        return self._names

    def exists(self, name: str) -> bool:
        return name in self._names

    def size(self, name: str) -> int:
        return self._folder.size(name + PART)

    def open_to_read(self, name: str) -> int:
        return self._folder.open_to_read(name + PART)


def complete_arrival(folder: Folder, snapshots: Folder) -> bool:
    """To be called before every start: finish what a stop broke off, or clear it away.

    True if files that were proven have got their names now.
    """
    offer = _noted(folder)
    if offer is None:
        for each, name in _parts(folder, snapshots):
            each.remove(name)
        return False
    if offer.first_segment > 1:
        beginning.note(folder, offer.first_segment, *offer.before)
    for file in offer.files:
        where = folder if file.kind == SEGMENT else snapshots
        if where.exists(file.name + PART):
            where.rename(file.name + PART, file.name)
    snapshots.sync()
    folder.sync()
    folder.remove(NOTE)
    folder.sync()
    return True


def _noted(folder: Folder) -> Offer | None:
    """The offer whose files were proven and are getting their names."""
    try:
        return offer_of(read_all(folder, NOTE).tobytes()) if folder.exists(NOTE) else None
    except JournalError:
        raise JournalError(f"{folder.path / NOTE} is damaged; begin with an empty folder") from None


def _parts(folder: Folder, snapshots: Folder) -> Iterator[tuple[Folder, str]]:
    """What was left of a try that broke off."""
    ends = (f".segment{PART}", f"{SNAPSHOT_SUFFIX}{PART}", NOTE + PART)
    for each in (folder, snapshots):
        if isinstance(each, RealFolder) and not each.path.is_dir():
            continue
        yield from ((each, name) for name in each.names() if name.endswith(ends))


def _check_blank(folder: Folder, snapshots: Folder) -> None:
    """Segments that were made ahead and never begun are no journal; they go."""
    for number in reversed(present_numbers(folder)):
        name = segment_name(number)
        if read_header(folder, name) is not None:
            raise JournalError(f"{folder.path} holds a journal; take its files away first")
        folder.remove(name)
    if SnapshotStore(snapshots).names():
        raise JournalError(f"{snapshots.path} holds snapshots; take them away first")
    folder.sync()
