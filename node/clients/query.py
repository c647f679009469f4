"""One question to one node, whatever it is: a standby answers these, too."""

from __future__ import annotations

import secrets
import time

from marketdata.views import Depth
from node.clients.link import Link, LinkLost
from node.clients.protocol import (
    SESSION_BYTES,
    Hello,
    Kind,
    Refused,
    Welcome,
    decode_depth,
    encode_book,
    frame,
)


def status(address: str, token: str | None = None, timeout: float = 5.0) -> Welcome:
    """What the node there is. Raises OSError, ProtocolError."""
    link = Link(address, _hello(token), timeout)
    link.close()
    return link.welcome


def book(
    address: str, instrument: int, levels: int = 10, token: str | None = None, timeout: float = 5.0
) -> Depth:
    """The best levels of a book as that node has it. Raises OSError, ProtocolError; KeyError."""
    link = Link(address, _hello(token), timeout)
    try:
        link.send(frame(Kind.BOOK, 1, encode_book(instrument, levels)))
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for found in link.receive(timeout):
                if found.kind == Kind.DEPTH:
                    return Depth(*decode_depth(found.body)[2:])
                if found.kind == Kind.REFUSED:
                    raise KeyError(Refused.decode(found.body).text)
        raise LinkLost(f"{address} did not answer within {timeout} s")
    finally:
        link.close()


def _hello(token: str | None) -> Hello:
    return Hello(secrets.token_bytes(SESSION_BYTES), (token or "").encode())
