"""A witness that is one file on one machine: for development, and for nodes on one machine.

It protects from everything but the loss of that machine; so nodes on different machines need
another one (etcd), and a file on a network share is none: its locks and renames promise too
little.

Who reads or writes holds the lock of `<path>.lock`, which is never replaced. A change is written
to `<path>.new`, synced, renamed over the record, and the folder synced; so at whatever point the
process or the machine ends, the record is the old or the new one. The lock file gets its one byte
after the first record was written: if the record is gone later, that is told from a cluster that
has not begun.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from replicator.witness import Lost, Record, Unavailable
from replicator.witness_record import BadRecord, ChangingWitness, decode, encode

BETWEEN_TRIES = 0.002
NOTHING = "nothing yet"
"""The revision of a record that was never written."""


class FileWitness(ChangingWitness):
    """path: of the file, in a folder that exists; timeout: seconds to wait for its lock."""

    def __init__(
        self, path: Path | str, timeout: float = 2.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = Path(path)
        self.timeout = timeout
        self._clock = clock
        self._lock_path = self.path.with_name(f"{self.path.name}.lock")
        self._new_path = self.path.with_name(f"{self.path.name}.new")

    def __repr__(self) -> str:
        return f"FileWitness({self.path})"

    def read(self) -> Record:
        with self._locked() as lock:
            return self._read(lock)

    def _swap(self, seen: Record, wanted: Record) -> Record:
        with self._locked() as lock:
            now = self._read(lock)
            if now.revision != seen.revision:
                raise Lost(now)
            data = encode(wanted)
            self._write(data)
            if os.fstat(lock).st_size == 0:
                os.write(lock, b"1")
                os.fsync(lock)
            return replace(wanted, revision=revision_of(data))

    def _read(self, lock: int) -> Record:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            if os.fstat(lock).st_size:
                raise Unavailable(
                    f"the witness's record {self.path} is gone, though the cluster has begun."
                    f" Bring it back; to begin anew, with nobody running, delete {self._lock_path}"
                ) from None
            return Record(revision=NOTHING)
        try:
            return decode(data, revision_of(data))
        except BadRecord as bad:
            raise Unavailable(
                f"the witness's record {self.path} cannot be used: {bad}. Nothing was changed."
                " Bring it back from a copy that is not older than the last change of leader"
            ) from None

    def _write(self, data: bytes) -> None:
        with self._new_path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self._new_path.rename(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The lock's file. A lock dies with its process, so a killed one holds nobody up."""
        try:
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._wait_for(lock)
                yield lock
            finally:
                with suppress(OSError):
                    os.close(lock)
        except OSError as error:
            raise Unavailable(
                f"the witness's file {self.path} cannot be used: {error.strerror}."
                " Its folder has to exist and this user has to be able to write there"
            ) from None

    def _wait_for(self, lock: int) -> None:
        deadline = self._clock() + self.timeout
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._clock() >= deadline:
                    raise Unavailable(
                        f"another process holds {self._lock_path} for more than {self.timeout} s."
                        " Look with `fuser` which one it is, and whether its disk is stuck"
                    ) from None
            time.sleep(BETWEEN_TRIES)


def revision_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
