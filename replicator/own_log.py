"""A primary's own journal, as far as standbys ask about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from journal.batches import BatchReader, beginning_of, find_batch, last_epochs
from journal.folder import ReadFolder
from journal.headers import announced_skips
from journal.keys import Keys
from journal.snapshots import SnapshotStore
from replicator.common import Place, Post
from replicator.messages import MAX_MESSAGE, Kind
from replicator.shipping_feed import ShippingFeed

FEED_BYTES = 96 << 10
"""Of batches in one message: several small ones go together."""

LARGEST = MAX_MESSAGE - 1024
"""A batch that is longer than this was written without standbys, and cannot be sent."""


class OwnLog:
    """See replicator.leading.Log. synced: how far the journal is safe; pause: see BatchReader."""

    def __init__(
        self,
        folder: ReadFolder,
        store: SnapshotStore,
        cluster: bytes,
        keys: Keys,
        *,
        synced: Callable[[], int],
        pause: Callable[[], None] | None = None,
    ) -> None:
        self.cluster = cluster
        self._folder = folder
        self._store = store
        self._keys = keys
        self._synced = synced
        self._pause = {} if pause is None else {"pause": pause}

    def place_at(self, sequence: int) -> Place | None:
        if sequence == 0:
            return self._nothing() if self.first == 0 else None
        found = find_batch(self._folder, sequence)
        return Place(found.epoch, found.sequence, found.hash) if found else None

    def end_of_epoch(self, epoch: int) -> Place:
        ended = [Place(*end) for end in last_epochs(self._folder) if end.epoch <= epoch]
        return ended[-1] if ended else self._nothing()

    def _nothing(self) -> Place:
        """Before the first command of all."""
        return Place(0, 0, self.cluster.ljust(32, b"\0"))

    @property
    def first(self) -> int:
        return beginning_of(self._folder).sequence

    @cached_property
    def left_out(self) -> int:
        """Written only while nobody has the journal open, so it stays as it is."""
        return max(announced_skips(self._folder), default=0)

    def feed(self, after: Place) -> JournalFeed:
        at = find_batch(self._folder, after.sequence) if after.sequence else None
        reader = BatchReader(self._folder, keys=self._keys, hashes=False, at=at, **self._pause)
        return JournalFeed(reader, self._synced)

    def ship(self) -> ShippingFeed:
        return ShippingFeed(self._folder, self._store, self._synced())


class JournalFeed:
    """Batches behind a place, in messages of several.

    A batch that is read is whole, and so is what the standby makes of it: it checks the hash.
    """

    def __init__(self, reader: BatchReader, synced: Callable[[], int]) -> None:
        self.sequence = reader.sequence
        self.too_large = False
        self._reader = reader
        self._synced = synced
        self._waiting = reader.read(0, 0)

    def step(self, post: Post) -> bool:
        """Post some more; False when there is nothing more now, or no room."""
        if not len(self._waiting):
            self._waiting = self._reader.read(FEED_BYTES, self._synced())
        if not len(self._waiting):
            return False
        if len(self._waiting.data) > LARGEST:
            self.too_large = True
            return False
        if not post(Kind.BATCHES, self._waiting.data):
            return False
        self.sequence = int(self._waiting.lasts[-1])
        self._waiting = self._waiting.cut(0, 0)
        return True

    def wanted(self, body: bytes) -> None:
        """Nothing here is asked for."""

    def close(self) -> None:
        self._reader.close()
