"""A disk that exists in memory and has every fault that disks have; all chance is seeded.

What is written is seen at once, but safe only after a sync. `crash` decides the fate of every
write that was not: lost, kept, or torn at any byte. Names work alike: a file that was made,
renamed or removed may not be after a crash unless the folder was synced. With `background` a
write takes a while, and only then looks at its bytes.
"""

import contextlib
import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np

from journal._disk import DiskBase, ForeignDisk
from journal.folder import Bytes, no_pause

SECTOR = 512


@dataclass
class File:
    """safe: what a crash leaves; seen: what is read; waiting: writes that are not safe yet."""

    safe: bytearray = field(default_factory=bytearray)
    seen: bytearray = field(default_factory=bytearray)
    waiting: list[tuple[int, bytes]] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        put(self.seen, offset, data)
        self.waiting.append((offset, data))

    def sync(self) -> None:
        for offset, data in self.waiting:
            put(self.safe, offset, data)
        self.waiting.clear()


def put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


@dataclass
class Chances:
    """How likely each fault is, for one call."""

    interrupted: float = 0.0
    short: float = 0.0
    write_error: float = 0.0
    sync_error: float = 0.0
    no_room: float = 0.0
    misdirected: float = 0.0
    late: float = 0.0
    dies: float = 0.0


class PowerLost(BaseException):
    """In the middle of something that is done to files; what comes next is `crash`."""


class SimulatedFolder:
    """The files of one journal; see journal.folder.Folder."""

    def __init__(self, random: Random, *, syncs: bool = True, background: bool = False) -> None:
        self.path = Path("/simulated")
        self.random = random
        self.chances = Chances()
        self.syncs = syncs  # False: a journaler that forgets to sync
        self.forgives = False  # True: a journaler that syncs again when a sync failed
        self.stalls = False  # True: a write in the background does not come back
        self.safe_names: dict[str, File] = {}
        self.seen_names: dict[str, File] = {}
        self.misdirected: list[tuple[File, int, int]] = []  # file, where, size: both places
        self._open: dict[int, File] = {}
        self._handles = 0
        self._flight: tuple[int, memoryview, int] | None = None
        self.disk: DiskBase = ForeignDisk(self, background=background)

    # ---- what the journaler calls ----

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        size = len(data)
        if self._happens(self.chances.interrupted):
            raise OSError(errno.EINTR, "interrupted")
        if self._happens(self.chances.write_error):
            part = self.random.randrange(size)
            self._open[handle].write(offset, bytes(data[:part]))
            raise OSError(errno.EIO, "simulated")
        if self._happens(self.chances.short):
            size = min(size, self.random.randint(1, -(-size // SECTOR)) * SECTOR)
        if self._happens(self.chances.misdirected):
            file = self._open[handle]
            self.misdirected.append((file, offset, size))
            offset = self.random.randrange(0, max(1, len(file.seen) - size), SECTOR)
            self.misdirected.append((file, offset, size))
        self._open[handle].write(offset, bytes(data[:size]))
        return size

    def begin(self, handle: int, data: memoryview, offset: int) -> None:
        assert self._flight is None, "two writes at a time"
        self._flight = handle, data, offset

    def finish(self, wait: bool) -> int | None:
        if not wait and (self.stalls or self._happens(self.chances.late)):
            return None
        if self._flight is None:
            raise OSError(errno.EIO, "the machine is gone")
        flight, self._flight = self._flight, None
        return self.write(*flight)

    def sync(self, handle: int | None = None) -> None:
        if handle is None:
            self._may_die()
            self.safe_names = dict(self.seen_names)
            self._may_die()
            return
        if self._happens(self.chances.sync_error):
            # As Linux does it: what could not be written is dropped, and marked as clean.
            self._open[handle].waiting.clear()
            if not self.forgives:
                raise OSError(errno.EIO, "simulated")
        if self.syncs:
            self._open[handle].sync()

    def close(self, handle: int) -> None:
        self._open.pop(handle, None)

    # ---- files ----

    def names(self) -> list[str]:
        return list(self.seen_names)

    def exists(self, name: str) -> bool:
        return name in self.seen_names

    def size(self, name: str) -> int:
        return len(self.seen_names[name].seen)

    def open_to_read(self, name: str) -> int:
        return self.open_to_write(name)

    def open_to_write(self, name: str) -> int:
        if name not in self.seen_names:
            raise FileNotFoundError(errno.ENOENT, "No such file", name)
        self._handles += 1
        self._open[self._handles] = self.seen_names[name]
        return self._handles

    def read_at(self, handle: int, into: Bytes, offset: int) -> int:
        data = memoryview(self._open[handle].seen)[offset : offset + len(into)]
        into[: len(data)] = np.frombuffer(data, np.uint8)
        return len(data)

    def make(self, name: str, size: int, pause: Callable[[], None] = no_pause) -> None:
        if self._happens(self.chances.no_room):
            raise OSError(errno.ENOSPC, "No space left on device")
        self.seen_names[name] = File(bytearray(size), bytearray(size))

    def zero(self, name: str, start: int, end: int) -> None:
        self.seen_names[name].write(start, bytes(end - start))
        self._may_die()
        self.seen_names[name].sync()

    def write_file(self, name: str, data: bytes) -> None:
        self.seen_names[name] = File(bytearray(data), bytearray(data))

    def create(self, name: str) -> int:
        if self._happens(self.chances.no_room):
            raise OSError(errno.ENOSPC, "No space left on device")
        self.seen_names[name] = File()
        return self.open_to_write(name)

    def write_at(self, handle: int, data: Bytes, offset: int) -> None:
        done = 0
        while done < len(data):
            with contextlib.suppress(InterruptedError):  # as Python does it
                done += self.write(handle, memoryview(data[done:]), offset + done)

    def sync_file(self, handle: int) -> None:
        self.sync(handle)

    def rename(self, old: str, new: str) -> None:
        self._may_die()
        self.seen_names[new] = self.seen_names.pop(old)

    def remove(self, name: str) -> None:
        self._may_die()
        self.seen_names.pop(name, None)

    # ---- what happens to disks ----

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self.random.random() < chance

    def _may_die(self) -> None:
        if self._happens(self.chances.dies):
            raise PowerLost

    def crash(self) -> None:
        """Power is lost. What was not synced is kept, lost or torn; the disk is then at rest."""
        if self._flight is not None:
            handle, content, start = self._flight
            self._open[handle].write(start, bytes(content))
            self._flight = None
        self._open.clear()
        if self.random.random() < 0.5:
            self.seen_names = dict(self.safe_names)
        self.safe_names = dict(self.seen_names)
        for file in self.seen_names.values():
            for offset, data in file.waiting:
                self._land(file, offset, data, whole_sectors=data is not file.waiting[-1][1])
            file.waiting.clear()
            file.seen = bytearray(file.safe)

    def _land(self, file: File, offset: int, data: bytes, *, whole_sectors: bool) -> None:
        """What a write that was under way leaves behind; the very last may end at any byte."""
        fate = self.random.randrange(4)
        if fate == 0:
            return
        if fate == 1:
            put(file.safe, offset, data)
        elif fate == 2:
            end = self.random.randrange(len(data) + 1)
            put(file.safe, offset, data[: end - end % SECTOR if whole_sectors else end])
        else:  # a disk may write sectors in any order
            for at in range(0, len(data), SECTOR):
                if self.random.random() < 0.5:
                    put(file.safe, offset + at, data[at : at + SECTOR])

    def flip(self, name: str, at: int) -> None:
        """A bit of what was safe changes."""
        file = self.seen_names[name]
        mask = 1 << self.random.randrange(8)
        file.safe[at] ^= mask
        file.seen[at] ^= mask
