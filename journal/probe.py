"""Which way of writing suits a folder's disk: tried for a moment, and told."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from journal._disk import write_blocks
from journal.folder import DISKS, RealFolder

MODES = tuple(DISKS)
TRIES = 8
ROUNDS = 4
MUCH_SLOWER = 1.25
BLOCK_BYTES = 4096


def choose_mode(directory: Path) -> tuple[str, str]:
    """The mode for that folder, and a sentence that says why, with what was measured.

    Buffered where the file system refuses O_DIRECT. Else io_uring where the kernel has it and a
    single write takes hardly longer with it: it hashes the next batch during a write, which pays
    under load. Else direct.
    """
    try:
        direct = synced_write_us(directory, "direct")
    except OSError as error:
        if error.errno == errno.EINVAL:
            return "buffered", "buffered: the file system refuses O_DIRECT"
        return "buffered", f"buffered: the disk cannot be tried ({error})"
    try:
        uring = synced_write_us(directory, "uring")
    except OSError as error:
        return "direct", f"direct: {direct:.0f} µs a synced block; no io_uring here ({error})"
    for _ in range(ROUNDS - 1):
        if uring <= direct * MUCH_SLOWER:
            break
        # On a busy machine a whole round may have been held up: the other one has its turn, too.
        direct = min(direct, synced_write_us(directory, "direct"))
        uring = min(uring, synced_write_us(directory, "uring"))
    told = f"{direct:.0f} µs a synced block by direct, {uring:.0f} by uring"
    mode = "uring" if uring <= direct * MUCH_SLOWER else "direct"
    return mode, f"{mode}: {told}"


def synced_write_us(directory: Path, mode: str) -> float:
    """Shortest time of a synced write of one block, in µs: what the disk can, not who else does.

    OSError if the mode is refused.
    """
    folder = RealFolder(directory, mode)
    name = f"probe-{os.getpid()}"
    try:
        folder.make(name, TRIES * BLOCK_BYTES)
        handle = folder.open_to_write(name)
        return write_blocks(folder.disk, handle, TRIES) / 1e3
    finally:
        folder.remove(name)
