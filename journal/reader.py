"""Reading a journal from its first command on, also while it is being written."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from journal._scan import (
    EXHAUSTED,
    SIZES,
    SPOILED,
    OtherFormat,
    gather,
    segment_header,
    whole_batch,
)
from journal.errors import JournalCorrupt, JournalError
from lmax.schema import COMMAND

BLOCK_BYTES, BATCH_BYTES, _ = SIZES
CHUNK_BYTES = 4 * BATCH_BYTES
NO_LIMIT = 2**64 - 1
SUFFIX = ".segment"
HEADER_BYTES = 128

NOTHING, NEXT_SEGMENT = 0, 1
"""What lies ahead of the place where the next batch would be, besides damage."""

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
        ahead: JournalCorrupt | int | None = None
        while self.sequence < last:
            if self._fd < 0 and not self._open_next():
                break
            filled, wrong = self._gather(last)
            if filled:
                self.torn = ""
                return self._out[:filled].view(COMMAND)
            if isinstance(ahead, JournalCorrupt):
                raise ahead
            if ahead == NEXT_SEGMENT:
                self.close()
                ahead = None
                continue
            # A writer may have gone on between the look here and the look ahead. So what lies
            # ahead counts only if there is still nothing here after it was seen.
            ahead = self._look_ahead(wrong)
            if ahead == NOTHING:
                break
        return np.empty(0, COMMAND)

    def _gather(self, last: int) -> tuple[int, str]:
        """Read on; bytes of commands found, or what is wrong where the next batch should be."""
        size = os.preadv(self._fd, [memoryview(self._chunk)], self.offset)
        stop, consumed, filled, expected, self.checksum, wrong = gather(
            self._chunk[:size], self.sequence + 1, last, self.checksum, self._out
        )
        self.offset += consumed
        self.sequence = expected - 1
        if not filled and stop == SPOILED:
            raise self._corrupt(self._path(), self.offset, wrong)
        if not filled and stop == EXHAUSTED and size:
            wrong = "a batch that is cut off by the end of the file"
        return filled, wrong

    def batches(self, last: int = NO_LIMIT) -> Iterator[Commands]:
        """`read` until the end."""
        while len(commands := self.read(last)):
            yield commands

    def _path(self) -> Path:
        return segment_path(self.directory, self.segment)

    def _open_next(self) -> bool:
        """Open the segment after the current one; False when there is none in use."""
        number = self.segment + 1
        if self.segment == 0 and (numbers := segment_numbers(self.directory)):
            number = numbers[0]
        path = segment_path(self.directory, number)
        header = read_header(path) if path.exists() else None
        if isinstance(header, str):
            self.torn = header
            if damage := self._damaged_header(path, header):
                raise damage
        if header is None and (damage := self._lost_header(path)):
            raise damage
        if not isinstance(header, dict):
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
                what = f"a segment whose {name.replace('_', ' ')} is {header[name]}, not {value},"
                raise self._corrupt(path, 0, what)

    def _look_ahead(self, wrong: str) -> JournalCorrupt | int:
        """What follows where the next batch is not: the next segment, nothing, or proof of damage.

        At the very end bad bytes are a write that the stop cut short; elsewhere, damage.
        """
        if self._follows(self._path()):
            return self._corrupt(self._path(), self.offset, wrong) if wrong else NEXT_SEGMENT
        rest = np.fromfile(self._path(), np.uint8, offset=self.offset)
        if found := whole_batches(rest):
            wrong = (
                f"{wrong or 'zeros'}, before a good batch that begins with command {found[0][1]},"
            )
            return self._corrupt(self._path(), self.offset, wrong)
        if damage := self._lost_header(segment_path(self.directory, self.segment + 1)):
            return damage
        self.torn = wrong or ("bytes that begin no batch" if rest.any() else "")
        return NOTHING

    def _damaged_header(self, path: Path, wrong: str) -> JournalCorrupt | None:
        """A bad header is a cut write only if nothing at all was written behind it."""
        if self._follows(path) or np.fromfile(path, np.uint8)[HEADER_BYTES:].any():
            return self._corrupt(path, 0, wrong)
        return None

    def _lost_header(self, path: Path) -> JournalCorrupt | None:
        """Header and first batch are written at once, so either may be missing after a stop.

        With a later batch, or a segment after it, the first was safe, and so was the header.
        """
        if not path.exists():
            return None
        batches = whole_batches(np.fromfile(path, np.uint8))
        later = self._follows(path) or any(offset != BLOCK_BYTES for offset, _ in batches)
        if later and read_header(path) is None:  # still: a writer may have begun it meanwhile
            return self._corrupt(path, 0, "a segment without its header")
        return None

    def _follows(self, path: Path) -> bool:
        """Whether the segment after that one is in use."""
        following = segment_path(self.directory, int(path.stem) + 1)
        return following.exists() and read_header(following) is not None

    def _corrupt(self, path: Path, offset: int, what: str) -> JournalCorrupt:
        return JournalCorrupt(path, offset, self.sequence + 1, what)


def read_header(path: Path) -> dict[str, int] | str | None:
    """A segment's header; None while it is not in use; a str says what is wrong with it.

    Raises JournalError for a format that this program does not know.
    """
    with path.open("rb") as file:
        block = np.frombuffer(file.read(BLOCK_BYTES), np.uint8)
    try:
        return segment_header(block)
    except OtherFormat as error:
        raise JournalError(f"{path}: {error}. Use the version that wrote it.") from None


def whole_batches(data: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Offset and first sequence of at most two whole batches in blocks, wherever they belong."""
    blocks = data[: len(data) // BLOCK_BYTES * BLOCK_BYTES].reshape(-1, BLOCK_BYTES)
    magic = np.frombuffer(b"LBAT", np.uint8)
    starts = np.flatnonzero((blocks[:, :4] == magic).all(axis=1)) * BLOCK_BYTES
    found = ((int(at), first) for at in starts if (first := whole_batch(data[at:])))
    return list(itertools.islice(found, 2))
