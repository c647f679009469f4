"""A venue for tests: runs generated orders through an engine and publishes what happened as ITCH.

There is no real ITCH file here, so the tests make one: its orders come from the market generator,
its executions from the engine's own matching. Replaying it must lead to the same books.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flow.commands import Commands
from flow.generator import MarketGenerator
from flow.itch_write import end_of_file, message
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import EVENT, CommandType, EventType, Side

OPEN_NS = 34_200 * 10**9
STEP_NS = 1_000_003


def apply_all(engine: Engine, commands: Commands) -> NDArray[np.void]:
    """The events of commands, sequenced behind what the engine has seen."""
    numbered = commands.copy()
    first = engine.sequence + 1
    numbered["sequence"] = np.arange(first, first + len(numbered))
    parts = [engine.apply(numbered[k : k + 500]) for k in range(0, len(numbered), 500)]
    return joined([np.zeros(0, dtype=EVENT), *parts])


def book_of(engine: Engine, instrument: int) -> tuple[list, list]:
    """(price, quantity, orders) of all bids and asks, the best first."""
    book = engine.book(instrument)
    return book.bids(), book.asks()


class Venue:
    """Turns events of orders into ITCH messages; order references are the client order ids."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self._resting: set[int] = set()
        self._time = OPEN_NS

    def write(self, letter: str, **fields: int | str) -> None:
        self._time += STEP_NS
        self.messages.append(message(letter, time=self._time, **fields))

    def publish(self, events: NDArray[np.void]) -> None:
        """Writes what the events of one command say."""
        first = events[0]
        if first["command"] == CommandType.REPLACE and first["type"] == EventType.REPLACED:
            self._replaced(first, events)
        for event in events:
            kind, order = int(event["type"]), int(event["client_order_id"])
            where = {"locate": int(event["instrument"])}
            if kind == EventType.FILL:
                maker = int(event["maker_client_order_id"])
                self.write("E", order=maker, shares=int(event["quantity"]), **where)
            elif kind == EventType.CANCELLED and order in self._resting:
                self.write("D", order=order, **where)
            elif kind == EventType.REDUCED:
                self.write("X", order=order, shares=int(event["quantity"]), **where)
        self._add_what_rests(first, events)

    def _replaced(self, first: np.void, events: NDArray[np.void]) -> None:
        """A replace that trades at once leaves the book and comes back; else it is a U."""
        order = int(first["client_order_id"])
        old = int(first["orig_client_order_id"])
        where = {"locate": int(first["instrument"])}
        if (events["type"] == EventType.FILL).any():
            self.write("D", order=old, **where)
            return
        shares, price = int(first["leaves"]), int(first["price"])
        self.write("U", order=old, new_order=order, shares=shares, price=price, **where)
        self._resting.add(order)

    def _add_what_rests(self, first: np.void, events: NDArray[np.void]) -> None:
        order = int(first["client_order_id"])
        arrives = first["type"] in (EventType.ACCEPTED, EventType.REPLACED)
        ended = (events["type"] == EventType.CANCELLED).any()
        leaves = int(first["leaves"] - events["quantity"][events["type"] == EventType.FILL].sum())
        if not arrives or ended or leaves == 0 or order in self._resting:
            return
        self._resting.add(order)
        self.write(
            "A",
            locate=int(first["instrument"]),
            order=order,
            side="B" if first["side"] == Side.BUY else "S",
            shares=leaves,
            price=int(first["price"]),
        )


def itch_day(seed: int, commands: int) -> tuple[list[bytes], Engine, MarketGenerator]:
    """A day's messages, the engine that traded it, and the generator that knows the stocks.

    The day stops before the end of messages, so that the books can be compared.
    """
    market = MarketGenerator(seed, accounts=50, instruments=4)
    engine = Engine()
    apply_all(engine, market.setup())
    venue = Venue()
    venue.write("S", code="O")
    for listing in market.listings:
        venue.write("R", locate=listing.number, symbol=listing.symbol)
    venue.write("S", code="Q")
    events = apply_all(engine, market.next_batch(commands))
    starts = np.flatnonzero(events["index"] == 0)
    for part in np.split(events, starts[1:]):
        venue.publish(part)
    return venue.messages, engine, market


def whole_file(messages: list[bytes]) -> bytes:
    """A file of messages with its end."""
    return b"".join(messages) + end_of_file()
