"""Whole batches with their headers, as a standby gets them: checked, decrypted, in messages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from journal.beginning import begin
from journal.errors import JournalCorrupt, JournalError
from journal.folder import Bytes, ReadFolder
from journal.headers import as_folder, read_header, segment_name
from journal.keys import Keys
from journal.place import Place
from journal.reader import NO_LIMIT, READ_BYTES, Commands, Reader
from journal.schema import BATCH, BATCH_HEADER_BYTES, BLOCK_BYTES
from journal.seeking import Epoch, beginning_of, end_of, find_batch, last_epochs, place_upto
from journal.verify import RETRIES, RETRY_S
from lmax.schema import COMMAND

__all__ = [
    "BatchReader",
    "Batches",
    "Epoch",
    "beginning_of",
    "end_of",
    "find_batch",
    "last_epochs",
    "place_upto",
]

MOST_BYTES = 1 << 20

Ends = npt.NDArray[np.int64]


class Batches:
    """Some batches in a row, in one piece of memory: valid until the next `read`.

    data: a message each, one behind the other: the batch's header (128 bytes, journal.schema.BATCH)
    and its commands; ends: where each message ends in it.
    """

    def __init__(self, data: Bytes, ends: Ends) -> None:
        self.data = data
        self.ends = ends

    def __len__(self) -> int:
        return len(self.ends)

    @cached_property
    def starts(self) -> Ends:
        return np.concatenate((np.zeros(1, np.int64), self.ends[:-1]))[: len(self.ends)]

    @cached_property
    def heads(self) -> Commands:
        """All headers, copied. Checksum, generation, key and tag are those of the file here."""
        rows: Commands = self.data.view(BATCH)
        return rows[self.starts // BATCH_HEADER_BYTES]

    @cached_property
    def lasts(self) -> npt.NDArray[np.uint64]:
        """The last sequence of each."""
        found: npt.NDArray[np.uint64] = self.heads["first_sequence"] + self.heads["count"] - 1
        return found

    def message(self, index: int) -> Bytes:
        """Header and commands of one, as they are sent."""
        return self.data[self.starts[index] : self.ends[index]]

    def __iter__(self) -> Iterator[tuple[np.void, Commands]]:
        """Header and commands of each."""
        for index in range(len(self)):
            message = self.message(index)
            head = message[:BATCH_HEADER_BYTES].view(BATCH)[0]
            yield head, message[BATCH_HEADER_BYTES:].view(COMMAND)

    def cut(self, first: int, end: int) -> Batches:
        """Some of them, of the same memory."""
        start = int(self.starts[first]) if first < len(self) else 0
        stop = int(self.ends[end - 1]) if end > first else start
        return Batches(self.data[start:stop], self.ends[first:end] - start)


NONE = Batches(np.empty(0, np.uint8), np.empty(0, np.int64))


class _Messages(Reader):
    """A reader that leaves each batch's header before its commands."""

    def __init__(self, folder: ReadFolder, *, hashes: bool, keys: Keys | None) -> None:
        super().__init__(folder, hashes=hashes, keys=keys, as_written=True)
        self.ends = np.empty(READ_BYTES // BLOCK_BYTES, np.int64)
        self.count = 0

    def _take(self, data: Bytes, last: int, out: Bytes) -> tuple[int, int, int, str]:
        before = self.chain.batches
        found = self.chain.gather(data, self.offset, last, out, self.ends)
        self.count = self.chain.batches - before
        return found

    def more(self) -> Batches:
        """The next batches; a message is shorter than its batch in the file, so they fit."""
        filled = self._fill(NO_LIMIT, self._out)
        return Batches(self._out[:filled], self.ends[: self.count].copy()) if filled else NONE


class BatchReader:
    """Goes through the whole batches of a journal, each checked as `Reader` does.

    at: begin behind this place (`find_batch`), not where the journal begins. Commands that are
    left out (journal.skips) come as they were written. Beside a running writer it ends at what is
    there, confirmed by the disk or not, and goes on later. hashes: check SHA-256 too; pause:
    called before something that looks damaged is looked at again.
    """

    def __init__(
        self,
        folder: Path | ReadFolder,
        *,
        keys: Keys | None = None,
        hashes: bool = True,
        at: Place | None = None,
        pause: Callable[[], None] = lambda: time.sleep(RETRY_S),
    ) -> None:
        self.largest = 0
        """Commands in the largest batch so far; those written beside a standby have 512."""
        self.folder = as_folder(folder)
        self._reader = _Messages(self.folder, hashes=hashes, keys=keys)
        self._waiting, self._next = NONE, 0
        self._pause = pause
        if at is None:
            begin(self._reader)
        else:
            self._go_on_at(at)
        self._last = self._reader.sequence
        self._hash = self._reader.chain.hash

    def _go_on_at(self, place: Place) -> None:
        if not place.segment:
            if place.sequence:
                self._reader.begin_behind(place.sequence, place.hash)
            return
        header = read_header(self.folder, segment_name(place.segment))
        if not isinstance(header, dict) or header["generation"] != place.generation:
            name = self.folder.path / segment_name(place.segment)
            raise JournalError(f"{name} is no longer the segment of command {place.sequence}")
        self._reader.go_on_at(header, place)

    @property
    def sequence(self) -> int:
        """Of the last command that was given out."""
        return self._last

    @property
    def hash(self) -> bytes:
        """Of the last batch that was given out."""
        return self._hash

    @property
    def place(self) -> Place:
        """Where the checking has come to, ahead of what was given out."""
        return self._reader.place

    @property
    def torn(self) -> str:
        return self._reader.torn

    @property
    def skipped(self) -> dict[int, int]:
        """As of `Reader`: a header of a segment says it, and no batch does before its record."""
        return self._reader.skipped

    def read(self, most_bytes: int = MOST_BYTES, last: int = NO_LIMIT) -> Batches:
        """The next batches, in messages of so many bytes in all; none at the end so far.

        One batch that is larger comes alone. last: none that ends behind this command. Raises
        JournalCorrupt.
        """
        if self._next == len(self._waiting):
            self._waiting, self._next = self._look(), 0
        first, waiting = self._next, self._waiting
        if first == len(waiting):
            return NONE
        limit = int(waiting.starts[first]) + most_bytes
        end = max(first + 1, int(np.searchsorted(waiting.ends, limit, "right")))
        end = min(end, int(np.searchsorted(waiting.lasts, np.uint64(last), "right")))
        if end <= first:
            return NONE
        self._next = end
        found = waiting.cut(first, end)
        self._last = int(found.lasts[-1])
        self._hash = found.heads[-1]["hash"].tobytes()
        self.largest = max(self.largest, int(found.heads["count"].max()))
        return found

    def _look(self) -> Batches:
        """A batch that is just being written may look damaged; a moment later it is whole."""
        for _ in range(RETRIES - 1):
            try:
                return self._reader.more()
            except JournalCorrupt:
                self._pause()
        return self._reader.more()

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> BatchReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
