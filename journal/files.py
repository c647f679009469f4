"""A journal that is being written: its folder, its lock, its recovery."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from journal._scan import SIZES
from journal._writer import Journaler
from journal.errors import JournalError, JournalLocked
from journal.maker import ZEROS, SegmentMaker, open_segment, sync_directory
from journal.reader import Commands, Reader, segment_numbers, segment_path
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

BLOCK_BYTES, _, _ = SIZES
DEFAULT_SEGMENT_BYTES = 64 << 20


class Journal:
    """A folder that one process writes.

    Open it, go through `replay` to the end, then let `journaler` write on from there:

        with Journal(path) as journal:
            for commands in journal.replay():
                engine.apply(commands)
            agent = journal.journaler(ring, position)

    mode: "direct", "buffered", or "auto", which takes direct where the file system allows it.
    """

    def __init__(
        self, directory: Path, *, segment_bytes: int = DEFAULT_SEGMENT_BYTES, mode: str = "auto"
    ) -> None:
        if segment_bytes % BLOCK_BYTES or segment_bytes < 2 * BLOCK_BYTES:
            raise ValueError(f"segment_bytes is a multiple of {BLOCK_BYTES}, at least two of them")
        if mode not in ("auto", "direct", "buffered"):
            raise ValueError(f"mode is auto, direct or buffered, not {mode!r}")
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._lock = _lock(directory)
        self._reader = Reader(directory)
        self._recovered = False
        self._maker: SegmentMaker | None = None
        self.segment_bytes = segment_bytes
        self.mode = direct_or_buffered(directory) if mode == "auto" else mode
        self.cut = ""

    @property
    def sequence(self) -> int:
        """Of the last command found by `replay`."""
        return self._reader.sequence

    def replay(self) -> Iterator[Commands]:
        """All commands in order; a torn tail is cut off when the end is reached.

        Each array is valid until the next one. Raises JournalCorrupt.
        """
        yield from self._reader.batches()
        self._reader.close()
        self.cut = self._reader.torn
        self._cut_tail()
        self._drop_unused()
        self._recovered = True

    def _cut_tail(self) -> None:
        """Zeros over what was being written when the machine stopped: nobody was told of it.

        A segment that was cut short gets its length back.
        """
        if self._reader.segment == 0:
            return
        path = segment_path(self.directory, self._reader.segment)
        if not self.cut and path.stat().st_size >= self._reader.segment_bytes:
            return
        left = max(path.stat().st_size, self._reader.segment_bytes) - self._reader.offset
        with path.open("r+b", buffering=0) as file:
            file.seek(self._reader.offset)
            while left > 0:
                left -= file.write(ZEROS[:left])
            os.fsync(file.fileno())

    def _drop_unused(self) -> None:
        """Remove segments made ahead and never begun, or begun with a torn header."""
        for number in segment_numbers(self.directory):
            if number > self._reader.segment:
                segment_path(self.directory, number).unlink()
        for half_made in self.directory.glob("*.new"):
            half_made.unlink()
        sync_directory(self.directory)

    def journaler(self, ring: RingBuffer, position: RingSequence, *, epoch: int = 1) -> Journaler:
        """The agent that writes on. The ring's and the position's sequence are `sequence`."""
        if not self._recovered:
            raise JournalError("go through replay() to the end before writing")
        reader = self._reader
        fd, segment_bytes = -1, self.segment_bytes
        if reader.segment:
            segment_bytes = reader.segment_bytes
            fd = open_segment(segment_path(self.directory, reader.segment), self.mode)
        journaler = Journaler(
            ring,
            position,
            fd=fd,
            mode=self.mode,
            segment_bytes=segment_bytes,
            segment=reader.segment,
            offset=reader.offset,
            checksum=reader.checksum,
            epoch=epoch,
        )
        self._maker = SegmentMaker(
            journaler, self.directory, reader.segment + 1, segment_bytes, self.mode
        )
        self._maker.start()
        return journaler

    @property
    def problem(self) -> str:
        """Why no further segment can be made at the moment; empty when all is well."""
        return self._maker.problem if self._maker else ""

    def close(self) -> None:
        """Stop making segments and give the folder free. The journaler no longer runs."""
        if self._maker:
            self._maker.stop()
            self._maker = None
        self._reader.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lock(directory: Path) -> int:
    """Take the folder for this process. JournalLocked if another one has it."""
    fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        os.close(fd)
        raise JournalLocked(
            f"{directory} is in use by process {owner or 'unknown'}."
            " Stop it, or use another folder."
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, b"%d\n" % os.getpid(), 0)
    return fd


def direct_or_buffered(directory: Path) -> str:
    """ "direct" if the file system of that folder takes O_DIRECT, else "buffered"."""
    probe = directory / "probe"
    try:
        fd = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_DIRECT | os.O_DSYNC, 0o644)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return "buffered"
    else:
        os.close(fd)
        return "direct"
    finally:
        probe.unlink(missing_ok=True)
