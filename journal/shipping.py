"""Giving a journal to a node that has nothing: the newest snapshot, and the segments from it on.

The journal may be written and pruned meanwhile. All files are opened before anything is sent, so
one that is removed can be read to its end; one that is used again for new segments is found out.
The last segment is sent up to the last batch that is safe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from journal.errors import JournalError, SnapshotError
from journal.folder import ReadFolder, read_all
from journal.headers import segment_name
from journal.offers import SEGMENT, SNAPSHOT, Offer, ShippedFile
from journal.place import Place
from journal.reader import Reader
from journal.recovery import check_skips, ends_there, segment_of
from journal.schema import BLOCK_BYTES, SegmentFields
from journal.seeking import Segments, place_upto, walk
from journal.snapshot_file import Snapshot
from journal.snapshots import SnapshotStore
from journal.snapshotter import confirmed_end

PIECE_BYTES = 64 << 10
"""What is asked for at once: half of what a message may have."""

MOST_FILES = 512
"""All are open at a time, and the list of them goes in one message."""

READ_BYTES = 1 << 20


class Shipper:
    """Offers the files of a journal and reads them, a piece at a time, until it is closed.

    until: the last command that is known to be safe; without, what the disk has certainly
    confirmed (all but the last batch). To make the list every file is read once, which takes a
    second for a GB: not for a thread that anybody waits for. Raises JournalError if there is
    nothing yet, or nothing that a start could begin with.
    """

    def __init__(
        self, folder: ReadFolder, snapshots: SnapshotStore, *, until: int | None = None
    ) -> None:
        self._folder = folder
        self._handles: list[tuple[ReadFolder, int, bytes]] = []
        try:
            self.offer = self._offer(snapshots, until)
        except (FileNotFoundError, KeyError):
            self.close()
            raise JournalError(f"{folder.path} was pruned meanwhile; try again") from None
        except BaseException:
            self.close()
            raise

    def _offer(self, snapshots: SnapshotStore, until: int | None) -> Offer:
        end = place_upto(self._folder, confirmed_end(self._folder) if until is None else until)
        if end is None or not end.segment:
            raise JournalError(f"{self._folder.path} holds nothing yet that could be sent")
        snapshot = self._newest(snapshots, end)
        segments = Segments(self._folder)
        first = snapshot.place.segment if snapshot else segments.numbers[0]
        if not snapshot and first != 1:
            raise JournalError(
                f"{self._folder.path} begins with segment {first} and has no good snapshot: nothing"
                " could start from it"
            )
        used = [f for f in segments.used() if first <= f["number"] <= end.segment]
        if len(used) >= MOST_FILES:
            raise JournalError(f"{len(used)} segments are too many to be sent; take a snapshot")
        files = [self._open_snapshot(snapshots, snapshot)] if snapshot else []
        for fields, following in zip(used, [*used[1:], None], strict=True):
            files.append(self._open_segment(fields, following, end))
        before = used[0]["first_sequence"] - 1, used[0]["previous"]
        return Offer(files, before, end)

    def _newest(self, store: SnapshotStore, end: Place) -> Snapshot | None:
        """The newest good snapshot that a start at the other side could go on from."""
        with Reader(self._folder) as reader:
            for found in store.good(end.cluster):
                if found.sequence > end.sequence:
                    continue
                try:
                    segment_of(self._folder, found.place, found.name)
                    check_skips(reader, found)
                except SnapshotError:
                    continue
                if ends_there(self._folder, found.place):
                    return found
        return None

    def _open_snapshot(self, store: SnapshotStore, snapshot: Snapshot) -> ShippedFile:
        handle = store.folder.open_to_read(snapshot.name)
        self._handles.append((store.folder, handle, b""))
        digest = self._hashed(snapshot.size)
        return ShippedFile(SNAPSHOT, snapshot.name, snapshot.size, snapshot.size, digest)

    def _open_segment(
        self, fields: SegmentFields, following: SegmentFields | None, end: Place
    ) -> ShippedFile:
        name = segment_name(fields["number"])
        there = walk(self._folder, fields)
        if following and (
            not len(there.lasts) or there.lasts[-1] != following["first_sequence"] - 1
        ):
            raise JournalError(f"{self._folder.path / name} is damaged: `lmax journal verify`")
        size = int(there.ends[-1]) if following else end.offset
        header = read_all(self._folder, name, 0, BLOCK_BYTES).tobytes()
        self._handles.append((self._folder, self._folder.open_to_read(name), header))
        return ShippedFile(SEGMENT, name, size, fields["segment_bytes"], self._hashed(size))

    def _hashed(self, size: int) -> str:
        """SHA-256 of the file that was opened last."""
        digest = hashlib.sha256()
        index = len(self._handles) - 1
        for at in range(0, size, READ_BYTES):
            digest.update(self._read(index, at, min(READ_BYTES, size - at)))
        return digest.hexdigest()

    def read(self, index: int, offset: int, size: int = PIECE_BYTES) -> bytes:
        """Bytes of a file of the offer; fewer than asked for only at its end.

        JournalError if they can no longer be had: then a new offer is needed.
        """
        return self._read(index, offset, max(0, min(size, self.offer.files[index].size - offset)))

    def _read(self, index: int, offset: int, size: int) -> bytes:
        folder, handle, header = self._handles[index]
        data = np.empty(size, np.uint8)
        got = folder.read_at(handle, data, offset)
        block = np.empty(len(header), np.uint8)
        # Its first block is zeroed before anything else is done to a file that is used again.
        if got != size or (header and folder.read_at(handle, block, 0) != len(block)):
            raise JournalError(f"file {index} of the offer ends early; make a new offer")
        if block.tobytes() != header:
            raise JournalError(f"file {index} of the offer was used again; make a new offer")
        return data.tobytes()

    def pieces(self) -> Iterator[tuple[int, int, bytes]]:
        """All of it: (index of the file, offset, bytes)."""
        for index, file in enumerate(self.offer.files):
            for at in range(0, file.size, PIECE_BYTES):
                yield index, at, self.read(index, at)

    def close(self) -> None:
        while self._handles:
            folder, handle, _ = self._handles.pop()
            folder.close(handle)

    def __enter__(self) -> Shipper:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
