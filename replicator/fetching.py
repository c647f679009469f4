"""Files for a standby that has nothing, or too little: the standby's side."""

from __future__ import annotations

from collections.abc import Callable

from journal.errors import JournalError
from journal.folder import Folder
from journal.keys import Keys
from journal.offers import offer_of
from journal.receiving import Receiver
from journal.shipping import PIECE_BYTES
from replicator.common import MS, Clock, Post
from replicator.messages import Kind
from replicator.shipping_feed import PIECE

AHEAD = 6
"""Pieces that are asked for before the first of them has come."""

PATIENCE_NS = 500 * MS
THE_OFFER = PIECE.pack(2**64 - 1, 0)


class Fetching:
    """Takes the files that a primary offers, until they are all in place: `done`.

    folder, snapshots: where they go; nothing is there yet. post: to the primary. `problem` says
    why it cannot go on; then it has to begin again.
    """

    def __init__(
        self,
        folder: Folder,
        snapshots: Folder,
        keys: Keys,
        post: Post,
        *,
        clock: Clock,
        told: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.done = False
        self.problem = ""
        self._folder, self._snapshots, self._keys = folder, snapshots, keys
        self._post, self._clock, self._told = post, clock, told
        self._receiver: Receiver | None = None
        self._next = (0, 0)
        self._heard = clock()

    def take(self, kind: int, body: bytes) -> None:
        """A message about files."""
        self._heard = self._clock()
        try:
            if kind == Kind.OFFER and self._receiver is None:
                self._receiver = Receiver(self._folder, self._snapshots, offer_of(body))
                self._told(f"takes {self._receiver.offer.size} bytes of files from the primary")
            elif kind == Kind.PIECE and self._receiver is not None and len(body) > PIECE.size:
                index, offset = PIECE.unpack_from(body)
                self._receiver.take(index, offset, body[PIECE.size :])
            self._finish()
        except (JournalError, OSError) as error:
            self.problem = str(error)

    def _finish(self) -> None:
        if self._receiver is not None and self._receiver.wanted is None and not self.done:
            place = self._receiver.finish(self._keys)
            self._receiver.close()
            self.done = True
            self._told(f"has all files, up to command {place.sequence}")

    def step(self) -> int:
        """Ask for what comes next, and again for what did not come."""
        if self.done or self.problem:
            return 0
        late = self._clock() - self._heard > PATIENCE_NS
        if self._receiver is None:
            if late:
                self._heard = self._clock()
                self._post(Kind.WANT, THE_OFFER)
            return 0
        wanted = self._receiver.wanted
        if wanted is None:
            return 0
        if late:
            self._next, self._heard = wanted, self._clock()
        return self._ask(self._receiver, wanted)

    def _ask(self, receiver: Receiver, wanted: tuple[int, int]) -> int:
        """Some pieces ahead of the one that is to come next."""
        asked = 0
        self._next = max(self._next, wanted)
        files = receiver.offer.files
        while self._next[0] < len(files) and self._distance(receiver, wanted) < AHEAD:
            if not self._post(Kind.WANT, PIECE.pack(*self._next)):
                break
            asked += 1
            index, offset = self._next
            further = offset + PIECE_BYTES
            self._next = (index, further) if further < files[index].size else (index + 1, 0)
        return asked

    def _distance(self, receiver: Receiver, wanted: tuple[int, int]) -> int:
        """How many pieces are on their way."""
        index, offset = self._next
        if index == wanted[0]:
            return (offset - wanted[1]) // PIECE_BYTES
        rest = receiver.offer.files[wanted[0]].size - wanted[1]
        return -(-rest // PIECE_BYTES) + offset // PIECE_BYTES + (index - wanted[0] - 1)

    def close(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
