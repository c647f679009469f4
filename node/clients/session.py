"""A client's session with a pair of nodes: `from lmax import Session`. See docs/clients.md."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from lmax.event import Event, events_of
from lmax.schema import COMMAND
from marketdata.views import Depth
from node.clients.conversation import Conversation, Inbox
from node.clients.finding import Finder
from node.clients.keys import keys_of
from node.clients.link import host_and_port
from node.clients.outbox import Question, Sent
from node.clients.protocol import (
    MAX_COMMANDS,
    SESSION_BYTES,
    Ask,
    Code,
    Hello,
    Kind,
    Refused,
    Welcome,
    encode_book,
)
from node.clients.tickets import (
    FateUnknown,
    NotKnown,
    RequestRefused,
    SessionClosed,
    State,
    Ticket,
)

Records = npt.NDArray[np.void]
AGAIN_S = 0.02


class Session:
    """Sends commands to whichever node is the primary, and finds out what became of each.

        with Session(["10.0.0.1:7400", "10.0.0.2:7400"]) as session:
            ticket = session.submit(commands)[0]
            events = session.result(ticket)

    When a connection breaks or a node is not the primary any more, the session finds the new one
    and sends what was not answered again, under the same ids: what had been applied gets its
    original answer, the rest is applied once. Answers of a lower epoch than was seen are refused.

    addresses: ``host:port`` of the client ports; token: what they ask for; patience: seconds after
    which an unanswered command becomes UNKNOWN; answer_within: seconds without any answer after
    which a connection is given up, sooner if another node leads; most_open: commands without an
    answer at a time.

    All methods may be called from any thread. The order of commands is kept within one call of
    `submit` as long as nothing is sent again. Raises ValueError for addresses that are none.
    """

    def __init__(
        self,
        addresses: Iterable[str],
        *,
        token: str | bytes | None = None,
        patience: float = 60.0,
        answer_within: float = 5.0,
        most_open: int = 1 << 15,
    ) -> None:
        known = [addresses] if isinstance(addresses, str) else list(addresses)
        if not known:
            raise ValueError("a session needs the address of a node")
        for address in known:
            host_and_port(address)
        secret = token.encode() if isinstance(token, str) else token or b""
        finder = Finder(known, Hello(secrets.token_bytes(SESSION_BYTES), secret))
        self._patience = patience
        self._most_open = most_open
        self._talk = Conversation(finder, answer_within)
        self._talk.start()

    def submit(
        self, commands: Records, *, idempotent: bool = False, timeout: float = 10.0
    ) -> list[Ticket]:
        """Send commands (dtype COMMAND, at most 4,096) in order; a ticket for each, at once.

        A command is known by account, type and client order id; a cancel or reduce without an id
        of its own by the order it is about. One that is known by nothing (a deposit without a
        client order id, say) is not sent again when its fate is unknown, unless idempotent says
        that to do it twice is to do it once. Waits at most `timeout` seconds for others to be
        answered. Raises AlreadyInFlight, TimeoutError, SessionClosed, TypeError, ValueError.
        """
        if not isinstance(commands, np.ndarray) or commands.dtype != COMMAND:
            raise TypeError("commands are a NumPy array of dtype lmax.COMMAND")
        if len(commands) > MAX_COMMANDS:
            raise ValueError(f"{len(commands)} commands at once; {MAX_COMMANDS} is the most")
        if not len(commands):
            return []
        talk, commands = self._talk, commands.copy()
        keys = keys_of(commands)
        now = time.monotonic()
        with talk.changed:
            room = talk.changed.wait_for(
                lambda: talk.closed or talk.outbox.open + len(keys) <= self._most_open, timeout
            )
            talk.check_open()
            if not room:
                raise TimeoutError(f"{talk.outbox.open} commands are not answered: {talk.trouble}")
            talk.outbox.check_free(keys)
            seen = talk.seen
            tickets = [Ticket(key, seen, bool(key[0]) or idempotent) for key in keys]
            request = Sent(commands, tickets, seen, now + self._patience)
            talk.outbox.enter(request)
            link, data = talk.link, talk.outbox.number(request, now)
            if link is None:
                request.sent = 0.0  # the next connection is the first that it is sent on
        talk.send(link, data)
        return list(tickets)

    def result(self, ticket: Ticket, timeout: float | None = None) -> Records:
        """All events of that command (dtype EVENT), as soon as they are there.

        A rejected command has events, too. Raises TimeoutError, Conflict, RequestRefused,
        FateUnknown (see `resolve`), SessionClosed.
        """
        talk = self._talk
        if not ticket.done:
            with talk.changed:
                talk.changed.wait_for(lambda: ticket.done or talk.closed, timeout)
                if not ticket.done:
                    talk.check_open()
                    raise TimeoutError(f"no answer for {ticket!r}: {talk.trouble}")
        ticket.raise_if_unanswered()
        return ticket.events

    def resolve(self, ticket: Ticket, timeout: float = 30.0) -> Records:
        """The events of a command whose fate was unknown. Raises NotKnown if it was not applied.

        Otherwise as `ask`, and as `result` for a ticket that has its answer.
        """
        if ticket.state is not State.UNKNOWN:
            return self.result(ticket, timeout)
        if not ticket.client_order_id:
            raise FateUnknown(f"{ticket!r} has no id by which it could be asked about")
        wanted = Ask(ticket.account, ticket.client_order_id, ticket.command_type, ticket.after)
        return self._ask(wanted, timeout)

    def ask(
        self,
        account: int,
        client_order_id: int,
        command_type: int = 0,
        *,
        after: int = 0,
        timeout: float = 30.0,
    ) -> Records:
        """The original events of a command, whoever sent it, and whenever.

        command_type: NEW_ORDER, or else REPLACE, unless told; after: only of commands with a higher
        sequence. Raises NotKnown, RequestRefused, TimeoutError while it cannot be told.
        """
        return self._ask(Ask(account, client_order_id, int(command_type), after), timeout)

    def _ask(self, ask: Ask, timeout: float) -> Records:
        deadline = time.monotonic() + timeout
        while True:
            answer = self._talk.ask(Question(Kind.ASK, ask.encode()), deadline)
            if isinstance(answer, np.ndarray):
                return answer
            assert isinstance(answer, Refused)
            if answer.code == Code.NOT_KNOWN:
                raise NotKnown(f"account {ask.account}, id {ask.client_order_id}: {answer.text}")
            if answer.code not in (Code.PENDING, Code.BUSY):
                raise RequestRefused(answer.text)
            time.sleep(AGAIN_S)

    def status(self, timeout: float = 10.0) -> Welcome:
        """What the primary is: role, epoch, sequence, name."""
        answer = self._talk.ask(Question(Kind.STATUS, b""), time.monotonic() + timeout)
        assert isinstance(answer, Welcome)
        return answer

    def book(self, instrument: int, levels: int = 10, timeout: float = 10.0) -> Depth:
        """The best levels of a book at the primary; node.clients.query asks any node.

        Raises KeyError while nothing is known of the instrument.
        """
        body = encode_book(instrument, levels)
        answer = self._talk.ask(Question(Kind.BOOK, body), time.monotonic() + timeout)
        if isinstance(answer, Refused):
            raise KeyError(answer.text)
        assert isinstance(answer, Depth)
        return answer

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """The events of this session's commands as they are answered, from now on.

        Ends when the session is closed, or when none comes for `timeout` seconds. Raises
        OverflowError for who falls behind by 100,000 answers.
        """
        return self._stream(self._talk.subscribe(), timeout)

    def _stream(self, inbox: Inbox, timeout: float | None) -> Iterator[Event]:
        while (found := self._talk.next_events(inbox, timeout)) is not None:
            yield from events_of(found)

    @property
    def epoch(self) -> int:
        """The highest that was seen."""
        return self._talk.finder.epoch

    @property
    def node(self) -> str:
        """The name of the node that it is connected to, empty while to none."""
        link = self._talk.link
        return link.welcome.node if link else ""

    def close(self) -> None:
        """End the connection. What is not answered becomes UNKNOWN."""
        self._talk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Session with {self.node or 'nobody'}, epoch {self.epoch}>"


__all__ = ["NotKnown", "Session", "SessionClosed", "Ticket"]
