"""Clients of a cluster: they send, wait, ask again elsewhere, and keep what they were told."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from lmax.records import joined
from lmax.schema import COMMAND, CommandType, EventFlag, EventType, OrderType, Reason, Side
from replicator.common import MS
from tests.cluster.world import Node, World
from tests.simulation.clients import ACCOUNTS, INSTRUMENTS, setup

Key = tuple[int, int]
PATIENCE = 1500 * MS


@dataclass
class Request:
    """One order. sent: when it was sent last; answer: the events that told of it."""

    command: np.ndarray
    sent: int = 0
    times: int = 0
    answer: bytes = b""
    resolved: bool = False


class Traders:
    """Orders by (account, client order id), and every output that anybody has seen.

    outputs: bytes of the events of a command, by (epoch, sequence).
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.random: Random = world.random
        self.requests: dict[Key, Request] = {}
        self.outputs: dict[int, dict[int, bytes]] = {}
        self.acknowledged: dict[int, tuple[int, bytes]] = {}
        self.wanted = 10**9
        self.begun = False
        self._last_id = 0

    @property
    def open(self) -> list[Request]:
        return [request for request in self.requests.values() if not request.resolved]

    def act(self, node: Node) -> None:
        """Send something to that node."""
        if not node.is_primary or self.world.now < node.paused_until:
            return
        if not self.begun:
            # What an operator sends has no id: whoever is primary first does it once, and sees.
            self.begun = bool(node.core.business.state.instruments())
            if not self.begun and node.core.settled:
                node.publish(setup())
            return
        overdue = [request for request in self.open if self.world.now - request.sent > PATIENCE]
        if overdue and self.random.random() < 0.7:
            chosen = self.random.sample(overdue, min(len(overdue), 5))
        elif self.wanted > len(self.requests):
            chosen = [self._order() for _ in range(self.random.choice([1, 1, 2, 8]))]
        else:
            return
        if node.publish(joined([request.command for request in chosen])):
            for request in chosen:
                request.sent = self.world.now
                request.times += 1

    def _order(self) -> Request:
        random = self.random
        self._last_id += 1
        command = np.zeros(1, COMMAND)
        command["type"] = CommandType.NEW_ORDER
        command["account"], command["client_order_id"] = random.choice(ACCOUNTS), self._last_id
        command["instrument"] = random.choice(INSTRUMENTS)
        command["side"] = random.choice([Side.BUY, Side.SELL])
        command["order_type"] = OrderType.LIMIT
        command["price"] = random.randrange(95, 106)
        command["quantity"] = random.randrange(1, 20)
        request = Request(command)
        self.requests[int(command["account"][0]), self._last_id] = request
        return request

    def listen(self, node: Node) -> None:
        """Outputs of a primary, to be held against all that was ever seen."""
        events = node.events()
        if events is None or not len(events) or node.member is None:
            return
        epoch = node.core.journaler.place[0]
        events = events[np.argmax(events["index"] == 0) :]
        ends = np.flatnonzero(events["flags"] & EventFlag.LAST) + 1
        assert ends[-1] == len(events), "events of a command come at once"
        for part in np.split(events, ends[:-1]):
            self._hear(epoch, int(part["sequence"][0]), part)

    def _hear(self, epoch: int, sequence: int, events: np.ndarray) -> None:
        told = events.tobytes()
        known = self.outputs.setdefault(epoch, {})
        assert sequence not in known, f"I6: two outputs of epoch {epoch}, sequence {sequence}"
        known[sequence] = told
        before = self.acknowledged.get(sequence)
        assert before is None or before[1] == told, f"I6: {sequence} was acknowledged otherwise"
        self.acknowledged[sequence] = epoch, told
        self._answer(events)

    def _answer(self, events: np.ndarray) -> None:
        first = events[0]
        if first["command"] != CommandType.NEW_ORDER:
            return
        key = int(first["account"]), int(first["client_order_id"])
        request = self.requests.get(key)
        assert request is not None, f"an answer to an order that nobody sent: {key}"
        doubled = (
            first["type"] == EventType.REJECTED
            and first["reason"] == Reason.DUPLICATE_CLIENT_ORDER_ID
        )
        if doubled:
            assert request.times > 1, f"I2: {key} was sent once and is called a duplicate"
        else:
            assert not request.answer, f"I2: {key} was answered twice"
            request.answer = events.tobytes()
        request.resolved = True
