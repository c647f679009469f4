"""What every reader of order flow offers to whoever plays it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from flow.commands import Commands
from flow.errors import FlowError


class Source(Protocol):
    """A file of order flow as commands.

    Attributes:
        counts: messages by kind, and what could not be sent, up to now.
    """

    counts: dict[str, int]

    def setup(self) -> Commands:
        """Commands that must come first: accounts and funds, instruments if known by now."""

    def batches(self) -> Iterator[Commands]:
        """The commands of the file in arrays of some thousands; can be called once.

        Raises:
            FlowError: at a malformed or cut message, after everything before it was yielded.
        """

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes of the file read so far, and its size in bytes."""


def open_file(path: Path) -> BinaryIO:
    """Opens a file to read bytes; FlowError if there is none, it is a folder, or it is empty."""
    if path.is_dir():
        raise FlowError(path, 0, "is a folder; name a file")
    try:
        if path.stat().st_size == 0:
            raise FlowError(path, 0, "is empty")
        return path.open("rb")
    except OSError as error:
        raise FlowError(path, 0, f"cannot be opened: {error.strerror}") from error


def file_bytes(path: Path) -> int:
    """Size of a file; 0 if it is gone."""
    return path.stat().st_size if path.exists() else 0
