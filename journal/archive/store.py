"""Where archived objects lie: an interface, and the folder that is the simplest of its kind."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from journal.archive.errors import AlreadyThere, ArchiveError

PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Held:
    """One object. version: which of the store's versions is meant, "" where it has none.

    covered: what was done over it since, which does not count; "" in most cases.
    """

    name: str
    version: str
    bytes: int
    covered: str = ""


class Store(Protocol):
    """Write-once objects by name. Every method raises ArchiveError when the store refuses.

    where: for messages. The first version of a name is the one that counts.
    """

    where: str

    def check(self) -> None:
        """That it is there, lets us in, and locks what is written to it."""

    def list(self, prefix: str) -> dict[str, Held]:
        """All objects whose names begin like that, by name."""

    def put(self, name: str, source: Path, retain_until: datetime) -> Held:
        """A new object of a file's bytes, locked until then. AlreadyThere if the name is taken."""

    def get(self, name: str, version: str, into: BinaryIO) -> None: ...

    def delete(self, name: str, version: str) -> None:
        """Remove it for good. The store refuses before its date."""


class FolderStore:
    """An archive in a folder: files appear whole, under a name that was free, and read-only.

    What is in it is protected by who may write there: a folder has no lock that outlives its
    owner's wish.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)

    def check(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"{self.where} cannot be used: {error.strerror}") from None
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise ArchiveError(f"{self.where} cannot be written by this user")

    def list(self, prefix: str) -> dict[str, Held]:
        if not self.path.is_dir():
            raise ArchiveError(f"{self.where} is not there. Name the archive's folder.")
        found = {}
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if name.startswith(prefix) and path.is_file() and not path.name.startswith("."):
                found[name] = Held(name, "", path.stat().st_size)
        return found

    def put(self, name: str, source: Path, retain_until: datetime) -> Held:
        target = self.path / name
        with self._told(name):
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(prefix=".part-", dir=target.parent)
            try:
                with os.fdopen(handle, "wb") as file, source.open("rb") as origin:
                    shutil.copyfileobj(origin, file, PIECE_BYTES)
                    file.flush()
                    os.fchmod(file.fileno(), 0o444)
                    os.fsync(file.fileno())
                # A link fails where the name is taken, and shows the file whole or not at all.
                os.link(part, target)
            finally:
                os.unlink(part)
            sync_folders(target.parent, self.path)
        return Held(name, "", target.stat().st_size)

    def get(self, name: str, version: str, into: BinaryIO) -> None:
        with self._told(name), (self.path / name).open("rb") as file:
            shutil.copyfileobj(file, into, PIECE_BYTES)

    def delete(self, name: str, version: str) -> None:
        with self._told(name):
            (self.path / name).unlink()
            sync_folders((self.path / name).parent, self.path)

    @contextlib.contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise AlreadyThere(f"{self.where}/{name} is there already") from None
        except OSError as error:
            raise ArchiveError(f"{self.where}/{name}: {error.strerror}") from None


def sync_folders(path: Path, top: Path) -> None:
    """Make names safe in a folder and in those above it, up to `top`."""
    for folder in [path, *path.parents]:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        if folder == top:
            return


def now() -> datetime:
    """UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
