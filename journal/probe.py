"""Which way of writing suits a folder's disk: tried for a moment, and told."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

from journal.folder import DISKS, RealFolder, ZEROS

MODES = tuple(DISKS)
TRIES = 8
BLOCK_BYTES = 4096


def choose_mode(directory: Path) -> tuple[str, str]:
    """The mode for that folder, and a sentence that says why.

    Direct where the file system takes it: measured, it is never slower than a write and a sync,
    and it leaves the page cache alone. The times of some small writes are told along.
    """
    try:
        direct = synced_write_us(directory, "direct")
    except OSError as error:
        if error.errno != errno.EINVAL:
            return "buffered", f"buffered: the disk cannot be tried ({error})"
        return "buffered", "buffered: the file system refuses O_DIRECT"
    return "direct", f"direct: {direct:.0f} µs a synced block"


def synced_write_us(directory: Path, mode: str) -> float:
    """Median time of a synced write of one block, in µs. OSError if the mode is refused."""
    folder = RealFolder(directory, mode)
    name = f"probe-{os.getpid()}"
    try:
        folder.make(name, TRIES * BLOCK_BYTES)
        fd = folder.open_to_write(name)
        try:
            took = []
            for turn in range(TRIES):
                begun = time.perf_counter()
                os.pwrite(fd, ZEROS[:BLOCK_BYTES], turn * BLOCK_BYTES)
                if mode == "buffered":
                    os.fdatasync(fd)
                took.append(time.perf_counter() - begun)
        finally:
            os.close(fd)
        return sorted(took)[TRIES // 2] * 1e6
    finally:
        folder.remove(name)
