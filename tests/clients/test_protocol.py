"""Frames: what is sent is what is read; what makes no sense is refused before it is stored."""

import socket
import struct
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from lmax.schema import COMMAND, EVENT
from node.clients import protocol
from node.clients.link import host_and_port
from node.clients.protocol import (
    HEADER,
    MAX_FROM_STRANGER,
    Ask,
    Code,
    Decoder,
    Frame,
    Hello,
    Kind,
    ProtocolError,
    Refused,
    Role,
    Welcome,
    frame,
)
from tests.clients.nodes import PATIENCE, Raw, buys, opening, port


def filled(random: Random, dtype: np.dtype, count: int) -> np.ndarray:
    return np.frombuffer(random.randbytes(count * dtype.itemsize), dtype)


def test_what_is_encoded_is_decoded(seed: int) -> None:
    random = Random(seed)
    commands, events = filled(random, COMMAND, 3), filled(random, EVENT, 5)
    messages: list[Any] = [
        Hello(b"s" * 16, b"secret"),
        Welcome(Role.STANDBY, 7, 2**40, "north", "10.0.0.1:7400"),
        Refused(Code.CONFLICT, "no", 3, "[::1]:9", 4, 5),
        Ask(16_777_215, 2**64 - 1, 6, 99),
    ]
    for message in messages:
        assert type(message).decode(message.encode()) == message
    after, found = protocol.decode_submit(protocol.encode_submit(12, commands))
    assert (after, found.tobytes()) == (12, commands.tobytes())
    body = protocol.encode_events(3, 4, 2, events.tobytes())
    assert protocol.decode_events(body)[:3] == (3, 4, 2)
    assert protocol.decode_events(body)[3].tobytes() == events.tobytes()
    assert protocol.decode_book(protocol.encode_book(5, 10)) == (5, 10)
    bids, asks = [(9, 8, 7)], [(10, 1, 1), (-11, 2, 2)]
    assert protocol.decode_depth(protocol.encode_depth(1, 2, bids, asks)) == (1, 2, bids, asks)


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(Hello(b"s" * 16, b"secret"))


def test_frames_come_whole_however_the_stream_is_cut(seed: int) -> None:
    random = Random(seed)
    bodies = [random.randbytes(random.choice([0, 1, 100, 500])) for _ in range(50)]
    stream = b"".join(frame(Kind.STATUS, n, body, n % 3) for n, body in enumerate(bodies))
    decoder = Decoder(500)
    found: list[Frame] = []
    while stream:
        cut = random.choice([1, 15, 16, 17, 300, 5000])
        found += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert [(f.request, f.flags, f.body) for f in found] == [
        (n, n % 3, body) for n, body in enumerate(bodies)
    ]


@pytest.mark.parametrize("size", [501, 2**31, 2**32 - 1])
def test_a_frame_that_is_too_long_is_refused_by_its_header(size: int) -> None:
    decoder = Decoder(500)
    with pytest.raises(ProtocolError, match="more than 500"):
        list(decoder.feed(HEADER.pack(size, Kind.SUBMIT, 0, 0, 1)))


DECODERS = [
    Hello.decode,
    Welcome.decode,
    Refused.decode,
    Ask.decode,
    protocol.decode_submit,
    protocol.decode_events,
    protocol.decode_book,
    protocol.decode_depth,
]


@pytest.mark.parametrize("decode", DECODERS)
def test_bodies_of_random_bytes_are_read_or_refused(decode, seed: int) -> None:
    random = Random(seed)
    for size in [*range(160), 1000, 136, 264]:
        body = random.randbytes(size)
        for start in [b"", b"LMXC\1\0\0\0", bytes(24)]:
            try:
                decode((start + body)[: max(size, len(start))])
            except ProtocolError:
                continue


@pytest.mark.parametrize(
    "message",
    [
        Hello(b"s" * 16, b"secret"),
        Welcome(Role.PRIMARY, 7, 5, "north", "10.0.0.1:7400"),
        Refused(Code.CONFLICT, "no", 3, "[::1]:9", 4, 5),
        Ask(1, 2),
    ],
)
def test_bodies_that_are_cut_off_or_too_long_are_refused(message) -> None:
    body = message.encode()
    for size in range(len(body)):
        with pytest.raises(ProtocolError):
            type(message).decode(body[:size])
    with pytest.raises(ProtocolError):
        type(message).decode(body + b"x")


def talk(address: str, data: bytes) -> bytes:
    """Send that and read until the node ends the connection."""
    with socket.create_connection(host_and_port(address), PATIENCE) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        found = b""
        try:
            while part := client.recv(65536):
                found += part
        except ConnectionResetError:
            pass
        return found


def closing(found: bytes) -> Code:
    frames = list(Decoder(1 << 20).feed(found))
    assert frames[-1].kind == Kind.CLOSING
    return Refused.decode(frames[-1].body).code


HELLO = frame(Kind.HELLO, 0, Hello(b"s" * 16).encode())
NO_SENSE = {
    "no hello": frame(Kind.STATUS, 1),
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long hello": frame(Kind.HELLO, 0, bytes(MAX_FROM_STRANGER + 1)),
    "no session": frame(Kind.HELLO, 0, Hello(bytes(16)).encode()),
    "a huge frame": HELLO + HEADER.pack(2**32 - 1, Kind.SUBMIT, 0, 0, 1),
    "an unknown kind": HELLO + frame(Kind.EVENTS, 1, b"x"),
    "half a command": HELLO + frame(Kind.SUBMIT, 1, bytes(8 + 64)),
    "no command": HELLO + frame(Kind.SUBMIT, 1, bytes(8)),
    "a status with a body": HELLO + frame(Kind.STATUS, 1, b"x"),
    "no levels": HELLO + frame(Kind.BOOK, 1, protocol.encode_book(1, 0)),
    "too many levels": HELLO + frame(Kind.BOOK, 1, protocol.encode_book(1, 2**31)),
    "bits that mean nothing": HELLO + struct.pack("<IBBHQ", 0, Kind.STATUS, 0, 1, 1),
}


def test_who_makes_no_sense_is_sent_away_with_a_code_and_others_go_on(tmp_path: Path) -> None:
    with port(tmp_path) as (_, server):
        for what, data in NO_SENSE.items():
            assert closing(talk(server.address, data)) == Code.PROTOCOL_ERROR, what
        other = b"LMXC" + struct.pack("<HH", 2, 0) + b"s" * 16
        assert closing(talk(server.address, frame(Kind.HELLO, 0, other))) == Code.BAD_VERSION
        client = Raw(server)
        assert client.answer(opening()).kind == Kind.EVENTS
        client.close()
        assert server.counters["protocol errors"] == len(NO_SENSE) + 1


def test_random_bytes_do_no_harm(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    with port(tmp_path) as (node, server):
        client = Raw(server)
        client.answer(opening())
        applied = node.core.business.applied
        for _ in range(60):
            data = bytearray(HELLO + frame(Kind.BOOK, 2, protocol.encode_book(1, 5)))
            for _ in range(random.randint(1, 8)):
                data[random.randrange(len(data))] = random.randrange(256)
            talk(server.address, bytes(data) if random.random() < 0.5 else random.randbytes(400))
        assert node.core.business.applied == applied, "nothing was published"
        assert client.answer(buys(1)).kind == Kind.EVENTS
        client.close()


def test_a_wrong_token_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with port(tmp_path, token="right") as (_, server):
        found = talk(server.address, frame(Kind.HELLO, 0, Hello(b"s" * 16, b"wrong").encode()))
        assert closing(found) == Code.BAD_TOKEN
        assert b"wrong" not in found
        assert b"right" not in found
        Raw(server, "right").close()
