"""A primary's own journal, as far as standbys ask about it, and feeds them from it."""

from __future__ import annotations

from collections.abc import Callable

from journal.batches import find_batch, last_epochs, walk
from journal.folder import ReadFolder
from journal.keys import Keys
from replicator.common import Place


class OwnLog:
    """See replicator.leading.Log."""

    def __init__(self, folder: ReadFolder, cluster: bytes, keys: Keys) -> None:
        self.cluster = cluster
        self._folder = folder
        self._keys = keys

    def place_at(self, sequence: int) -> Place | None:
        if sequence == 0:
            return Place(0, 0, self.cluster.ljust(32, b"\0")) if self.first == 0 else None
        found = find_batch(self._folder, sequence)
        return Place(found.epoch, found.sequence, found.hash) if found else None

    def end_of_epoch(self, epoch: int) -> Place:
        ended = [Place(*end) for end in last_epochs(self._folder) if end[0] <= epoch]
        return ended[-1] if ended else Place(0, 0, self.cluster.ljust(32, b"\0"))

    @property
    def first(self) -> int:
        return 0

    def feed(self, after: Place) -> JournalFeed:
        return JournalFeed(self._folder, after.sequence)

    def ship(self) -> None:
        return None


class JournalFeed:
    def __init__(self, folder: ReadFolder, after: int) -> None:
        self.sequence = after
        self._folder = folder

    def step(self, post: Callable[[int, bytes | memoryview], bool]) -> bool:
        for place, _, data in walk(self._folder, self.sequence):
            if not post(12, data.tobytes()):
                return False
            self.sequence = place.sequence
            return True
        return False

    def close(self) -> None: ...
