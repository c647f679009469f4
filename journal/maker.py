"""Segments made ahead: filled with zeros and safe on the disk before the journaler needs them.

The disk is the journaler's. A segment is filled in small pieces with a pause after each, past
the page cache where that is possible, so that no sync of a batch ever waits behind megabytes
of zeros; only when the segment in use runs out are the pauses left away.
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
from pathlib import Path

from journal._writer import Journaler
from journal.reader import segment_path

PIECE_BYTES = 256 << 10
PAUSE_S = 0.002
HURRY_BELOW = 0.3  # of the segment in use is left: make haste
POLL_S = 0.01
RETRY_S = 0.5

# Mapped memory begins on a page, as writes past the page cache ask for.
ZEROS = memoryview(mmap.mmap(-1, PIECE_BYTES))


class SegmentMaker(threading.Thread):
    """Keeps one segment ready, so that the journaler never waits for a file to be made."""

    def __init__(
        self, journaler: Journaler, directory: Path, number: int, segment_bytes: int, mode: str
    ) -> None:
        super().__init__(name="segment-maker", daemon=True)
        self.problem = ""
        self._journaler = journaler
        self._directory = directory
        self._number = number
        self._segment_bytes = segment_bytes
        self._mode = mode
        self._stopping = threading.Event()

    def run(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = POLL_S
            if not self._journaler.wants_segment():
                continue
            try:
                fd = self._make()
            except OSError as error:
                self.problem = f"no room for the next journal segment: {error}"
                wait = RETRY_S
                continue
            except Exception as defect:  # the journal must not stand still without a reason
                self.problem = f"the next journal segment cannot be made: {defect!r}"
                raise
            self.problem = ""
            self._journaler.offer_segment(fd)
            self._number += 1

    def _make(self) -> int:
        """A zero-filled segment, open for writing."""
        path = segment_path(self._directory, self._number)
        half_made = path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        fd = os.open(half_made, flags | (os.O_DIRECT if self._mode == "direct" else 0), 0o644)
        try:
            os.posix_fallocate(fd, 0, self._segment_bytes)
            self._fill(fd)
            os.fsync(fd)
        finally:
            os.close(fd)
        half_made.rename(path)
        sync_directory(self._directory)
        return open_segment(path, self._mode)

    def _fill(self, fd: int) -> None:
        offset = 0
        while offset < self._segment_bytes:
            offset += os.pwrite(fd, ZEROS[: self._segment_bytes - offset], offset)
            if self._mode == "buffered":
                os.fdatasync(fd)
            in_haste = self._journaler.remaining < HURRY_BELOW * self._segment_bytes
            if self._stopping.wait(0 if in_haste else PAUSE_S):
                raise OSError(errno.ECANCELED, "stopping")

    def stop(self) -> None:
        """Leave off, also in the middle of a segment, and wait for that."""
        self._stopping.set()
        self.join()


def sync_directory(directory: Path) -> None:
    """Make sure that what was created, renamed or removed in it stays so."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_segment(path: Path, mode: str) -> int:
    """A segment's descriptor as the journaler writes to it."""
    flags = os.O_WRONLY | os.O_CLOEXEC
    if mode == "direct":
        flags |= os.O_DIRECT | os.O_DSYNC
    return os.open(path, flags)
