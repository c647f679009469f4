"""The files of a journal behind a small interface: a real folder, or a simulated disk in tests."""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from journal._disk import BufferedDisk, DirectDisk, DiskBase
from journal._uring import UringDisk
from journal.errors import JournalError

Bytes = npt.NDArray[np.uint8]

PIECE_BYTES = 256 << 10

# Mapped memory begins on a page, as writes past the page cache ask for.
ZEROS = memoryview(mmap.mmap(-1, PIECE_BYTES))


def no_pause() -> None:
    """Go on at once."""


class ReadFolder(Protocol):
    """What a reader asks for: a folder, an archive, another machine. Failures are OSErrors.

    path: for messages.
    """

    path: Path

    def names(self) -> list[str]:
        """Of all files."""

    def exists(self, name: str) -> bool: ...

    def size(self, name: str) -> int: ...

    def open_to_read(self, name: str) -> int: ...

    def read_at(self, handle: int, into: Bytes, offset: int) -> int:
        """How many bytes were read; fewer than asked for only at the end."""

    def close(self, handle: int) -> None: ...


class Folder(ReadFolder, Protocol):
    """What a journal asks of a disk. Failures are OSErrors.

    disk: how the journaler writes to what `open_to_write` gave.
    """

    disk: DiskBase

    def open_to_write(self, name: str) -> int:
        """For the journaler, which closes it through `disk`."""

    def make(self, name: str, size: int, pause: Callable[[], None]) -> None:
        """A file of zeros that is safe; `pause` is called between pieces and may raise."""

    def zero(self, name: str, start: int, end: int) -> None:
        """Zeros from `start` to `end`, safe; the file ends there then if it was shorter."""

    def write_file(self, name: str, data: bytes) -> None:
        """A whole new file with these bytes; safe once the folder is synced."""

    def create(self, name: str) -> int:
        """A new file, empty, for `write_at` and `sync_file`."""

    def write_at(self, handle: int, data: Bytes, offset: int) -> None:
        """All of it; data, size and offset are aligned to 4,096 bytes."""

    def sync_file(self, handle: int) -> None: ...

    def rename(self, old: str, new: str) -> None: ...

    def remove(self, name: str) -> None: ...

    def sync(self) -> None:
        """What was made, renamed or removed stays so."""


def read_all(folder: ReadFolder, name: str, offset: int = 0, size: int | None = None) -> Bytes:
    """The bytes of a file from `offset` on, `size` of them or all there are."""
    left = max(0, folder.size(name) - offset)
    data = np.empty(left if size is None else min(size, left), np.uint8)
    handle = folder.open_to_read(name)
    try:
        return data[: folder.read_at(handle, data, offset)]
    finally:
        folder.close(handle)


class RealFolder:
    """A folder of a file system.

    mode: "direct" writes past the page cache, where the file system allows it; "buffered" writes
    to the cache and syncs; "uring" is direct, with writes in the background.
    """

    def __init__(self, path: Path, mode: str = "buffered") -> None:
        self.path = path
        self.mode = mode
        self.disk: DiskBase = DISKS[mode]()

    def names(self) -> list[str]:
        if not self.path.is_dir():
            raise JournalError(f"{self.path} is not a folder. A journal is a folder of segments.")
        return os.listdir(self.path)

    def exists(self, name: str) -> bool:
        return (self.path / name).exists()

    def size(self, name: str) -> int:
        return (self.path / name).stat().st_size

    def open_to_read(self, name: str) -> int:
        return os.open(self.path / name, os.O_RDONLY | os.O_CLOEXEC)

    def read_at(self, handle: int, into: Bytes, offset: int) -> int:
        done = 0
        while done < len(into):
            got = os.preadv(handle, [memoryview(into[done:])], offset + done)
            if not got:
                break
            done += got
        return done

    def close(self, handle: int) -> None:
        os.close(handle)

    def open_to_write(self, name: str) -> int:
        flags = os.O_WRONLY | os.O_CLOEXEC
        if self.mode != "buffered":
            flags |= os.O_DIRECT | os.O_DSYNC
        return os.open(self.path / name, flags)

    def make(self, name: str, size: int, pause: Callable[[], None] = no_pause) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        if self.mode != "buffered":
            flags |= os.O_DIRECT
        fd = os.open(self.path / name, flags, 0o644)
        try:
            # Room is taken at once: a disk that is full says so here and not to the journaler.
            os.posix_fallocate(fd, 0, size)
            self._fill(fd, 0, size, pause)
            os.fsync(fd)
        finally:
            os.close(fd)

    def _fill(self, fd: int, start: int, end: int, pause: Callable[[], None]) -> None:
        while start < end:
            start += os.pwrite(fd, ZEROS[: end - start], start)
            if self.mode == "buffered":
                os.fdatasync(fd)
            pause()

    def zero(self, name: str, start: int, end: int) -> None:
        fd = os.open(self.path / name, os.O_WRONLY | os.O_CLOEXEC)
        try:
            while start < end:
                start += os.pwrite(fd, ZEROS[: end - start], start)
            os.fsync(fd)
        finally:
            os.close(fd)

    def write_file(self, name: str, data: bytes) -> None:
        with (self.path / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def create(self, name: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        if self.mode != "buffered":
            flags |= os.O_DIRECT
        return os.open(self.path / name, flags, 0o644)

    def write_at(self, handle: int, data: Bytes, offset: int) -> None:
        done = 0
        while done < len(data):
            done += os.pwrite(handle, memoryview(data[done:]), offset + done)
        if self.mode == "buffered":
            # Else the last sync would hold up the disk for all of it at once.
            os.fdatasync(handle)

    def sync_file(self, handle: int) -> None:
        os.fsync(handle)

    def rename(self, old: str, new: str) -> None:
        (self.path / old).rename(self.path / new)

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.path / name).unlink()

    def sync(self) -> None:
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


DISKS: dict[str, Callable[[], DiskBase]] = {
    "direct": DirectDisk,
    "buffered": BufferedDisk,
    "uring": UringDisk,
}
