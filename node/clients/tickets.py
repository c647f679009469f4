"""What a session gives for a command: a ticket, on which the answer appears."""

from __future__ import annotations

from enum import Enum

import numpy as np

from lmax.records import joined
from lmax.schema import EVENT, EventType
from node.clients.keys import Key, Records


class State(Enum):
    """What is known of a command.

    REFUSED: it was not taken, for a reason that stays. UNKNOWN: nobody could be asked in time.
    """

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class RequestRefused(Exception):
    """The node does not take this, now or later; the command was not applied."""


class Conflict(RequestRefused):
    """The client order id was used before for something else. The command was not applied."""


class FateUnknown(Exception):
    """Whether the command was applied is not known here; `Session.resolve` finds out."""


class NotKnown(LookupError):
    """No command of that account, id and type was taken."""


class AlreadyInFlight(ValueError):
    """A command of that account, id and type waits for its answer: its `ticket`."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        super().__init__(f"{ticket!r} waits for its answer; give each command an id of its own")


class SessionClosed(RuntimeError):
    """The session was closed."""


class Ticket:
    """One command of a session. Read it from any thread; `Session.result` waits for it.

    after: the newest sequence that had been seen when it was sent first; epoch: in which it was
    answered; original: whether the answer was given again, to a command sent a second time.
    """

    __slots__ = ("_parts", "after", "epoch", "key", "original", "resendable", "state", "text")

    def __init__(self, key: Key, after: int, resendable: bool) -> None:
        self.key = key
        self.after = after
        self.resendable = resendable
        self.state = State.OPEN
        self.epoch = 0
        self.original = False
        self.text = ""
        self._parts: list[Records] = []

    @property
    def account(self) -> int:
        return self.key[1] >> 8

    @property
    def client_order_id(self) -> int:
        """The id by which the command is known; 0 if by none."""
        return self.key[0]

    @property
    def command_type(self) -> int:
        return self.key[1] & 255

    @property
    def done(self) -> bool:
        return self.state is not State.OPEN

    @property
    def events(self) -> Records:
        """All events of the command, once it is acknowledged or rejected."""
        if not self._parts or not self.done:
            return np.empty(0, EVENT)
        return self._parts[0] if len(self._parts) == 1 else joined(self._parts)

    @property
    def sequence(self) -> int:
        """Of the command, in the one order of all; 0 while that is not known."""
        return int(self._parts[0][0]["sequence"]) if self._parts and self.done else 0

    def add(self, events: Records, epoch: int, original: bool, last: bool) -> None:
        """For the session: events that came, and whether the last is among them."""
        self._parts.append(events)
        if last:
            self.epoch, self.original = epoch, original
            rejected = self._parts[0][0]["type"] == EventType.REJECTED
            self.state = State.REJECTED if rejected else State.ACKNOWLEDGED

    def end(self, state: State, text: str) -> None:
        """For the session: no events will come."""
        self._parts.clear()
        self.text = text
        self.state = state

    def start_again(self) -> None:
        """For the session: what has come in part comes again as a whole."""
        self._parts.clear()

    def raise_if_unanswered(self) -> None:
        """Raises Conflict, RequestRefused, FateUnknown."""
        match self.state:
            case State.CONFLICT:
                raise Conflict(self.text)
            case State.REFUSED:
                raise RequestRefused(self.text)
            case State.UNKNOWN | State.OPEN:
                raise FateUnknown(self.text or f"no answer yet for {self!r}")
            case _:
                return

    def __repr__(self) -> str:
        return (
            f"<Ticket {self.state.value}: command {self.command_type} of account"
            f" {self.account}, id {self.client_order_id}>"
        )
