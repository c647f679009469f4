"""The requests of a session that are not answered yet."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from node.clients.keys import Key, Records
from node.clients.protocol import Flag, Kind, encode_submit, frame
from node.clients.tickets import AlreadyInFlight, State, Ticket

FIRST_RETRY_S, LONGEST_RETRY_S = 0.005, 0.05


@dataclass(slots=True)
class Sent:
    """Commands that go together, and their tickets.

    number: of the request on the wire, another one each time it is sent; sent: when, 0 while it is
    not; resent: it may have been taken before.
    """

    commands: Records
    tickets: list[Ticket]
    after: int
    deadline: float
    number: int = 0
    sent: float = 0.0
    resent: bool = False
    retries: int = 0

    def frame(self) -> bytes:
        flags = Flag.RESEND if self.resent else 0
        return frame(Kind.SUBMIT, self.number, encode_submit(self.after, self.commands), flags)

    def part(self, places: list[int]) -> Sent:
        """Some of them, as a request of their own."""
        for place in places:
            self.tickets[place].start_again()
        tickets = [self.tickets[place] for place in places]
        commands = np.ascontiguousarray(self.commands[places])
        return Sent(
            commands, tickets, self.after, self.deadline, resent=self.resent, retries=self.retries
        )

    def open_places(self, first: int = 0, end: int | None = None) -> list[int]:
        end = len(self.tickets) if end is None else min(end, len(self.tickets))
        return [place for place in range(first, end) if not self.tickets[place].done]


@dataclass(slots=True)
class Question:
    """An ASK, STATUS or BOOK; answer: what came, or an exception."""

    kind: Kind
    body: bytes
    number: int = 0
    sent: float = 0.0
    answer: object = None
    parts: list[Records] = field(default_factory=list)

    def frame(self) -> bytes:
        return frame(self.kind, self.number, self.body)


@dataclass
class Outbox:
    """Who holds the session's lock uses it."""

    requests: dict[int, Sent] = field(default_factory=dict)
    questions: dict[int, Question] = field(default_factory=dict)
    in_flight: dict[Key, Ticket] = field(default_factory=dict)
    open: int = 0
    _later: list[tuple[float, int, Sent]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def check_free(self, keys: list[Key]) -> None:
        """Raises AlreadyInFlight; ValueError for two with one key."""
        for key in keys:
            if key[0] and key in self.in_flight:
                raise AlreadyInFlight(self.in_flight[key])
        named = [key for key in keys if key[0]]
        if len(set(named)) < len(named):
            raise ValueError("two of the commands have one account, type and client order id")

    def enter(self, request: Sent) -> None:
        """New commands."""
        for ticket in request.tickets:
            if ticket.key[0]:
                self.in_flight[ticket.key] = ticket
        self.open += len(request.tickets)

    def number(self, item: Sent | Question, now: float) -> bytes:
        """Give it a number under which the answer comes; the bytes to send."""
        item.number, item.sent = next(self._numbers), now
        if isinstance(item, Sent):
            self.requests[item.number] = item
        else:
            self.questions[item.number] = item
        return item.frame()

    def ended(self, ticket: Ticket) -> None:
        """It has an answer, or never will."""
        self.open -= 1
        if self.in_flight.get(ticket.key) is ticket:
            del self.in_flight[ticket.key]

    def forget_if_done(self, request: Sent) -> None:
        if all(ticket.done for ticket in request.tickets):
            self.requests.pop(request.number, None)

    def retry(self, request: Sent, places: list[int], now: float) -> None:
        """Not taken for want of room: again in a moment."""
        part = request.part(places)
        part.retries += 1
        wait = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(part.retries, 10))
        heapq.heappush(self._later, (now + wait, next(self._numbers), part))
        self._take_out(request, places)

    def _take_out(self, request: Sent, places: list[int]) -> None:
        """What goes on in another request is done with in this one."""
        gone = set(places)
        rest = [p for p in range(len(request.tickets)) if p not in gone]
        if all(request.tickets[place].done for place in rest):
            self.requests.pop(request.number, None)
            return
        for place in places:
            request.tickets[place] = _MOVED

    def due(self, now: float) -> list[Sent]:
        """What is to be sent again now."""
        found = []
        while self._later and self._later[0][0] <= now:
            found.append(heapq.heappop(self._later)[2])
        return found

    def everything(self) -> list[Sent]:
        """All that is open, oldest first, to be sent to another node; each may have been taken."""
        found = []
        for number in sorted(self.requests):
            request = self.requests[number]
            if places := request.open_places():
                part = request.part(places)
                part.resent = part.resent or bool(request.sent)
                found.append(part)
        self.requests.clear()
        found += [part for _, _, part in sorted(self._later, key=lambda late: late[:2])]
        self._later.clear()
        return found

    def overdue(self, now: float) -> list[Sent]:
        """Requests whose time is over."""
        waiting = [part for _, _, part in self._later]
        return [r for r in [*self.requests.values(), *waiting] if now >= r.deadline]

    def drop(self, request: Sent) -> None:
        self.requests.pop(request.number, None)
        self._later = [late for late in self._later if late[2] is not request]
        heapq.heapify(self._later)

    def oldest_sent(self) -> float | None:
        """When the request was sent that waits longest for an answer on this connection."""
        waits = [request.sent for request in self.requests.values()]
        waits += [question.sent for question in self.questions.values()]
        return min((sent for sent in waits if sent), default=None)


_MOVED = Ticket((0, 0), 0, False)
_MOVED.end(State.REFUSED, "goes on in another request")
