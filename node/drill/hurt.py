"""`python -m node.drill.hurt CONFIG`: `lmax node` over a disk that can be made to fail.

With `--fails-with FILE`, each sync of the journal says EIO as soon as there is such a file, as one
does when the disk has lost what it was to keep; with `--stalls-with FILE` no sync comes back while
there is one. `--segment-bytes` is for a disk that is to be full soon. Nothing of this is in a node
itself: it is put together from other parts.
"""

from __future__ import annotations

import errno
import os
import time
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

LOOK_S = 0.01
"""Whether the mark is gone."""


class FailingFiles:
    """Real files, until a mark is there. See journal._disk.ForeignDisk.

    fails, stalls: the marks.
    """

    def __init__(self, fails: Path | None, stalls: Path | None) -> None:
        self._fails, self._stalls = fails, stalls

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        return os.pwrite(handle, data, offset)

    def sync(self, handle: int) -> None:
        while self._stalls and self._stalls.exists():
            time.sleep(LOOK_S)
        if self._fails and self._fails.exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fdatasync(handle)

    def close(self, handle: int) -> None:
        os.close(handle)


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--fails-with", "fails", type=click.Path(path_type=Path))
@click.option("--stalls-with", "stalls", type=click.Path(path_type=Path))
@click.option("--segment-bytes", type=int, default=DEFAULT_SEGMENT_BYTES)
@guarded
def main(config: Path, fails: Path | None, stalls: Path | None, segment_bytes: int) -> Exit:
    def open_member(
        config: NodeConfig, told: Callable[[str], None], replaying: Replaying
    ) -> MemberLike:
        return open_real_member(config, told, replaying, segment_bytes=segment_bytes)

    if fails or stalls:
        failing = FailingFiles(fails, stalls)
        DISKS["buffered"] = lambda: ForeignDisk(failing)
    return run(config, False, replace(real_parts(), open_member=open_member))


if __name__ == "__main__":
    main()
