"""Reading a journal, also while another process writes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flow.commands import Commands
from journal._scan import BAD, SIZES, gather
from journal.errors import JournalCorrupt, JournalError
from journal.reader import NO_LIMIT, Reader, read_header, segment_numbers, segment_path
from node.system import journal_folder

BLOCK_BYTES, BATCH_BYTES, _ = SIZES

RETRIES = 4
RETRY_S = 0.02
"""A batch seen while it is being written looks torn, or damaged; a moment later it is whole."""


def journal_of(folder: Path) -> Path:
    """The journal's folder of a data folder. Raises JournalError if there is none in it."""
    found = journal_folder(folder)
    if not segment_numbers(found):
        raise JournalError(f"{found} holds no journal. Name a folder that `lmax run` has used.")
    return found


def read_patiently(reader: Reader, last: int = NO_LIMIT) -> Iterator[Commands]:
    """The commands up to `last` as of now; each array is valid until the next one.

    Raises JournalCorrupt when it still looks so after some moments.
    """
    for attempt in range(RETRIES):
        reader.torn = ""
        try:
            for commands in reader.batches(last):
                surplus = max(0, reader.sequence - last)  # a batch is read whole
                yield commands[: len(commands) - surplus]
        except JournalCorrupt:
            if attempt == RETRIES - 1:
                raise
        else:
            if not reader.torn:
                return
        time.sleep(RETRY_S)


@dataclass(frozen=True)
class Segment:
    """One file of a journal. first, last: sequences; last is first - 1 while it is empty.

    bytes: in use, header included; state: "" or what is wrong behind the last good batch.
    """

    name: str
    first: int
    last: int
    commands: int
    batches: int
    bytes: int
    size: int
    created: int
    epoch: int
    state: str


def segments(folder: Path) -> Iterator[Segment]:
    """The segments in use. What is checked is each batch in itself; `Reader` checks the chain."""
    for number in segment_numbers(folder):
        path = segment_path(folder, number)
        header = read_header(path)
        if header is None:
            continue  # made ahead
        if isinstance(header, str):
            raise JournalError(f"{path}: {header}. `lmax journal verify` tells more.")
        yield _segment(path, header)


def _segment(path: Path, header: dict[str, int]) -> Segment:
    data = np.fromfile(path, np.uint8)
    out = np.empty(BATCH_BYTES, np.uint8)
    at, batches = BLOCK_BYTES, 0
    sequence, checksum, wrong = header["first_sequence"], header["previous_checksum"], ""
    while at < len(data):
        # Up to the sequence expected next: one batch, as batches are taken whole.
        stop, consumed, _, sequence, checksum, wrong = gather(
            data[at : at + BATCH_BYTES], sequence, sequence, checksum, out
        )
        if stop == BAD or consumed == 0:
            break
        at += consumed
        batches += 1
    return Segment(
        name=path.name,
        first=header["first_sequence"],
        last=sequence - 1,
        commands=sequence - header["first_sequence"],
        batches=batches,
        bytes=at,
        size=len(data),
        created=header["created"],
        epoch=header["epoch"],
        state=wrong,
    )
