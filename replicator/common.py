"""What both ends of replication need to be told."""

from __future__ import annotations

from collections.abc import Buffer, Callable
from dataclasses import dataclass
from typing import Protocol

from replicator._secure import SecureLink

Clock = Callable[[], int]
"""Monotonic nanoseconds."""

Post = Callable[[int, Buffer], bool]
"""Puts a message into a mailbox: its kind, its body; False while that is full."""

MS = 1_000_000


@dataclass(frozen=True)
class Place:
    """Behind a batch of the log."""

    epoch: int
    sequence: int
    hash: bytes


@dataclass(frozen=True)
class Timing:
    """All in nanoseconds, but for the last.

    heartbeat: between two of a primary, and between a standby's acknowledgements with nothing
    new; silence: after which a peer is taken for gone; lease: of a primary; hail: between tries
    of a standby to reach the primary. catch_up: commands a second that standbys get from the
    journal, beside those that come in: what they lack is no reason for clients to wait.
    """

    heartbeat: int = 20 * MS
    silence: int = 500 * MS
    lease: int = 1000 * MS
    hail: int = 100 * MS
    catch_up: int = 1_200_000

    @property
    def renewal(self) -> int:
        """Between two renewals of the lease."""
        return self.lease // 5

    @property
    def look(self) -> int:
        """Between two looks of a candidate at the record."""
        return self.lease // 10


class Greeter(Protocol):
    """The handshake of one node with another; see replicator.handshake."""

    def hello(self) -> bytes:
        """The first message, of who asks."""

    def welcomed(self, frame: bytes) -> SecureLink | str:
        """The keys out of the answer to it, or why there are none; "" for noise."""

    def answer(self, frame: bytes) -> tuple[bytes, SecureLink | None]:
        """What to send back to somebody's first message, and the keys of that connection."""
