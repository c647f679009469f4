"""Events of the past, worked out again from the journal.

Events are not stored: they are a function of the commands. Who was left behind by the
output ring, or starts after the others, gets them by replaying the journal in an engine of his own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from journal.folder import Folder
from journal.keys import Keys
from journal.reader import Reader
from journal.recovery import resume
from journal.snapshots import SnapshotStore
from lmax._engine import Engine
from lmax.schema import COMMAND, EVENT

CHUNK = 8192


class History:
    """The events of a journal from any command on, in order.

    It keeps a second copy of the whole state, at the command it has come to, and begins with the
    newest snapshot that is not newer than what is asked for.

    chunk: how many commands at a time. commands: those whose events were returned last, until the
    next call.
    """

    def __init__(
        self, directory: Path | Folder, keys: Keys | None = None, chunk: int = CHUNK
    ) -> None:
        self._chunk = chunk
        self._directory = directory
        self._keys = keys
        self.commands: npt.NDArray[np.void] = np.empty(0, COMMAND)
        self._store = SnapshotStore.of(directory, keys)
        self._begin(0)

    def _begin(self, sequence: int) -> None:
        """Come as near to the state behind that command as a snapshot brings us."""
        self.engine = Engine()
        self._reader = Reader(self._directory, keys=self._keys)
        resume(self.engine, self._reader, self._store, until=sequence)
        self._waiting = np.empty(0, COMMAND)

    def events_after(self, sequence: int, until: int) -> npt.NDArray[np.void]:
        """The next events of commands after `sequence` and not after `until`, whole commands.

        An empty array when there are none on the disk yet. Give what was returned last as the
        next `sequence`; an earlier one begins again from before it. Raises JournalCorrupt.
        """
        at = self.engine.sequence
        if sequence < at or (sequence > at and self._store.nearest(sequence) > at):
            self.close()
            self._begin(sequence)
        while self.engine.sequence < until:
            if not len(self._waiting):
                self._waiting = self._reader.read(until)
                if not len(self._waiting):
                    break
            while len(self._waiting) and self.engine.sequence < sequence:
                self.engine.skim(self._take(sequence - self.engine.sequence))
            new = self._take(until - self.engine.sequence)
            if len(new):
                self.commands = new
                return self.engine.apply(new)
        self.commands = np.empty(0, COMMAND)
        return np.empty(0, EVENT)

    def _take(self, count: int) -> npt.NDArray[np.void]:
        count = max(0, min(count, self._chunk, len(self._waiting)))
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def close(self) -> None:
        self._reader.close()
