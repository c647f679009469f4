"""Files for a standby that has nothing, or too little: the primary's side."""

from __future__ import annotations

import struct
import threading

from journal.errors import JournalError
from journal.folder import ReadFolder
from journal.shipping import Shipper
from journal.snapshots import SnapshotStore
from replicator.common import Post
from replicator.messages import Kind

PIECE = struct.Struct("<QQ")
"""Index of the file, offset; the bytes follow."""

MOST_WANTED = 16


class ShippingFeed:
    """Offers files and sends the pieces that are wanted. See replicator.leading.Feed.

    All files are read once before they are offered, on a thread of its own. What is lost on its
    way is asked for again.
    """

    sequence = 0
    too_large = False

    def __init__(self, folder: ReadFolder, store: SnapshotStore, until: int) -> None:
        self.problem = ""
        self._shipper: Shipper | None = None
        self._offered = False
        self._wanted: list[tuple[int, int]] = []
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self._open, args=(folder, store, until), name="shipping", daemon=True
        )
        self._thread.start()

    def _open(self, folder: ReadFolder, store: SnapshotStore, until: int) -> None:
        try:
            shipper = Shipper(folder, store, until=until)
        except (JournalError, OSError) as error:
            self.problem = str(error)
            return
        with self._lock:
            if self._closed.is_set():
                shipper.close()
            else:
                self._shipper = shipper

    def step(self, post: Post) -> bool:
        """The offer, then what is wanted; False when there is nothing more now, or no room."""
        if self._shipper is None:
            return False
        if not self._offered:
            self._offered = post(Kind.OFFER, self._shipper.offer.as_bytes())
            return self._offered
        if not self._wanted:
            return False
        index, offset = self._wanted[0]
        try:
            piece = PIECE.pack(index, offset) + self._shipper.read(index, offset)
        except (JournalError, OSError, IndexError) as error:
            self.problem = str(error)
            return False
        if not post(Kind.PIECE, piece):
            return False
        self._wanted.pop(0)
        return True

    def wanted(self, body: bytes) -> None:
        """A piece is asked for; the offer again, if it was lost."""
        if len(body) != PIECE.size:
            return
        place = PIECE.unpack(body)
        if place == (2**64 - 1, 0):
            self._offered = False
        elif len(self._wanted) < MOST_WANTED and place not in self._wanted:
            self._wanted.append(place)

    def close(self) -> None:
        with self._lock:
            self._closed.set()
            if self._shipper is not None:
                self._shipper.close()
                self._shipper = None
