"""A disk that is full, and has room again."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from node.disk_watch import Ill
from node.drill.apart import ApartMachine
from node.drill.faults import HURT, Fault
from node.drill.machine import DrillError, Machine
from node.drill.network import Room

SEGMENT_BYTES = 1 << 20
"""Of a journal that is to notice soon."""

LARGE = 4 << 30
TRIES = 20
STANDS_S = 0.5


class SmallDisks(ApartMachine):
    """The data of each node are on a file system of its own, in memory."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, **options)
        for name, room in self.network.rooms.items():
            data = self.config(name).node.data
            data.mkdir(mode=0o700)
            room.run("mount", "-t", "tmpfs", "-o", f"size={LARGE},mode=0700", "drill", str(data))

    def resize(self, name: str, size: int) -> None:
        """Raises DrillError if more than that is in use."""
        data = self.config(name).node.data
        self.network.rooms[name].run("mount", "-o", f"remount,size={size}", str(data))

    def used(self, name: str) -> int:
        found = os.statvfs(self._room(name).seen(self.config(name).node.data))
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def _room(self, name: str) -> Room:
        return self.network.rooms[name]

    def end(self) -> None:
        """The journals outlive their file systems."""
        self.end_nodes()
        for name, room in self.network.rooms.items():
            journal = self.journal(name)
            with suppress(FileNotFoundError):
                shutil.copytree(room.seen(journal), journal)
        super().end()


def handed_over(status: dict[str, Any]) -> bool:
    """Whether that node has lost the lead for its full disk. Once: it keeps to that."""
    return bool(status) and status["handovers"]["last"] == Ill.FULL


class Disk(Fault):
    """No room is left for a further segment of the journal; then there is room again.

    A primary takes no more orders then, and hands over by itself after `disk_stall_ms`.
    """

    does = "has a full disk"

    def __init__(self) -> None:
        self._synced, self._since = -1, 0.0
        self._stuck = False

    def machine(self, folder: Path, *, lease_ms: int, commit: str) -> Machine:
        return SmallDisks(folder, lease_ms=lease_ms, commit=commit)

    def start(self, machine: Machine, name: str) -> None:
        machine.start(name, (*HURT, "--segment-bytes", str(SEGMENT_BYTES)))

    def hurt(self, machine: Machine, victim: str) -> None:
        assert isinstance(machine, SmallDisks)
        self._stuck = False
        for _ in range(TRIES):  # it may be using more just now
            with suppress(DrillError):
                return machine.resize(victim, machine.used(victim))
            time.sleep(0.01)
        raise DrillError(f"the disk of node {victim} cannot be made full")

    def took(self, machine: Machine, victim: str, leader: str, answered: bool) -> bool:
        """It has written nothing more for a while, or handed over; and the other one leads."""
        found = machine.status(victim)
        self._stuck = self._stuck or self._stands(found) or handed_over(found)
        return self._stuck and answered and bool(machine.status(leader).get("takes_orders"))

    def _stands(self, status: dict[str, Any]) -> bool:
        if not status or not status["journal"]["problem"]:
            return False
        synced, now = status["sequences"]["synced"], time.monotonic()
        if synced != self._synced:
            self._synced, self._since = synced, now
        return now - self._since > STANDS_S

    def mend(self, machine: Machine, victim: str) -> None:
        assert isinstance(machine, SmallDisks)
        machine.resize(victim, LARGE)
