"""What clients and nodes say to each other: frames to bytes and back, without any I/O.

A frame is a header of 16 bytes and a body; all integers are little-endian:

    u32 size of the body | u8 kind | u8 flags | u16 zero | u64 request

`Decoder` cuts a stream into frames and refuses what is too long before it is stored; the
functions and classes below read and write the bodies. Whatever does not fit raises ProtocolError.
docs/clients.md has the table.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lmax.schema import COMMAND, EVENT, RECORD_BYTES

MAGIC = b"LMXC"
VERSION = 1

Records = npt.NDArray[np.void]

HEADER = struct.Struct("<IBBHQ")
MAX_COMMANDS = 4096
"""In one SUBMIT."""
MAX_FROM_STRANGER = 512
"""Bytes of a body before the hello was accepted."""
MAX_FROM_CLIENT = 8 + MAX_COMMANDS * RECORD_BYTES
EVENTS_AT_ONCE = 2048
"""In one EVENTS frame; what is longer goes on in the next."""
MAX_FROM_SERVER = 1 << 20
MAX_LEVELS = 1000
SESSION_BYTES = 16
MAX_TOKEN = 256
NO_LIMIT = 2**64 - 1


class Kind(IntEnum):
    """What a frame is; below 128 from the client, above from the node."""

    HELLO = 1
    SUBMIT = 2
    ASK = 3
    STATUS = 4
    BOOK = 5
    WELCOME = 129
    EVENTS = 130
    REFUSED = 131
    DEPTH = 132
    CLOSING = 133


class Flag(IntEnum):
    """Bits of `flags`."""

    RESEND = 1
    """SUBMIT: this may have been sent before."""
    ORIGINAL = 2
    """EVENTS: what became of the command when it was sent first."""


class Role(IntEnum):
    """What a node is at the moment, as far as clients care."""

    STANDBY = 0
    PRIMARY = 1
    FENCED = 2


class Code(IntEnum):
    """Why a request was not answered with events, or why a connection is closed."""

    NOT_PRIMARY = 1
    RING_FULL = 2
    NO_ROOM = 3
    UNAVAILABLE = 4
    BAD_REQUEST = 5
    CONFLICT = 6
    PENDING = 7
    NOT_KNOWN = 8
    BUSY = 9
    FORGOTTEN = 10
    BAD_TOKEN = 32
    BAD_VERSION = 33
    PROTOCOL_ERROR = 34
    SLOW_READER = 35
    SUPERSEDED = 36
    STOPPING = 37
    TOO_MANY = 38


class ProtocolError(ValueError):
    """The other side sent what this protocol does not know."""

    def __init__(self, message: str, code: Code = Code.PROTOCOL_ERROR) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Frame:
    kind: int
    flags: int
    request: int
    body: bytes


def frame(kind: Kind, request: int, body: bytes = b"", flags: int = 0) -> bytes:
    """The bytes of a frame."""
    return HEADER.pack(len(body), kind, flags, 0, request) + body


class Decoder:
    """Cuts a stream of bytes into frames.

    limit: bytes of a body at most; may be raised between frames. Holds at most one frame and
    what came with it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete with these bytes. Raises ProtocolError."""
        self._held += data
        at = 0
        try:
            while len(self._held) - at >= HEADER.size:
                size, kind, flags, zero, request = HEADER.unpack_from(self._held, at)
                if size > self.limit:
                    raise ProtocolError(f"a frame of {size} bytes, more than {self.limit}")
                if zero:
                    raise ProtocolError("a header with bits that mean nothing")
                end = at + HEADER.size + size
                if end > len(self._held):
                    return
                body = bytes(self._held[at + HEADER.size : end])
                at = end
                yield Frame(kind, flags, request, body)
        finally:
            del self._held[:at]


def _unpack(layout: struct.Struct, body: bytes, what: str) -> tuple[int, ...]:
    if len(body) != layout.size:
        raise ProtocolError(f"{what} of {len(body)} bytes, not {layout.size}")
    return layout.unpack(body)


_HELLO = struct.Struct("<4sHH16s")


@dataclass(frozen=True, slots=True)
class Hello:
    """session: what the connections of one Session have in common; a new one ends the others."""

    session: bytes
    token: bytes = b""
    version: int = VERSION

    def encode(self) -> bytes:
        token = self.token
        if len(token) > MAX_TOKEN:
            raise ValueError(f"a token has at most {MAX_TOKEN} bytes")
        return _HELLO.pack(MAGIC, self.version, len(token), self.session) + token

    @classmethod
    def decode(cls, body: bytes) -> Hello:
        if len(body) < _HELLO.size:
            raise ProtocolError(f"a hello of {len(body)} bytes")
        magic, version, size, session = _HELLO.unpack_from(body)
        if magic != MAGIC:
            raise ProtocolError("this is no client of this protocol")
        if version != VERSION:
            raise ProtocolError(
                f"version {version} of the protocol; this node speaks {VERSION}", Code.BAD_VERSION
            )
        if len(body) != _HELLO.size + size or size > MAX_TOKEN:
            raise ProtocolError("a hello with a token of another length")
        return cls(session, body[_HELLO.size :], version)

    def __repr__(self) -> str:
        return f"Hello(version={self.version})"


_WELCOME = struct.Struct("<HBBQQHH")


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a node is: the answer to a hello and to STATUS.

    sequence: of the last command whose events can be read there; primary: where clients of
    the primary connect, as far as this node knows, else empty.
    """

    role: Role
    epoch: int
    sequence: int
    node: str
    primary: str

    def encode(self) -> bytes:
        node, primary = self.node.encode()[:255], self.primary.encode()[:255]
        head = _WELCOME.pack(
            VERSION, self.role, 0, self.epoch, self.sequence, len(node), len(primary)
        )
        return head + node + primary

    @classmethod
    def decode(cls, body: bytes) -> Welcome:
        if len(body) < _WELCOME.size:
            raise ProtocolError("a welcome that is cut off")
        version, role, _, epoch, sequence, node, primary = _WELCOME.unpack_from(body)
        if version != VERSION:
            raise ProtocolError(f"the node speaks version {version}", Code.BAD_VERSION)
        rest = body[_WELCOME.size :]
        if len(rest) != node + primary or role not in list(Role):
            raise ProtocolError("a welcome that does not fit together")
        return cls(Role(role), epoch, sequence, _text(rest[:node]), _text(rest[node:]))


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ProtocolError("text that is not UTF-8") from None


_SUBMIT = struct.Struct("<Q")


def encode_submit(after: int, commands: Records) -> bytes:
    """after: the newest sequence that the client had seen when it first sent these commands."""
    return _SUBMIT.pack(after) + commands.tobytes()


def decode_submit(body: bytes) -> tuple[int, Records]:
    size = len(body) - _SUBMIT.size
    if size <= 0 or size % RECORD_BYTES or size > MAX_COMMANDS * RECORD_BYTES:
        raise ProtocolError(f"a submit of {len(body)} bytes")
    return _SUBMIT.unpack_from(body)[0], np.frombuffer(body, COMMAND, offset=_SUBMIT.size)


_ASK = struct.Struct("<QQIB3x")


@dataclass(frozen=True, slots=True)
class Ask:
    """What became of a command. type: 0 for NEW_ORDER, else REPLACE; after: as of a submit."""

    account: int
    client_order_id: int
    type: int = 0
    after: int = 0

    def encode(self) -> bytes:
        return _ASK.pack(self.after, self.client_order_id, self.account, self.type)

    @classmethod
    def decode(cls, body: bytes) -> Ask:
        after, id_, account, kind = _unpack(_ASK, body, "a question")
        return cls(account, id_, kind, after)


_EVENTS = struct.Struct("<QII")


def encode_events(epoch: int, position: int, count: int, events: bytes) -> bytes:
    """Events of `count` commands in a row; position: of the first of them in its request.

    A command that is longer than a frame goes on in the next one: it ends with the flag LAST.
    """
    return _EVENTS.pack(epoch, position, count) + events


def decode_events(body: bytes) -> tuple[int, int, int, Records]:
    """Epoch, position, count, events."""
    size = len(body) - _EVENTS.size
    if size <= 0 or size % RECORD_BYTES:
        raise ProtocolError(f"events of {len(body)} bytes")
    epoch, position, count = _EVENTS.unpack_from(body)
    return epoch, position, count, np.frombuffer(body, EVENT, offset=_EVENTS.size)


_REFUSED = struct.Struct("<BxHHxxIIQ")


@dataclass(frozen=True, slots=True)
class Refused:
    """position, count: which commands of the request; count 0: all from there on."""

    code: Code
    text: str = ""
    epoch: int = 0
    primary: str = ""
    position: int = 0
    count: int = 0

    def encode(self) -> bytes:
        text, primary = self.text.encode()[:1024], self.primary.encode()[:255]
        head = _REFUSED.pack(
            self.code, len(primary), len(text), self.position, self.count, self.epoch
        )
        return head + primary + text

    @classmethod
    def decode(cls, body: bytes) -> Refused:
        if len(body) < _REFUSED.size:
            raise ProtocolError("a refusal that is cut off")
        code, primary, text, position, count, epoch = _REFUSED.unpack_from(body)
        rest = body[_REFUSED.size :]
        if len(rest) != primary + text or code not in list(Code):
            raise ProtocolError("a refusal that does not fit together")
        return cls(Code(code), _text(rest[primary:]), epoch, _text(rest[:primary]), position, count)


_BOOK = struct.Struct("<II")
LEVEL = np.dtype([("price", "<i8"), ("quantity", "<i8"), ("orders", "<i8")])


def encode_book(instrument: int, levels: int) -> bytes:
    return _BOOK.pack(instrument, levels)


def decode_book(body: bytes) -> tuple[int, int]:
    """Instrument and number of levels."""
    instrument, levels = _unpack(_BOOK, body, "a question for a book")
    if not 1 <= levels <= MAX_LEVELS:
        raise ProtocolError(f"{levels} levels; 1 to {MAX_LEVELS} can be asked for")
    return instrument, levels


_DEPTH = struct.Struct("<QQII")
Side = list[tuple[int, int, int]]


def encode_depth(epoch: int, sequence: int, bids: Side, asks: Side) -> bytes:
    levels = np.array([*bids, *asks], LEVEL)
    return _DEPTH.pack(epoch, sequence, len(bids), len(asks)) + levels.tobytes()


def decode_depth(body: bytes) -> tuple[int, int, Side, Side]:
    """Epoch, sequence, bids, asks: price, quantity, orders each, best first."""
    if len(body) < _DEPTH.size:
        raise ProtocolError("a book that is cut off")
    epoch, sequence, bids, asks = _DEPTH.unpack_from(body)
    if len(body) != _DEPTH.size + (bids + asks) * LEVEL.itemsize:
        raise ProtocolError("a book of another length")
    levels: Side = np.frombuffer(body, LEVEL, offset=_DEPTH.size).tolist()  # type: ignore[assignment]
    return epoch, sequence, levels[:bids], levels[bids:]
