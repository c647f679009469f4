"""Reading a journal from its first command on, also while it is being written."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from journal._scan import BAD, END, SIZES, gather, segment_header, whole_batch
from journal.errors import JournalCorrupt, JournalError
from lmax.schema import COMMAND

BLOCK_BYTES, BATCH_BYTES, _ = SIZES
CHUNK_BYTES = 4 * BATCH_BYTES
NO_LIMIT = 2**64 - 1
SUFFIX = ".segment"

Commands = npt.NDArray[np.void]


def segment_path(directory: Path, number: int) -> Path:
    """Where segment `number` (from 1) lives."""
    return directory / f"{number:08d}{SUFFIX}"


def segment_numbers(directory: Path) -> list[int]:
    """The segments of a folder in order. JournalError if one is missing between others."""
    if not directory.is_dir():
        raise JournalError(f"{directory} is not a folder. A journal is a folder of segments.")
    numbers = sorted(int(p.stem) for p in directory.glob(f"*{SUFFIX}") if p.stem.isdigit())
    for number, following in itertools.pairwise(numbers):
        if following != number + 1:
            raise JournalError(
                f"{segment_path(directory, number + 1)} is missing. Restore it from a copy."
            )
    return numbers


class Reader:
    """Goes through the batches of a journal in order and checks each.

    sequence: of the last command read; segment, offset: where the next batch would be;
    checksum: of the last batch. `torn` says what stands at the end where it is not clean.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sequence = 0
        self.checksum = 0
        self.segment = 0
        self.offset = 0
        self.torn = ""
        self.segment_bytes = 0
        self._fd = -1
        self._chunk = np.empty(CHUNK_BYTES, np.uint8)
        self._out = np.empty(CHUNK_BYTES, np.uint8)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, last: int = NO_LIMIT) -> Commands:
        """The next commands up to `last`; an empty array at the end so far.

        The array is valid until the next call. Raises JournalCorrupt.
        """
        while self.sequence < last:
            if self._fd < 0 and not self._open_next():
                break
            size = os.preadv(self._fd, [memoryview(self._chunk)], self.offset)
            stop, consumed, filled, expected, self.checksum, wrong = gather(
                self._chunk[:size], self.sequence + 1, last, self.checksum, self._out
            )
            self.offset += consumed
            self.sequence = expected - 1
            if filled:
                return self._out[:filled].view(COMMAND)
            if stop == BAD:
                self._judge(wrong)
                break
            if stop == END or consumed == 0:
                if not self._has_next():
                    break
                self.close()
        return np.empty(0, COMMAND)

    def batches(self, last: int = NO_LIMIT) -> Iterator[Commands]:
        """`read` until the end."""
        while len(commands := self.read(last)):
            yield commands

    def _path(self) -> Path:
        return segment_path(self.directory, self.segment)

    def _has_next(self) -> bool:
        """Whether the segment after this one is in use."""
        path = segment_path(self.directory, self.segment + 1)
        return path.exists() and read_header(path) is not None

    def _open_next(self) -> bool:
        """Open the segment after the current one; False when there is none in use."""
        first = self.segment == 0
        number = (segment_numbers(self.directory) or [1])[0] if first else self.segment + 1
        path = segment_path(self.directory, number)
        if not path.exists():
            return False
        header = read_header(path)
        if header is None:
            return False
        if isinstance(header, str):
            self.torn = header
            self._refuse_what_follows(path, 0, header)
            return False
        self._check_header(path, number, header)
        self.segment, self.offset = number, BLOCK_BYTES
        self.segment_bytes = header["segment_bytes"]
        self._fd = os.open(path, os.O_RDONLY)
        return True

    def _check_header(self, path: Path, number: int, header: dict[str, int]) -> None:
        expected = {
            "number": number,
            "first_sequence": self.sequence + 1,
            "previous_checksum": self.checksum,
        }
        for name, value in expected.items():
            if header[name] != value:
                raise JournalCorrupt(
                    path,
                    0,
                    self.sequence + 1,
                    f"a segment whose {name.replace('_', ' ')} is {header[name]}, not {value},",
                )

    def _judge(self, wrong: str) -> None:
        """At the very end bad bytes are a write that the stop cut short; elsewhere, damage."""
        self.torn = wrong
        self._refuse_what_follows(self._path(), self.offset, wrong)

    def _refuse_what_follows(self, path: Path, offset: int, wrong: str) -> None:
        number = int(path.stem)
        if (later := segment_path(self.directory, number + 1)).exists() and (
            read_header(later) is not None
        ):
            raise JournalCorrupt(path, offset, self.sequence + 1, wrong)
        if found := find_whole_batch(path, offset):
            raise JournalCorrupt(
                path,
                offset,
                self.sequence + 1,
                f"{wrong}, before a good batch that begins with command {found},",
            )


def read_header(path: Path) -> dict[str, int] | str | None:
    """A segment's header; None while it is not in use; a str says what is wrong with it."""
    with path.open("rb") as file:
        return segment_header(np.frombuffer(file.read(BLOCK_BYTES), np.uint8))


def find_whole_batch(path: Path, offset: int) -> int:
    """First sequence of a whole batch anywhere behind that offset, 0 if there is none."""
    data = np.fromfile(path, np.uint8, offset=offset)
    blocks = data[: len(data) // BLOCK_BYTES * BLOCK_BYTES].reshape(-1, BLOCK_BYTES)
    magic = np.frombuffer(b"LBAT", np.uint8)
    for block in np.flatnonzero((blocks[:, :4] == magic).all(axis=1)):
        if block and (first := whole_batch(data[block * BLOCK_BYTES :])):
            return first
    return 0
