"""The events of any range of a journal, worked out again, wherever its segments are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from journal.archive.snapshots import snapshots_beside
from journal.errors import JournalError, SnapshotError
from journal.folder import ReadFolder
from journal.keys import Keys
from journal.reader import NO_LIMIT, Commands, Reader, segment_numbers
from journal.recovery import resume
from journal.snapshots import SnapshotStore
from lmax._engine import Engine

CHUNK = 8192
FOREVER = 2**63 - 1


@dataclass(frozen=True)
class Range:
    """Commands `first` to `last`, of those the ones with a business time from `start` up to `end`.

    Sequences; ns since 1970, `end` not included.
    """

    first: int = 1
    last: int = NO_LIMIT
    start: int = 0
    end: int = FOREVER

    def place(self, commands: Commands, times: npt.NDArray[np.int64]) -> slice:
        """Which of these commands, with those business times, are in it; both ascend."""
        sequences = commands["sequence"]
        begin = max(np.searchsorted(sequences, self.first), np.searchsorted(times, self.start))
        sequence_end = np.searchsorted(sequences, min(self.last, FOREVER), side="right")
        stop = min(int(sequence_end), int(np.searchsorted(times, self.end)))
        return slice(int(begin), max(int(begin), stop))


def events_in(
    source: Path | ReadFolder, wanted: Range, *, keys: Keys | None = None
) -> Iterator[npt.NDArray[np.void]]:
    """Events of the commands in a range, whole commands at a time, dtype EVENT.

    It begins with the newest good snapshot before the range, or with the first command. Raises
    JournalError, where the journal begins after the range and no snapshot leads there too.
    """
    keys = keys or Keys()
    engine = Engine()
    store = snapshots_beside(source, keys)
    with Reader(source, keys=keys) as reader:
        resume(engine, reader, store, until=last_before(store, wanted))
        numbers = segment_numbers(reader.folder)
        if not reader.segment and numbers and numbers[0] > 1:
            raise JournalError(
                f"{reader.folder.path} begins with segment {numbers[0]}, and no snapshot is there"
                " of a state before the range. Export it from the archive."
            )
        now = engine.now
        while len(commands := reader.read()):
            times = business_times(commands, now)
            now = int(times[-1])
            chosen = wanted.place(commands, times)
            engine.skim(commands[: chosen.start])
            for at in range(chosen.start, chosen.stop, CHUNK):
                yield engine.apply(commands[at : min(at + CHUNK, chosen.stop)])
            if chosen.stop < len(commands) and chosen.stop > chosen.start:
                return
            if commands[-1]["sequence"] >= wanted.last or now >= wanted.end:
                return
    if wanted.last != NO_LIMIT and engine.sequence < wanted.last:
        raise JournalError(
            f"{reader.folder.path} ends with command {engine.sequence}, before {wanted.last}"
        )


def business_times(commands: Commands, before: int) -> npt.NDArray[np.int64]:
    """When the commands were, behind business time `before`: it always goes on, by 1 ns at least.

    The times in a journal need not, where a clock was set back or one sender overtook another.
    """
    place = np.arange(1, len(commands) + 1)
    return np.maximum.accumulate(np.maximum(commands["timestamp"] - place, before)) + place


def last_before(store: SnapshotStore, wanted: Range) -> int:
    """The sequence of the newest snapshot of a state before the range; 0 if there is none."""
    for name in store.names():
        try:
            snapshot = store.header(name)
        except SnapshotError:
            continue
        if snapshot.sequence < wanted.first or (
            wanted.first == 1 and wanted.start and snapshot.now < wanted.start
        ):
            return snapshot.sequence
    return 0
