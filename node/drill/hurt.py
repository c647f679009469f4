"""`python -m node.drill.hurt CONFIG`: `lmax node` over a disk that can be made to fail.

With `--fails-with FILE`, each sync of the journal says EIO as soon as there is such a file, as one
does when the disk has lost what it was to keep. `--segment-bytes` is for a disk
that is to be full soon. Nothing of this is in a node itself: it is put together from other parts.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from journal._disk import ForeignDisk
from journal.files import DEFAULT_SEGMENT_BYTES
from journal.folder import DISKS
from node.cli.errors import guarded
from node.cli.exits import Exit
from node.cli.node_verbs import run
from node.cluster_config import NodeConfig
from node.observing import MemberLike
from node.real_member import open_real_member
from node.replaying import Replaying
from node.wiring import real_parts


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


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--fails-with", "mark", type=click.Path(path_type=Path))
@click.option("--segment-bytes", type=int, default=DEFAULT_SEGMENT_BYTES)
@guarded
def main(config: Path, mark: Path | None, segment_bytes: int) -> Exit:
    def open_member(
        config: NodeConfig, told: Callable[[str], None], replaying: Replaying
    ) -> MemberLike:
        return open_real_member(config, told, replaying, segment_bytes=segment_bytes)

    if mark is not None:
        failing = FailingFiles(mark)
        DISKS["buffered"] = lambda: ForeignDisk(failing)
    return run(config, False, replace(real_parts(), open_member=open_member))


if __name__ == "__main__":
    main()
