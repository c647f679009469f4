"""What the node does with a client's requests. Everything here runs in the port's one thread."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lmax.ringbuffer.ring import RingFull
from lmax.schema import MAX_INSTRUMENT
from node.clients.answers import DEFAULT_BYTES, DEFAULT_COMMANDS, Answers
from node.clients.connection import Connection
from node.clients.flights import Flights
from node.clients.keys import Records
from node.clients.node import Node
from node.clients.protocol import (
    Ask,
    Code,
    Flag,
    Frame,
    Kind,
    ProtocolError,
    Refused,
    Role,
    Welcome,
    decode_book,
    decode_submit,
    encode_depth,
)
from node.clients.questions import Questions
from node.clients.resends import Resends
from node.refusals import CoreFailed, NoRoom


@dataclass(frozen=True)
class Limits:
    """What a client may take up, and what is remembered for all of them.

    unread_bytes: written to a client and not read by it, before it is closed; outstanding: its
    commands and questions that are not answered; pending_s: after so long a question gets PENDING;
    searches: of the journal that may wait, one is made at a time.
    """

    connections: int = 1024
    unread_bytes: int = 16 << 20
    outstanding: int = 1 << 16
    answers: int = DEFAULT_COMMANDS
    answer_bytes: int = DEFAULT_BYTES
    pending_s: float = 1.0
    searches: int = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """until: the command whose events must have come before `then` is called."""

    until: int
    connection: Connection
    count: int
    then: Callable[[], object]


class Desk:
    """Takes requests, publishes commands, and gives their events to who asked for them.

    A resent command and a question wait until all that was published before them can be read:
    then what became of it is known, whoever had published it.
    """

    def __init__(self, node: Node, token: bytes | None, limits: Limits) -> None:
        self.node = node
        self.token = token
        self.limits = limits
        self.counters: Counter[str] = Counter()
        self.answers: Answers | None = None
        self.failure = ""
        self.flights = Flights(self)
        self.resends = Resends(self)
        self.questions = Questions(self)
        self._connections: set[Connection] = set()
        self._waiting: deque[Waiting] = deque()
        self._role = (node.role(), node.epoch())

    # -- connections

    def enter(self, connection: Connection) -> bool:
        self._connections.add(connection)
        return len(self._connections) <= self.limits.connections

    def leave(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def greet(self, connection: Connection, request: int) -> None:
        """Answer a hello. Earlier connections of the same session end: nothing comes from them."""
        for other in list(self._connections):
            if other is not connection and other.session == connection.session:
                other.close(Code.SUPERSEDED, "a newer connection of this session is open")
        connection.send(Kind.WELCOME, request, self.welcome().encode())

    def welcome(self) -> Welcome:
        node = self.node
        role, epoch, applied = node.role(), node.epoch(), node.core.business.applied
        if self.failure and role == Role.PRIMARY:
            role = Role.FENCED
        return Welcome(role, epoch, applied, node.name, node.primary_address())

    def close(self) -> None:
        for connection in list(self._connections):
            connection.close(Code.STOPPING, "the node's client port is closed")

    # -- requests

    def handle(self, connection: Connection, frame: Frame) -> None:
        """Raises ProtocolError."""
        match frame.kind:
            case Kind.SUBMIT:
                after, commands = decode_submit(frame.body)
                self._submit(connection, frame, after, commands)
            case Kind.ASK:
                self.questions.ask(connection, frame.request, Ask.decode(frame.body))
            case Kind.STATUS if not frame.body:
                connection.send(Kind.WELCOME, frame.request, self.welcome().encode())
            case Kind.BOOK:
                self._book(connection, frame.request, *decode_book(frame.body))
            case _:
                raise ProtocolError(f"a frame of kind {frame.kind}, which clients do not send")

    def _submit(self, connection: Connection, frame: Frame, after: int, commands: Records) -> None:
        refused = self.refusal(len(commands), connection)
        if refused is not None:
            connection.refuse(frame.request, refused)
        elif frame.flags & Flag.RESEND:
            take = self.resends.take
            self.wait(
                connection,
                lambda: take(connection, frame.request, after, commands),
                len(commands),
            )
        elif connection.held:
            # What it sent before waits, and is not to be overtaken.
            self.wait(
                connection,
                lambda: self.publish(connection, frame.request, commands),
                len(commands),
            )
        else:
            self.publish(connection, frame.request, commands)

    def refusal(self, count: int, connection: Connection) -> Refused | None:
        """Why commands or questions are not taken now; None if they are."""
        role, epoch = self.node.role(), self.node.epoch()
        if (role, epoch) != self._role:
            self.role_changed()
        if role != Role.PRIMARY:
            return Refused(
                Code.NOT_PRIMARY,
                f"{self.node.name} is not the primary",
                epoch,
                self.node.primary_address(),
            )
        if self.failure:
            return Refused(Code.UNAVAILABLE, self.failure, epoch)
        if max(connection.outstanding, connection.waiting) + count > self.limits.outstanding:
            return Refused(Code.BUSY, "too much of this client is not answered yet", epoch)
        return None

    def publish(
        self, connection: Connection, request: int, commands: Records, position: int = 0
    ) -> int:
        """Publish as one run; the sequence of the first, or 0 where it was refused."""
        refused = self.refusal(len(commands), connection)
        if refused is None:
            try:
                self.node.core.raise_failure()
                last = self.node.core.entrance.offer(commands)
            except NoRoom as full:
                refused = Refused(Code.NO_ROOM, str(full), self.node.epoch())
            except RingFull as full:
                refused = Refused(Code.RING_FULL, str(full), self.node.epoch())
            except CoreFailed as failed:
                self.fail(failed)
                refused = Refused(Code.UNAVAILABLE, self.failure, self.node.epoch())
            except ValueError as error:  # more than the ring holds
                refused = Refused(Code.BAD_REQUEST, str(error), self.node.epoch())
        if refused is not None:
            connection.refuse(request, _at(refused, position, len(commands)))
            return 0
        first = last - len(commands) + 1
        self.flights.begin(connection, request, position, first, last)
        return first

    def _book(self, connection: Connection, request: int, instrument: int, levels: int) -> None:
        marketdata = self.node.core.marketdata
        try:
            if not 1 <= instrument <= MAX_INSTRUMENT:
                raise KeyError(instrument)
            depth = marketdata.depth(instrument, levels)
        except KeyError:
            text = f"nothing is known of instrument {instrument}"
            connection.refuse(request, Refused(Code.BAD_REQUEST, text, self.node.epoch()))
            return
        body = encode_depth(self.node.epoch(), marketdata.sequence, depth.bids, depth.asks)
        connection.send(Kind.DEPTH, request, body)

    # -- waiting for what was published before

    def wait(self, connection: Connection, then: Callable[[], object], count: int = 0) -> None:
        """Call `then` once everything that is published now can be read, unless it has gone.

        Also when this is not the primary any more, or cannot go on: `then` has to look.
        count: commands that wait meanwhile.
        """
        connection.waiting += 1
        connection.held += count
        connection.outstanding += count
        self._waiting.append(Waiting(self.node.core.input.cursor, connection, count, then))
        self._go_on()

    def _go_on(self, whatever: bool = False) -> None:
        answers = self.answers
        while self._waiting:
            first = self._waiting[0]
            if not whatever and (answers is None or first.until > answers.position):
                return
            self._waiting.popleft()
            first.connection.waiting -= 1
            first.connection.held -= first.count
            first.connection.outstanding -= first.count
            if not first.connection.closed:
                first.then()

    # -- what the core and the node do

    def begins(self, since: int) -> None:
        self.answers = Answers(self.limits.answers, self.limits.answer_bytes, since)
        self._go_on()

    def deliver(self, commands: Records, events: Records) -> None:
        """Commands in a row and all their events: remember them, tell who waits for them."""
        assert self.answers is not None
        self.answers.feed(commands, events)
        if (self.node.role(), self.node.epoch()) != self._role:
            self.role_changed()
        starts = np.flatnonzero(events["index"] == 0)
        self.flights.land(int(commands[0]["sequence"]), starts, events)
        self._go_on()

    def role_changed(self) -> None:
        """The node is something else now: nobody knows here what becomes of what was published.

        All clients are told: who waits for a primary has it at once.
        """
        self._role = (self.node.role(), self.node.epoch())
        self.flights.give_up("the node is not the primary any more: ask the new one")
        if self._role[0] != Role.PRIMARY:
            self._go_on(whatever=True)
        told = self.welcome().encode()
        for connection in list(self._connections):
            if connection.session:
                connection.send(Kind.WELCOME, 0, told)

    def fail(self, error: BaseException) -> None:
        """The core stopped for good."""
        if not self.failure:
            self.failure = f"the node cannot go on: {error}"
            self.flights.give_up(self.failure)
            self._go_on(whatever=True)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, call)


def _at(refused: Refused, position: int, count: int) -> Refused:
    return Refused(refused.code, refused.text, refused.epoch, refused.primary, position, count)
