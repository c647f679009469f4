"""The twin and the engine behind one interface, so that a test can be run on either."""

from typing import Protocol

import numpy as np

from lmax.schema import Side
from tests.twin import Command, Event, Twin, state
from tests.twin.order import Place
from tests.twin.records import array_to_events, commands_to_array
from tests.twin.state import OpenOrder

type Pair = tuple[int, int]
type Triple = tuple[int, int, int]


class System(Protocol):
    """What both can be asked; the rules are those of docs/matching.md."""

    def apply(self, commands: list[Command]) -> list[Event]:
        """Apply commands with the next sequences; all their events in order."""

    def account(self, account: int) -> Pair | None:
        """(cash, reserved cash), None for an account that was never opened."""

    def position(self, account: int, instrument: int) -> Pair:
        """(shares, reserved shares)."""

    def levels(self, instrument: int, side: int) -> list[Triple]:
        """(price, open quantity, orders) of each level, the best first."""

    def queue(self, instrument: int, side: int, price: int) -> list[Triple]:
        """(account, client order id, leaves) of a level's orders, the oldest first."""

    def shown(self, instrument: int, side: int, price: int) -> list[int]:
        """What each of a level's orders shows, the oldest first."""

    def open_orders(self, instrument: int) -> list[OpenOrder]:
        """Every open order of an instrument, wherever it is, in order of arrival."""

    def check(self) -> None:
        """AssertionError if something inside does not fit together."""


class TwinSystem:
    """The plain Python twin."""

    def __init__(self) -> None:
        self.twin = Twin()

    def apply(self, commands: list[Command]) -> list[Event]:
        return [event for command in commands for event in self.twin.apply(command)]

    def account(self, account: int) -> Pair | None:
        return state.account(self.twin, account)

    def position(self, account: int, instrument: int) -> Pair:
        return state.position(self.twin, account, instrument)

    def levels(self, instrument: int, side: int) -> list[Triple]:
        return state.levels(self.twin, instrument, side)

    def queue(self, instrument: int, side: int, price: int) -> list[Triple]:
        return state.queue(self.twin, instrument, side, price)

    def shown(self, instrument: int, side: int, price: int) -> list[int]:
        return state.shown(self.twin, instrument, side, price)

    def open_orders(self, instrument: int) -> list[OpenOrder]:
        return state.open_orders(self.twin, instrument)

    def check(self) -> None:
        """The twin keeps nothing twice."""


class EngineSystem:
    """The Cython engine ``lmax._engine.Engine``."""

    def __init__(self) -> None:
        from lmax._engine import Engine

        self.engine = Engine()

    def apply_array(self, commands: np.ndarray) -> np.ndarray:
        return self.engine.apply(commands)

    def apply(self, commands: list[Command]) -> list[Event]:
        return array_to_events(self.apply_array(commands_to_array(commands)))

    def account(self, account: int) -> Pair | None:
        return self.engine.account(account)

    def position(self, account: int, instrument: int) -> Pair:
        return self.engine.position(account, instrument)

    def levels(self, instrument: int, side: int) -> list[Triple]:
        book = self.engine.book(instrument)
        return list(book.bids() if side == Side.BUY else book.asks())

    def queue(self, instrument: int, side: int, price: int) -> list[Triple]:
        return list(self.engine.book(instrument).queue(side, price))

    def shown(self, instrument: int, side: int, price: int) -> list[int]:
        return [
            order.shown
            for order in self.open_orders(instrument)
            if (order.place, order.side, order.price) == (Place.DISPLAYED, side, price)
        ]

    def open_orders(self, instrument: int) -> list[OpenOrder]:
        return [OpenOrder(*order) for order in self.engine.book(instrument).open_orders()]

    def check(self) -> None:
        self.engine.check()


SYSTEMS: dict[str, type[TwinSystem] | type[EngineSystem]] = {
    "twin": TwinSystem,
    "engine": EngineSystem,
}
