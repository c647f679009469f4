"""Whose a driver's directory is: a lock beside it, which the kernel frees when its owner dies.

Aeron tells a living driver by its heartbeat, and would keep a process that was killed and comes
back at once waiting until that is old.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO


class Claim:
    """A lock that is held; `close` gives it back."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        self._file: IO[bytes] | None = file

    def close(self) -> None:
        if self._file is not None:
            self._path.unlink(missing_ok=True)  # while it is held: nobody else's goes
            self._file.close()
            self._file = None


def claim_directory(directory: Path) -> Claim:
    """The right to be the driver there.

    RuntimeError if another has it, ValueError if what is in there is not a driver's: a driver
    deletes what it finds.
    """
    found = os.listdir(directory) if directory.is_dir() else []
    if found and "cnc.dat" not in found:
        raise ValueError(f"{directory} holds other files than a media driver's: name another")
    path = directory.with_name(f"{directory.name}.lock")
    while True:
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise RuntimeError(f"{directory} is in use by another media driver") from None
        # Its owner may have removed it between these two calls: then it locks out nobody.
        if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return Claim(path, file)
        file.close()
