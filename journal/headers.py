"""What is told by the names and the headers of segments, before a batch is read."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from journal._scan import SIZES, OtherFormat, batch_at, is_whole_batch, segment_header
from journal.errors import JournalError
from journal.folder import ReadFolder, RealFolder, read_all
from journal.schema import SegmentFields

BLOCK_BYTES, BATCH_BYTES, _ = SIZES
SUFFIX = ".segment"

NO_TYPE = 0
"""Of no command: the logic refuses it."""


@runtime_checkable
class KnowsSkips(Protocol):
    """A folder of which every header would have to be fetched from afar, and that knows better."""

    def skips(self) -> dict[int, int]:
        """As `announced_skips`."""


def segment_name(number: int) -> str:
    """Of segment `number`, from 1."""
    return f"{number:08d}{SUFFIX}"


def segment_path(directory: Path, number: int) -> Path:
    """Where segment `number` lives."""
    return directory / segment_name(number)


def present_numbers(directory: Path | ReadFolder) -> list[int]:
    """The segments that a folder has, in order; some may be missing between them."""
    folder = as_folder(directory)
    stems = (name.removesuffix(SUFFIX) for name in folder.names() if name.endswith(SUFFIX))
    return sorted(int(stem) for stem in stems if stem.isdigit())


def segment_numbers(directory: Path | ReadFolder) -> list[int]:
    """The segments of a folder in order. JournalError if one is missing between others."""
    folder = as_folder(directory)
    numbers = present_numbers(folder)
    for number, following in itertools.pairwise(numbers):
        if following != number + 1:
            raise JournalError(
                f"{segment_path(folder.path, number + 1)} is missing. `lmax journal repair` takes"
                " it from a copy."
            )
    return numbers


def as_folder(directory: Path | ReadFolder) -> ReadFolder:
    return RealFolder(directory) if isinstance(directory, Path) else directory


def read_header(folder: Path | ReadFolder, name: str) -> SegmentFields | str | None:
    """A segment's header; None while it is not in use; a str says what is wrong with it.

    Raises JournalError for a format that this program does not know.
    """
    folder = as_folder(folder)
    try:
        return segment_header(read_all(folder, name, 0, BLOCK_BYTES))
    except OtherFormat as error:
        raise JournalError(
            f"{folder.path / name}: {error}. Use the version that wrote it."
        ) from None


def announced_skips(folder: ReadFolder) -> dict[int, int]:
    """By the sequence of the record: the command that it says is left out. See journal.skips.

    A header whose batch did not get to the disk says nothing.
    """
    if isinstance(folder, KnowsSkips):
        return folder.skips()
    found = {}
    for number in present_numbers(folder):
        name = segment_name(number)
        header = read_header(folder, name)
        if isinstance(header, dict) and header["skips"]:
            block = read_all(folder, name, BLOCK_BYTES, BLOCK_BYTES)
            here = header["generation"], header["first_sequence"]
            if (batch_at(block) or ())[:2] == here and is_whole_batch(block):
                found[header["first_sequence"]] = header["skips"]
    return found


def is_skip(command: np.void, skipped: int) -> bool:
    """Whether it is the record that leaves that command out."""
    return bool(command["type"] == NO_TYPE and command["orig_client_order_id"] == skipped)
