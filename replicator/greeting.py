"""The three clear, signed frames of a handshake, byte by byte: docs/link.md draws them.

All have one layout, and REFUSE keeps it in every version of the protocol, so that nodes of
different versions can still tell each other why they do not talk.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass, replace
from enum import IntEnum

from replicator.identity import SIGNATURE_BYTES, Identity, is_signed

PROTOCOL = 1
"""Of handshake, frames and everything said in them. Nodes of different versions do not talk."""

HASH_BYTES = 32
NO_CLUSTER = bytes(16)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
BUILD = re.compile(r"[ -~]{0,32}", re.ASCII)
MOST_NUMBER = 15
LAYOUT = struct.Struct("<6I16s32s32s32sQ32s32s64s")
CONTEXTS = {1: b"lmax link hello\n", 2: b"lmax link welcome\n", 3: b"lmax link refuse\n"}
"""Before everything that is signed: a signature made for something else never fits."""


class Kind(IntEnum):
    HELLO = 1
    WELCOME = 2
    REFUSE = 3


class Reason(IntEnum):
    """Why two nodes do not talk. Numbers are never used again for something else."""

    MALFORMED = 1
    VERSION = 2
    BUILD = 3
    CLUSTER = 4
    STRANGER = 5
    SIGNATURE = 6
    OTHER_NODE = 7
    SELF = 8
    STALE = 9
    UNKNOWN = 255
    """Told by a node of a later version."""


class Malformed(ValueError):
    """Bytes that are no frame of a handshake."""


@dataclass(frozen=True)
class Greeting:
    """HELLO, WELCOME or REFUSE.

    origin, target: names of nodes, with their numbers; number: of a HELLO its stamp, of a WELCOME
    that of the connection, of a REFUSE for STALE the stamp to go beyond; answers: hash of the
    HELLO that this answers.
    """

    kind: Kind
    origin: str
    origin_number: int = 0
    target: str = ""
    target_number: int = 0
    version: int = PROTOCOL
    reason: int = 0
    cluster: bytes = NO_CLUSTER
    build: str = ""
    number: int = 0
    ephemeral: bytes = bytes(32)
    answers: bytes = bytes(HASH_BYTES)
    signature: bytes = bytes(SIGNATURE_BYTES)

    def packed(self) -> bytes:
        return LAYOUT.pack(
            self.kind,
            self.version,
            self.reason,
            self.origin_number,
            self.target_number,
            0,
            self.cluster,
            self.origin.encode(),
            self.target.encode(),
            self.build.encode(),
            self.number,
            self.ephemeral,
            self.answers,
            self.signature,
        )

    def _signed_text(self) -> bytes:
        return CONTEXTS[self.kind] + self.packed()[:-SIGNATURE_BYTES]

    def signed(self, identity: Identity) -> Greeting:
        return replace(self, signature=identity.sign(self._signed_text()))

    def is_of(self, public: bytes) -> bool:
        """Whether the node with that key said so."""
        return is_signed(public, self._signed_text(), self.signature)


def kind_of(frame: bytes) -> int:
    """The kind of a frame of any version; 0 if it is too short to have one."""
    return int.from_bytes(frame[:4], "little") if len(frame) >= 8 else 0


def version_of(frame: bytes) -> int:
    """The version that a frame of any version names. It has at least 8 bytes."""
    return int.from_bytes(frame[4:8], "little")


def hash_of(frame: bytes) -> bytes:
    return hashlib.sha256(frame).digest()


def parse(frame: bytes) -> Greeting:
    """The frame's fields, not yet proven by its signature. Raises Malformed.

    What is taken is packed to the very same bytes again: no byte stands outside the signature.
    """
    try:
        (
            kind,
            version,
            reason,
            origin_number,
            target_number,
            zero,
            cluster,
            origin,
            target,
            build,
            number,
            ephemeral,
            answers,
            signature,
        ) = LAYOUT.unpack(frame)
        greeting = Greeting(
            Kind(kind),
            _text(NAME, origin),
            origin_number,
            _text(NAME, target) if any(target) else "",
            target_number,
            version,
            reason,
            cluster,
            _text(BUILD, build),
            number,
            ephemeral,
            answers,
            signature,
        )
    except (struct.error, ValueError):
        raise Malformed("no frame of a handshake") from None
    if zero:
        raise Malformed("no frame of a handshake")
    return greeting


def _text(pattern: re.Pattern[str], field: bytes) -> str:
    """A text padded with zeros. ValueError if it is not one that may be shown anywhere."""
    text = field.rstrip(b"\0").decode("ascii")
    if not pattern.fullmatch(text):
        raise ValueError("not a text of this field")
    return text
