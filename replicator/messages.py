"""What control says over a link, as Python sees it; the C side is messages.pxd."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

MAX_MESSAGE = 128 << 10
"""Bytes of a frame, head and tag with it."""


class Kind(IntEnum):
    HELLO = 1
    WELCOME = 2
    REFUSE = 3
    JOIN = 10
    ANSWER = 11
    BATCHES = 12
    ACK = 13
    HEARTBEAT = 14
    RESEND = 15
    OFFER = 16
    PIECE = 17
    WANT = 18
    SWITCH = 19


COUNTED = 1
"""In a heartbeat: you are one of those that acknowledgements wait for."""

SERVED = 2
"""In a heartbeat: you get batches, from the journal or as they are made."""

WAITED = 4
"""In a heartbeat: acknowledgements wait for what you have synced, not only received."""


UNFIT = 1
"""In an acknowledgement: the disk here is full or stalls, or did lately; hand over to another."""


class Verb(IntEnum):
    """What a primary answers to who joins."""

    GO_ON = 1
    """Our logs agree up to there: batches follow."""
    CUT = 2
    """What you have behind that sequence never became everybody's: set it aside and join again."""
    FILES = 3
    """The journal here no longer goes back to there: take a snapshot and what is behind it."""
    DIFFERS = 4
    """The same place of the same epoch, and another hash: somebody has to look at it."""


@dataclass(frozen=True)
class Join:
    """How far who joins has come: its last batch; all zeros where there is none."""

    cluster: bytes
    epoch: int
    sequence: int
    hash: bytes

    FORMAT = struct.Struct("<16sQQ32s")

    def pack(self) -> bytes:
        return self.FORMAT.pack(self.cluster, self.epoch, self.sequence, self.hash)

    @classmethod
    def unpack(cls, body: bytes) -> Join:
        """Raises struct.error."""
        return cls(*cls.FORMAT.unpack(body))


@dataclass(frozen=True)
class Answer:
    """What to do; leader_epoch: of who answers; sequence, epoch, hash: of the place meant."""

    verb: Verb
    leader_epoch: int
    sequence: int
    epoch: int = 0
    hash: bytes = bytes(32)
    cluster: bytes = bytes(16)

    FORMAT = struct.Struct("<QQQQ32s16s")

    def pack(self) -> bytes:
        return self.FORMAT.pack(
            self.verb, self.leader_epoch, self.sequence, self.epoch, self.hash, self.cluster
        )

    @classmethod
    def unpack(cls, body: bytes) -> Answer:
        """Raises struct.error, ValueError."""
        verb, *others = cls.FORMAT.unpack(body)
        return cls(Verb(verb), *others)
