"""Nodes with client ports for the tests, and clients that speak the protocol by hand."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from lmax.schema import COMMAND, CommandType, Side
from node.clients.desk import Limits
from node.clients.link import Link
from node.clients.node import LoneNode
from node.clients.protocol import Flag, Frame, Hello, Kind, Role, Welcome, encode_submit, frame
from node.clients.server import Server
from node.core import Core
from tests.node.playing import opening, orders

SEGMENT = 1 << 20
PATIENCE = 60.0


class PlayedNode(LoneNode):
    """A node whose role, epoch and partner are what the test says."""

    def __init__(
        self, core: Core, name: str = "a", role: Role = Role.PRIMARY, epoch: int = 1
    ) -> None:
        super().__init__(core, name)
        self.played = role
        self.played_epoch = epoch
        self.partner = ""

    def role(self) -> Role:
        return self.played

    def epoch(self) -> int:
        return self.played_epoch

    def catches_up(self) -> bool:
        return False

    def primary_address(self) -> str:
        return self.partner


@contextmanager
def port(
    folder: Path,
    *,
    role: Role = Role.PRIMARY,
    epoch: int = 1,
    name: str = "a",
    token: str | None = None,
    limits: Limits | None = None,
    slots: int = 1 << 12,
) -> Iterator[tuple[PlayedNode, Server]]:
    """A core in that folder with its client port."""
    with Core(folder, segment_bytes=SEGMENT, slots=slots) as core:
        node = PlayedNode(core, name, role, epoch)
        with Server(node, token=token, limits=limits) as server:
            yield node, server


def buys(first_id: int, count: int = 1, price: int = 1000, quantity: int = 1) -> np.ndarray:
    return orders(Side.BUY, np.full(count, price), first_id, quantity)


def cancel(order: int, own: int = 0) -> np.ndarray:
    command = np.zeros(1, COMMAND)
    command["type"] = CommandType.CANCEL
    command["account"] = command["instrument"] = 1
    command["orig_client_order_id"] = order
    command["client_order_id"] = own
    return command


class Raw:
    """A client without a session's ways: what it gets is what was sent.

    told: what the node said that it is, without having been asked.
    """

    def __init__(self, server: Server, token: str = "") -> None:
        hello = Hello(secrets.token_bytes(16), token.encode())
        self.link = Link(server.address, hello, PATIENCE)
        self._number = 0
        self.told: list[Welcome] = []

    def send(self, kind: Kind, body: bytes, flags: int = 0) -> int:
        self._number += 1
        self.link.send(frame(kind, self._number, body, flags))
        return self._number

    def submit(self, commands: np.ndarray, after: int = 0, resend: bool = False) -> int:
        flags = Flag.RESEND if resend else 0
        return self.send(Kind.SUBMIT, encode_submit(after, commands), flags)

    def next(self) -> Frame:
        """The next frame, whatever it is about; what is `told` is none."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.link.receive(0.5)
            assert time.monotonic() < deadline, "nothing came"
            self.link._frames = found[1:]
            if found and (found[0].kind, found[0].request) != (Kind.WELCOME, 0):
                return found[0]
            self.told += [Welcome.decode(each.body) for each in found[:1]]

    def answer(self, commands: np.ndarray, after: int = 0, resend: bool = False) -> Frame:
        """What is said to one command."""
        number = self.submit(commands, after, resend)
        found = self.next()
        assert found.request == number
        return found

    def close(self) -> None:
        self.link.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


__all__ = ["PATIENCE", "PlayedNode", "Raw", "buys", "cancel", "opening", "port", "until"]
