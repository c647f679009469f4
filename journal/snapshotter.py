"""Taking snapshots beside the writer of a journal: by who follows it, never by who matches.

What may be in a snapshot is what is certainly on the disk. A reader sees a batch before the disk
has confirmed it; but there is one write at a time, so a batch behind which another has begun
was confirmed. The last batch of all is left for the next snapshot.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from journal._scan import batch_at
from journal.folder import ReadFolder
from journal.keys import Keys
from journal.place import Place
from journal.reader import Reader, read_header, segment_name, segment_numbers
from journal.recovery import Recovery, resume
from journal.replay import play
from journal.schema import BATCH, BATCH_HEADER_BYTES, BLOCK_BYTES, RECORD_BYTES
from journal.snapshot_file import Snapshot
from journal.snapshots import KEEP, SnapshotStore
from lmax._engine import Engine

PAUSE_S = 0.001
"""Between pieces of 1 MiB, so that no sync of the journal waits behind a whole snapshot."""


def confirmed_end(folder: ReadFolder, start: Place | None = None) -> int:
    """The sequence up to which a journal is certainly on the disk; 0: nothing is.

    start: where the walk over the headers of the last segment may begin.
    """
    for number in reversed(segment_numbers(folder)):
        name = segment_name(number)
        header = read_header(folder, name)
        if isinstance(header, dict):
            offset, expected = BLOCK_BYTES, header["first_sequence"]
            if start and start.segment == number and start.generation == header["generation"]:
                offset, expected = start.offset, start.sequence + 1
            return _first_of_last(folder, name, header["generation"], offset, expected) - 1
    return 0


def _first_of_last(
    folder: ReadFolder, name: str, generation: int, offset: int, expected: int
) -> int:
    """First sequence of the last write of a segment, from the batch at `offset` on."""
    block = np.zeros(BATCH_HEADER_BYTES, np.uint8)
    header = block.view(BATCH)
    first = expected
    handle = folder.open_to_read(name)
    try:
        while folder.read_at(handle, block, offset) == len(block):
            found = batch_at(block)
            if found is None or found[:2] != (generation, expected):
                break
            count = int(header["count"][0])
            size = BATCH_HEADER_BYTES + count * RECORD_BYTES
            first, expected = first if found[2] else expected, expected + count
            offset += -(-size // BLOCK_BYTES) * BLOCK_BYTES
    finally:
        folder.close(handle)
    return first


class Snapshotter:
    """Begins with the newest good snapshot, follows the journal, and takes the next.

    It uses memory for a second copy of the state. Raises what `resume` raises, JournalCorrupt.
    """

    def __init__(
        self,
        directory: Path | ReadFolder,
        store: SnapshotStore,
        *,
        keys: Keys | None = None,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._store = store
        self._pause_s = pause_s
        self.engine = Engine()
        self._reader = Reader(directory, keys=keys)
        self.recovery: Recovery = resume(self.engine, self._reader, store)
        self._newest = self.recovery.sequence

    def catch_up(self) -> int:
        """Apply what is on the disk; the sequence of the last command applied."""
        start = self._reader.place if self._reader.segment else None
        end = confirmed_end(self._reader.folder, start)
        if end > self.engine.sequence:
            play(self.engine, self._reader, end)
        return self.engine.sequence

    def take(self, keep: int = KEEP) -> Snapshot | None:
        """Write the state as it is now; None when the newest snapshot is of that state.

        Raises OSError, SnapshotError, JournalLocked: then throw this object away.
        """
        if self.engine.sequence <= self._newest:
            return None
        taken = self._store.take(
            self.engine,
            self._reader.place,
            keep=keep,
            pause=lambda: time.sleep(self._pause_s),
        )
        self._newest = taken.sequence
        return taken

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> Snapshotter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
