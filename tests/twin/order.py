"""One open order: what its owner asked for, and where it stands."""

from dataclasses import dataclass
from enum import IntEnum

from lmax.schema import Instruction, OrderType, Side, TimeInForce

STOPS = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
PEGS = (OrderType.PEG_BEST, OrderType.PEG_MID)


class Place(IntEnum):
    """Where an open order is; NOWHERE while it comes in or trades before it rests."""

    NOWHERE = 0
    DISPLAYED = 1
    HIDDEN = 2
    STOPS = 3
    WAITING = 4
    HELD = 5


@dataclass(eq=False)
class Order:
    """An order that was accepted; ``leaves`` of its ``quantity`` are still open.

    price: 0 where it has none. trigger_price: of a trailing stop, where it stands now.
    arrival: when it joined the end of its queue. visible: what an iceberg shows now.
    triggered: a stop that was. best: the best price a trailing stop has seen.
    """

    account: int
    client_order_id: int
    instrument: int
    side: int
    order_type: int
    time_in_force: int
    price: int
    quantity: int
    leaves: int
    instructions: int = 0
    self_trade: int = 0
    trigger_price: int = 0
    offset: int = 0
    display_quantity: int = 0
    min_quantity: int = 0
    expire_time: int = 0
    session: int = 0
    place: Place = Place.NOWHERE
    arrival: int = 0
    visible: int = 0
    triggered: bool = False
    best: int = 0

    @property
    def filled(self) -> int:
        return self.quantity - self.leaves

    @property
    def shown(self) -> int:
        """What of it the displayed book counts and an incoming order can trade at once."""
        return self.visible if self.display_quantity else self.leaves

    def has(self, instruction: Instruction) -> bool:
        return bool(self.instructions & instruction)

    @property
    def is_stop(self) -> bool:
        """A stop that is not triggered."""
        return self.order_type in STOPS and not self.triggered

    @property
    def is_peg(self) -> bool:
        return self.order_type in PEGS

    @property
    def acts_as_market(self) -> bool:
        """A market order, or a stop that became one."""
        became = self.triggered and self.order_type != OrderType.STOP_LIMIT
        return self.order_type == OrderType.MARKET or became

    @property
    def all_or_none(self) -> bool:
        return self.has(Instruction.ALL_OR_NONE)

    @property
    def waits(self) -> bool:
        """Whether its place is among the waiting orders."""
        least = self.min_quantity and self.time_in_force != TimeInForce.IOC
        return bool(self.is_peg or self.all_or_none or least)

    @property
    def least(self) -> int:
        """The least quantity it may trade at once."""
        if self.all_or_none or self.time_in_force == TimeInForce.FOK:
            return self.leaves
        return min(self.min_quantity, self.leaves)

    def show_anew(self) -> None:
        """An iceberg that joins a queue shows its display quantity, or what is left of it."""
        self.visible = min(self.display_quantity, self.leaves)

    def lose(self, quantity: int) -> None:
        """Lower total and leaves; an iceberg's hidden part first."""
        self.quantity -= quantity
        self.leaves -= quantity
        self.visible = min(self.visible, self.leaves)


def opposite(side: int) -> int:
    return Side.SELL if side == Side.BUY else Side.BUY


def crosses(side: int, limit: int | None, price: int) -> bool:
    """Whether an order of ``side`` with that limit (None: any price) can trade at ``price``."""
    if limit is None:
        return True
    return price <= limit if side == Side.BUY else price >= limit
