"""Finding a place in a journal by headers alone: those of segments, then those of batches.

Nothing is hashed on the way. There is one write at a time, so a batch behind which another has
begun is whole; only the very last one is looked at closer.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from journal._hops import gather_headers
from journal._scan import is_whole_batch
from journal.errors import JournalCorrupt
from journal.folder import ReadFolder, read_all
from journal.headers import read_header, segment_name, segment_numbers
from journal.place import Place
from journal.schema import (
    BATCH,
    BATCH_HEADER_BYTES,
    BLOCK_BYTES,
    HASH_BYTES,
    RECORD_BYTES,
    SegmentFields,
)

CHUNK_BYTES = 1 << 20

Heads = npt.NDArray[np.void]


def places_taken(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What batches of so many commands take in the file, each."""
    sizes = BATCH_HEADER_BYTES + RECORD_BYTES * counts
    return -(-sizes // BLOCK_BYTES) * BLOCK_BYTES


@dataclass(frozen=True)
class Walk:
    """The batches of one segment. heads: their headers, of BATCH; fields: the segment's own."""

    fields: SegmentFields
    heads: Heads

    @cached_property
    def ends(self) -> npt.NDArray[np.int64]:
        """Offsets in the file behind each."""
        return BLOCK_BYTES + np.cumsum(places_taken(self.heads["count"].astype(np.int64)))

    @cached_property
    def lasts(self) -> npt.NDArray[np.int64]:
        """The last sequence of each."""
        return (self.heads["first_sequence"] + self.heads["count"] - 1).astype(np.int64)

    def place(self, index: int) -> Place:
        """Behind one of them."""
        head = self.heads[index]
        return Place(
            cluster=self.fields["cluster"],
            sequence=int(self.lasts[index]),
            hash=head["hash"].tobytes(),
            epoch=int(head["epoch"]),
            generation=self.fields["generation"],
            segment=self.fields["number"],
            offset=int(self.ends[index]),
        )


def walk(folder: ReadFolder, fields: SegmentFields) -> Walk:
    """Go from batch to batch through a segment; one that is not whole at the end is left out."""
    name = segment_name(fields["number"])
    chunk = np.empty(CHUNK_BYTES, np.uint8)
    room = np.empty(CHUNK_BYTES // BLOCK_BYTES * BATCH_HEADER_BYTES, np.uint8)
    found: list[Heads] = []
    sequence, digest, offset = fields["first_sequence"] - 1, fields["previous"], BLOCK_BYTES
    handle = folder.open_to_read(name)
    try:
        while size := folder.read_at(handle, chunk, offset):
            taken, count = gather_headers(
                chunk[:size], fields["generation"], sequence, digest, room
            )
            if not count:
                break
            heads = room[: count * BATCH_HEADER_BYTES].view(BATCH).copy()
            found.append(heads)
            sequence = int(heads[-1]["first_sequence"] + heads[-1]["count"]) - 1
            digest = heads[-1]["hash"].tobytes()
            offset += taken
    finally:
        folder.close(handle)
    there = Walk(fields, np.concatenate(found) if found else np.empty(0, BATCH))
    if len(there.heads) and not _is_whole(folder, name, there):
        there = Walk(fields, there.heads[:-1])
    return there


def _is_whole(folder: ReadFolder, name: str, there: Walk) -> bool:
    """Whether the last batch's commands stand behind its header."""
    size = int(places_taken(there.heads["count"][-1:].astype(np.int64))[0])
    data = read_all(folder, name, int(there.ends[-1]) - size, size)
    return len(data) == size and is_whole_batch(data)


class Segments:
    """The segments of a folder as they are now, in order; headers are read when asked for.

    Raises JournalError if one is missing between others.
    """

    def __init__(self, folder: ReadFolder) -> None:
        self.folder = folder
        self.numbers = segment_numbers(folder)
        self._known: dict[int, SegmentFields | None] = {}

    def fields(self, index: int) -> SegmentFields | None:
        """What a header says; None of one that is not in use. Raises JournalCorrupt."""
        number = self.numbers[index]
        if number not in self._known:
            header = read_header(self.folder, segment_name(number))
            if isinstance(header, str) and self._in_use_behind(number):
                path = self.folder.path / segment_name(number)
                raise JournalCorrupt(path, 0, 0, header)
            self._known[number] = header if isinstance(header, dict) else None
        return self._known[number]

    def _in_use_behind(self, number: int) -> bool:
        later = (segment_name(n) for n in self.numbers if n > number)
        return any(isinstance(read_header(self.folder, name), dict) for name in later)

    def first_sequence(self, index: int) -> int:
        """Of one that is not in use: behind all others."""
        fields = self.fields(index)
        return fields["first_sequence"] if fields else 2**64

    def used(self) -> list[SegmentFields]:
        """All that are in use; the last may hold no whole batch yet."""
        every = (self.fields(index) for index in range(len(self.numbers)))
        return [fields for fields in every if fields]

    def upto(self, sequence: int) -> int:
        """Index of the segment that would hold that command; -1: it is before all of them."""
        return bisect_right(range(len(self.numbers)), sequence, key=self.first_sequence) - 1


def beginning_of(folder: ReadFolder) -> Place:
    """Before the first batch that is there: segment 0, and a cluster only if there is a segment.

    Its epoch is not told by anything: 0.
    """
    segments = Segments(folder)
    fields = segments.fields(0) if segments.numbers else None
    if fields is None:
        return Place(b"", 0, bytes(HASH_BYTES), 0, 0, 0, 0)
    sequence = fields["first_sequence"] - 1
    return Place(fields["cluster"], sequence, fields["previous"], 0, 0, 0, 0)


def place_upto(folder: ReadFolder, sequence: int) -> Place | None:
    """Behind the last batch that ends with that command or an earlier one.

    `beginning_of` where the first one ends later; None if that is behind `sequence`, too.
    """
    segments = Segments(folder)
    for index in range(segments.upto(sequence), -1, -1):
        fields = segments.fields(index)
        there = walk(folder, fields) if fields else None
        count = int(np.searchsorted(there.lasts, sequence, "right")) if there else 0
        if there and count:
            return there.place(count - 1)
    start = beginning_of(folder)
    return start if start.sequence <= sequence else None


def find_batch(folder: ReadFolder, sequence: int) -> Place | None:
    """The place behind the batch that ends with `sequence`; None if no batch ends there.

    0, or what comes before the first segment that is there, is `beginning_of`. Of an encrypted
    journal no key is asked for. Raises JournalError, JournalCorrupt where headers tell of damage.
    """
    place = place_upto(folder, sequence)
    return place if place and place.sequence == sequence else None


def end_of(folder: ReadFolder) -> Place:
    """Behind the last whole batch, which the disk may not have confirmed yet."""
    return place_upto(folder, 2**63 - 1) or beginning_of(folder)


class Epoch(NamedTuple):
    """Where an epoch ends. last: sequence of its last command; hash: of its last batch."""

    epoch: int
    last: int
    hash: bytes


def last_epochs(folder: ReadFolder) -> list[Epoch]:
    """The epochs of the batches that are there, in order, with where each ends.

    A segment's header tells the epoch of its first batch: only those in which it changes, and
    the last, are gone through.
    """
    used = Segments(folder).used()
    if used and not len(walk(folder, used[-1]).heads):
        used.pop()
    found: dict[int, Epoch] = {}
    for index, fields in enumerate(used):
        following = used[index + 1] if index + 1 < len(used) else None
        if following and following["epoch"] == fields["epoch"]:
            continue
        there = walk(folder, fields)
        epochs = there.heads["epoch"]
        for at in np.flatnonzero(np.append(epochs[1:] != epochs[:-1], True)):
            place = there.place(int(at))
            found[place.epoch] = Epoch(place.epoch, place.sequence, place.hash)
    return list(found.values())
