"""Segments made ahead: filled with zeros and safe on the disk before the journaler needs them.

The disk is the journaler's. A segment is filled in small pieces with a pause after each, past
the page cache where that is possible, so that no sync of a batch ever waits behind megabytes
of zeros; only when the segment in use runs out are the pauses left away.

A segment that is no longer needed is kept as `….free`: its first block is zeroed and it gets the
next number, which costs one small write instead of a file full of zeros.
"""

from __future__ import annotations

import errno
import os
import threading

from journal._writer import Journaler
from journal.errors import JournalError
from journal.folder import Folder
from journal.keys import Keys
from journal.reader import BLOCK_BYTES, segment_name

PAUSE_S = 0.002
HURRY_BELOW = 0.3  # of the segment in use is left: make haste
POLL_S = 0.01
RETRY_S = 0.5
FREE = ".free"
NEW = ".new"
SALT_BYTES = 16
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SegmentMaker:
    """Keeps one segment ready, so that the journaler never waits for a file to be made.

    number: of the next one. `start` does it on a thread; `step` once, for who has no threads.
    """

    def __init__(
        self,
        journaler: Journaler,
        folder: Folder,
        number: int,
        segment_bytes: int,
        *,
        cluster: bytes,
        keys: Keys,
    ) -> None:
        self.problem = ""
        self.failure: OSError | None = None
        self._naming = False
        self._journaler = journaler
        self._folder = folder
        self._number = number
        self._segment_bytes = segment_bytes
        self._cluster = cluster
        self._keys = keys
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segment-maker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = RETRY_S if self.step() and self.problem else POLL_S

    def step(self) -> bool:
        """Make a segment if one is wanted: whether it was. `problem` tells when it failed.

        A disk that is full is tried again. After another error it is not: `failure`. What a sync
        of the folder did not make safe, a second one only seems to.
        """
        if self.failure or not self._journaler.wants_segment():
            return False
        try:
            recycled = self._make(segment_name(self._number))
            salt = os.urandom(SALT_BYTES)
            key = self._keys.current
            secret = self._keys.of_segment(key, self._cluster, salt)
            handle = self._folder.open_to_write(segment_name(self._number))
        except OSError as error:
            if error.errno in FULL and not self._naming:
                self.problem = f"no room for the next journal segment: {error}"
            elif error.errno != errno.ECANCELED:
                self.problem = f"the next journal segment cannot be made: {error}"
                self.failure = error
            return True
        except Exception as defect:  # the journal must not stand still without a reason
            self.problem = f"the next journal segment cannot be made: {defect!r}"
            raise
        self.problem = ""
        self._journaler.offer_segment(handle, recycled=recycled, key=key, salt=salt, secret=secret)
        self._number += 1
        return True

    def _make(self, name: str) -> bool:
        """A segment whose first block is zeros; whether old bytes lie behind it."""
        half_made = name.replace(".segment", NEW)
        self._naming = False
        recycled = free_segment(self._folder, self._segment_bytes)
        if recycled:
            self._folder.zero(recycled, 0, BLOCK_BYTES)
            self._folder.rename(recycled, name)
        else:
            self._folder.make(half_made, self._segment_bytes, self._pause)
            self._folder.rename(half_made, name)
        self._naming = True
        self._folder.sync()
        self._naming = False
        return bool(recycled)

    def _pause(self) -> None:
        in_haste = self._journaler.remaining < HURRY_BELOW * self._segment_bytes
        if self._stopping.wait(0 if in_haste else PAUSE_S):
            raise OSError(errno.ECANCELED, "stopping")

    def leave_off(self) -> bool:
        """End soon, also in the middle of a segment; whether it has ended."""
        self._stopping.set()
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Leave off, also in the middle of a segment, and wait for that."""
        if not self.leave_off():
            self._thread.join()

    def release(self) -> None:
        """Close the journaler's files, once nothing runs it any more."""
        self._journaler.release()


def free_segment(folder: Folder, segment_bytes: int) -> str:
    """The name of a file that may be recycled, or nothing."""
    for name in sorted(folder.names()):
        if name.endswith(FREE) and folder.size(name) == segment_bytes:
            return name
    return ""


def recycle(folder: Folder, number: int) -> None:
    """Give a segment that nobody needs any more to the next that is made; it is renamed only.

    JournalError if it is not there. The caller has made sure that a snapshot stands for it.
    """
    name = segment_name(number)
    if not folder.exists(name):
        raise JournalError(f"{folder.path / name} is not there")
    folder.rename(name, name.replace(".segment", FREE))
    folder.sync()
