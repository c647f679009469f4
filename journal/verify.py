"""Checking a whole journal as fast as the machine can: segments side by side, then their chain."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from journal._scan import END, EXHAUSTED, SIZES, Chain
from journal.ahead import read_ahead
from journal.beginning import begin
from journal.errors import JournalCorrupt
from journal.folder import ReadFolder
from journal.headers import present_numbers
from journal.keys import Keys
from journal.newer import rest_of
from journal.place import Place
from journal.reader import (
    NO_LIMIT,
    Commands,
    Reader,
    as_folder,
    read_header,
    segment_name,
)
from journal.schema import RECORD_BYTES, SegmentFields

BLOCK_BYTES, BATCH_BYTES, _ = SIZES
CHUNK_BYTES = 2 * BATCH_BYTES
RETRIES = 4
RETRY_S = 0.02
"""A batch seen while it is being written looks torn, or damaged; a moment later it is whole."""


@dataclass(frozen=True)
class SegmentScan:
    """One segment by itself: its header, and how far its own batches go.

    bytes: up to the end of the last batch; wrong: what stands there, "" at a clean end.
    """

    number: int
    header: SegmentFields
    last: int
    hash: bytes
    epoch: int
    batches: int
    bytes: int
    wrong: str

    @property
    def commands(self) -> int:
        return self.last + 1 - self.header["first_sequence"]

    @property
    def place(self) -> Place:
        """Behind the last batch."""
        return Place(
            cluster=self.header["cluster"],
            sequence=self.last,
            hash=self.hash,
            epoch=self.epoch,
            generation=self.header["generation"],
            segment=self.number,
            offset=self.bytes,
        )


def scan_segment(
    folder: Path | ReadFolder, number: int, *, hashes: bool = True, keys: Keys | None = None
) -> SegmentScan | None:
    """Check a segment's batches and their chain from what its header says; None if not in use.

    With neither hashes nor keys, checksums and links are checked of what is encrypted too. Raises
    JournalError for another format or a missing key.
    """
    folder = as_folder(folder)
    name = segment_name(number)
    header = read_header(folder, name)
    if not isinstance(header, dict):
        return None
    secret = None
    if keys or hashes:
        secret = (keys or Keys()).of_segment(header["key"], header["cluster"], header["salt"])
    chain = Chain(hashes=hashes, sequence=header["first_sequence"] - 1)
    chain.enter(
        header["generation"],
        epoch=header["epoch"],
        recycled=bool(header["recycled"]),
        previous=header["previous"],
        key=header["key"],
        secret=secret,
    )
    chunk = np.empty(CHUNK_BYTES, np.uint8)
    out = np.empty(CHUNK_BYTES if header["key"] and secret else 0, np.uint8)
    offset, wrong = BLOCK_BYTES, ""
    handle = folder.open_to_read(name)
    try:
        while size := folder.read_at(handle, chunk, offset):
            stop, consumed, _, wrong = chain.gather(chunk[:size], offset, NO_LIMIT, out)
            offset += consumed
            if stop != EXHAUSTED or not consumed:
                wrong = wrong or ("" if stop == END else "a batch that is cut off")
                break
    finally:
        folder.close(handle)
    return SegmentScan(
        number, header, chain.sequence, chain.hash, chain.epoch, chain.batches, offset, wrong
    )


def ends_clean(folder: ReadFolder, scan: SegmentScan) -> bool:
    """Whether a segment that another follows holds nothing behind its last batch."""
    generation = scan.header["generation"]
    rest = rest_of(folder, segment_name(scan.number), scan.bytes, generation)
    if scan.wrong or rest.batches or rest.size + scan.bytes != scan.header["segment_bytes"]:
        return False
    return bool(scan.header["recycled"]) or rest.zeros


def follows(scan: SegmentScan, before: SegmentScan) -> bool:
    """Whether the chain goes on from one segment to the next."""
    header = scan.header
    return (
        header["number"] == scan.number == before.number + 1
        and header["first_sequence"] == before.last + 1
        and header["previous"] == before.hash
        and header["cluster"] == before.header["cluster"]
        and header["generation"] > before.header["generation"]
        and header["epoch"] >= before.epoch
    )


@dataclass(frozen=True)
class Verdict:
    """state: clean; torn, when the last write was cut short; corrupt, and `damage` says where.

    commands, last_sequence, bytes: that are good; segment, offset: where they end.
    """

    state: str
    commands: int
    last_sequence: int
    bytes: int
    segment: str
    offset: int
    what: str
    damage: JournalCorrupt | None


def verify(
    directory: Path | ReadFolder,
    *,
    hashes: bool = True,
    keys: Keys | None = None,
    threads: int | None = None,
) -> Verdict:
    """Check every byte that was synced, also beside a running writer.

    hashes: SHA-256 too, not only checksums; threads: default one for each core. Raises JournalError
    for another format or a missing key.
    """
    folder = as_folder(directory)
    with Reader(folder, hashes=hashes, keys=keys) as reader:
        start = begin(reader)
        good = sound_beginning(folder, hashes, keys, threads or os.cpu_count() or 1, start)
        if good:
            reader.go_on_at(good.header, good.place)
        damage = None
        try:
            for _ in read_patiently(reader):
                pass
        except JournalCorrupt as error:
            damage = error
        torn = "" if damage else reader.torn
        return Verdict(
            state="corrupt" if damage else "torn" if torn else "clean",
            commands=reader.sequence - (start[0] if start else 0),
            last_sequence=reader.sequence,
            bytes=(reader.sequence - (start[0] if start else 0)) * RECORD_BYTES,
            segment=damage.path.name if damage else segment_name(reader.segment),
            offset=damage.offset if damage else reader.offset,
            what=str(damage) if damage else torn,
            damage=damage,
        )


def sound_beginning(
    folder: ReadFolder,
    hashes: bool,
    keys: Keys | None,
    threads: int,
    start: tuple[int, bytes] | None = None,
) -> SegmentScan | None:
    """The segment up to whose last good batch everything is whole and in order.

    start: sequence and hash before the first one, where that is not the journal's first. What
    comes after that batch is for `Reader` to say.
    """

    def scan(number: int) -> tuple[SegmentScan | None, bool]:
        found = scan_segment(folder, number, hashes=hashes, keys=keys)
        return found, found is not None and number != numbers[-1] and ends_clean(folder, found)

    before: SegmentScan | None = None
    numbers = present_numbers(folder)
    if not numbers or (numbers[0] != 1 and start is None):
        return None
    with ThreadPoolExecutor(threads, "verify") as pool:
        scans = pool.map(scan, numbers)
        try:
            for found, clean in scans:
                if found is None:
                    break
                if not (follows(found, before) if before else is_first(found, start)):
                    break
                before = found
                if not clean:
                    break
        finally:
            pool.shutdown(cancel_futures=True)
    return before


def is_first(scan: SegmentScan, start: tuple[int, bytes] | None) -> bool:
    """Whether a journal begins with it, or goes on with it behind `start`."""
    header = scan.header
    genesis = header["cluster"].ljust(len(header["previous"]), b"\0")
    sequence, digest = start or (0, genesis)
    in_line = header["number"] == scan.number and bool(start or scan.number == 1)
    return in_line and (header["first_sequence"], header["previous"]) == (sequence + 1, digest)


def read_patiently(reader: Reader, last: int = NO_LIMIT) -> Iterator[Commands]:
    """The commands up to `last` as of now; each array is valid until the next one.

    Raises JournalCorrupt when it still looks so after some moments.
    """
    for attempt in range(RETRIES):
        reader.torn = ""
        try:
            for commands in read_ahead(reader, last):
                surplus = max(0, int(commands["sequence"][-1]) - last)  # a batch is read whole
                yield commands[: len(commands) - surplus]
        except JournalCorrupt:
            if attempt == RETRIES - 1:
                raise
        else:
            if not reader.torn:
                return
        time.sleep(RETRY_S)
