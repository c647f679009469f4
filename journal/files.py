"""A journal that is being written: its folder, its lock, its recovery."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from journal._scan import SIZES
from journal._writer import Journaler
from journal.ahead import read_ahead
from journal.errors import JournalError, JournalLocked
from journal.folder import Folder, RealFolder
from journal.headers import present_numbers
from journal.keys import Keys
from journal.maker import NEW, SegmentMaker
from journal.probe import MODES, choose_mode
from journal.reader import Commands, Reader, segment_name
from journal.schema import HASH_BYTES
from lmax.ringbuffer.ring import RingBuffer
from lmax.ringbuffer.sequence import RingSequence

BLOCK_BYTES, BATCH_BYTES, _ = SIZES
DEFAULT_SEGMENT_BYTES = 64 << 20


class Journal:
    """A folder that one process writes.

    Open it, go through `replay` to the end, then let `journaler` write on from there:

        with Journal(path) as journal:
            for commands in journal.replay():
                engine.apply(commands)
            agent = journal.journaler(ring, position)

    mode: how to write, one of journal.probe.MODES; "auto" tries and takes the fastest. cluster: 16
    bytes, the name of a journal that begins here (default: random), or that is expected.
    keys: encrypts what is written from now on with `keys.current`. write_bytes: the most that is
    written at once. `chosen` says why "auto" took what `mode` tells.
    """

    def __init__(
        self,
        directory: Path | Folder,
        *,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        mode: str = "auto",
        cluster: bytes = b"",
        keys: Keys | None = None,
        write_bytes: int = BATCH_BYTES,
    ) -> None:
        if segment_bytes % BLOCK_BYTES or segment_bytes < 2 * BLOCK_BYTES:
            raise ValueError(f"segment_bytes is a multiple of {BLOCK_BYTES}, at least two of them")
        if mode != "auto" and mode not in MODES:
            raise ValueError(f"mode is auto, {', '.join(MODES)}, not {mode!r}")
        self._lock = -1
        self.chosen = ""
        self.mode = mode
        if isinstance(directory, Path):
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = lock_folder(directory)
            if mode == "auto":
                self.mode, self.chosen = choose_mode(directory)
            directory = RealFolder(directory, self.mode)
        self.folder = directory
        self.directory = directory.path
        self.keys = keys or Keys()
        self._reader = Reader(directory, keys=self.keys)
        self._cluster = cluster
        self._recovered = False
        self._maker: SegmentMaker | None = None
        self.segment_bytes = segment_bytes
        self.write_bytes = write_bytes
        self.cut = ""

    @property
    def sequence(self) -> int:
        """Of the last command found by `replay`."""
        return self._reader.sequence

    @property
    def cluster(self) -> bytes:
        """The journal's name; known after `replay`."""
        return self._cluster

    @property
    def reader(self) -> Reader:
        """What `replay` goes on with; it may be put behind a snapshot before (journal.recovery)."""
        return self._reader

    @property
    def skipped(self) -> set[int]:
        """Commands that are left out: journal.skips."""
        return set(self._reader.skipped.values())

    def replay(self) -> Iterator[Commands]:
        """All commands in order; a torn tail is cut off when the end is reached.

        Each array is valid until the next one. Raises JournalCorrupt.
        """
        # A simulated disk is nobody's but the thread's that steps everything.
        real = isinstance(self.folder, RealFolder)
        yield from read_ahead(self._reader) if real else self._reader.batches()
        self._reader.close()
        self._check_cluster()
        self.cut = self._reader.torn
        self._cut_tail()
        self._drop_unused()
        self._recovered = True

    def _check_cluster(self) -> None:
        found = self._reader.cluster
        if found and self._cluster and found != self._cluster:
            raise JournalError(
                f"{self.directory} is the journal {found.hex()}, not {self._cluster.hex()}."
                " Name the right folder."
            )
        self._cluster = found or self._cluster or os.urandom(16)

    def _cut_tail(self) -> None:
        """Zeros over what was being written when the machine stopped: nobody was told of it.

        A segment that was cut short gets its length back. What stays is made safe in any case:
        where a process ended between a write and its sync it was read from memory.
        """
        if self._reader.segment == 0:
            return
        name, end = segment_name(self._reader.segment), self._reader.offset
        size = self.folder.size(name)
        if self.cut or size < self._reader.segment_bytes:
            end = max(size, self._reader.segment_bytes)
        self.folder.zero(name, self._reader.offset, end)

    def _drop_unused(self) -> None:
        """Remove segments made ahead and never begun, or begun with a torn header."""
        for number in present_numbers(self.folder):
            if number > self._reader.segment:
                self.folder.remove(segment_name(number))
        for name in self.folder.names():
            if name.endswith(NEW):
                self.folder.remove(name)
        self.folder.sync()

    def journaler(
        self,
        ring: RingBuffer,
        position: RingSequence,
        *,
        epoch: int = 1,
        start: bool = True,
        skips: int = 0,
        sealed: RingBuffer | None = None,
        following: bool = False,
        polls: bool = False,
    ) -> Journaler:
        """The agent that writes on. The ring's and the position's sequence are `sequence`.

        epoch: not lower than that of the last batch; 0 is that one's. start: make segments on a
        thread of their own; otherwise call `make_segment` between the agent's steps. skips: see
        journal.skips; sealed, following, polls: see Journaler.
        """
        if not self._recovered:
            raise JournalError("go through replay() to the end before writing")
        reader = self._reader
        chain = reader.chain
        epoch = epoch or chain.epoch
        if epoch < chain.epoch:
            raise JournalError(f"epoch {epoch} is over: the journal has come to {chain.epoch}")
        handle, segment_bytes = -1, reader.segment_bytes or self.segment_bytes
        self.segment_bytes = segment_bytes
        # An encrypted journal goes on in a new segment: no place is encrypted twice with one key.
        if reader.segment and not reader.key and not self.keys.current and not skips:
            handle = self.folder.open_to_write(segment_name(reader.segment))
        journaler = Journaler(
            ring,
            position,
            self.folder.disk,
            handle=handle,
            segment_bytes=segment_bytes,
            segment=reader.segment,
            offset=reader.offset if handle >= 0 else 0,
            generation=chain.generation,
            hash=chain.hash if reader.segment else self._cluster.ljust(HASH_BYTES, b"\0"),
            cluster=self._cluster,
            epoch=epoch,
            last_epoch=chain.epoch,
            write_bytes=self.write_bytes,
            skips=skips,
            sealed=sealed,
            following=following,
            polls=polls,
        )
        self._maker = SegmentMaker(
            journaler,
            self.folder,
            reader.segment + 1,
            segment_bytes,
            cluster=self._cluster,
            keys=self.keys,
        )
        if start:
            self._maker.start()
        return journaler

    def make_segment(self) -> None:
        """Make the next segment now, if one is wanted."""
        if self._maker:
            self._maker.step()

    @property
    def problem(self) -> str:
        """Why no further segment can be made at the moment; empty when all is well."""
        return self._maker.problem if self._maker else ""

    @property
    def failure(self) -> OSError | None:
        """What ended the making of segments for good: the disk failed, more than being full."""
        return self._maker.failure if self._maker else None

    def leave_off(self) -> bool:
        """Have the making of segments end, without waiting for it; whether it has."""
        return self._maker is None or self._maker.leave_off()

    def close(self) -> None:
        """Stop making segments and give the folder free. The journaler no longer runs."""
        if self._maker:
            self._maker.stop()
            self._maker.release()
            self._maker = None
        self._reader.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def lock_folder(directory: Path) -> int:
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
