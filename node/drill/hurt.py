"""`python -m node.drill.hurt CONFIG`: `lmax node` over a disk that fails once a file is there.

From then on each sync of the journal says EIO, as one does when the disk has lost what it was to
keep. Nothing of this is in a node itself: another disk is put in the place of the plain one.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from journal._disk import ForeignDisk
from journal.folder import DISKS


def mark_of(config: Path) -> Path:
    """The file with which the disk of that node fails."""
    return config.with_name("disk-fails")


class FailingFiles:
    """Real files, until `mark` is there. See journal._disk.ForeignDisk."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        return os.pwrite(handle, data, offset)

    def sync(self, handle: int) -> None:
        if self._mark.exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fdatasync(handle)

    def close(self, handle: int) -> None:
        os.close(handle)


def main() -> None:
    mark = mark_of(Path(sys.argv[1]))

    DISKS["buffered"] = lambda: ForeignDisk(FailingFiles(mark))
    from node.cli.main import cli

    cli(["node", sys.argv[1]], prog_name="lmax")


if __name__ == "__main__":
    main()
