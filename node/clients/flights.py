"""Commands that were published for clients and whose events have not come yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from node.clients.connection import Connection
from node.clients.keys import Records
from node.clients.protocol import EVENTS_AT_ONCE, Code, Kind, Refused, encode_events

if TYPE_CHECKING:
    from node.clients.desk import Desk

Landing = Callable[[Records], bool]
"""Takes the events of a command; whether it has dealt with them instead of the client."""


@dataclass(slots=True)
class Flight:
    """Commands `first` to `last`, published together; position: of the first in its request."""

    connection: Connection
    request: int
    position: int
    first: int
    last: int
    landing: Landing | None = None


class Flights:
    """By sequence, so that the events of a run of commands find who sent them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._flights: deque[Flight] = deque()

    def begin(
        self, connection: Connection, request: int, position: int, first: int, last: int
    ) -> None:
        connection.outstanding += last - first + 1
        self._flights.append(Flight(connection, request, position, first, last))

    def split_last(self, landings: list[Landing | None], positions: list[int]) -> None:
        """The newest flight becomes one for each of its commands, at these positions."""
        whole = self._flights.pop()
        for at, (landing, position) in enumerate(zip(landings, positions, strict=True)):
            number = whole.first + at
            self._flights.append(
                Flight(whole.connection, whole.request, position, number, number, landing)
            )

    def land(self, first: int, starts: npt.NDArray[np.int64], events: Records) -> None:
        """Events of commands from `first` on; starts: where each command's events begin."""
        end = first + len(starts)
        while self._flights and self._flights[0].first < end:
            flight = self._flights[0]
            upto = min(flight.last + 1, end)
            count = upto - flight.first
            stop = int(starts[upto - first]) if upto < end else len(events)
            part = events[int(starts[flight.first - first]) : stop]
            flight.connection.outstanding -= count
            if flight.landing is None or not flight.landing(part):
                self.send(flight.connection, flight.request, flight.position, count, part)
            if upto <= flight.last:
                flight.position += count
                flight.first = upto
                return
            self._flights.popleft()

    def send(
        self,
        connection: Connection,
        request: int,
        position: int,
        count: int,
        events: Records,
        flags: int = 0,
    ) -> None:
        """All events of `count` commands, in as many frames as it takes."""
        epoch = self._desk.node.epoch()
        at = 0
        for start in range(0, len(events), EVENTS_AT_ONCE):
            part = events[start : start + EVENTS_AT_ONCE]
            begun = int(np.count_nonzero(part["index"] == 0))
            # A command that goes on from the frame before still has the place it had there.
            here = at if part[0]["index"] == 0 else at - 1
            body = encode_events(epoch, position + here, count - here, part.tobytes())
            connection.send(Kind.EVENTS, request, body, flags)
            at += begun

    def give_up(self, text: str) -> None:
        """Tell all that nobody here knows what becomes of their commands."""
        epoch = self._desk.node.epoch()
        while self._flights:
            flight = self._flights.popleft()
            count = flight.last - flight.first + 1
            flight.connection.outstanding -= count
            flight.connection.refuse(
                flight.request,
                Refused(
                    Code.UNAVAILABLE,
                    text,
                    epoch,
                    self._desk.node.primary_address(),
                    flight.position,
                    count,
                ),
            )
