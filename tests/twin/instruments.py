"""An instrument's definition and when it makes sense."""

from dataclasses import dataclass, field

from lmax.schema import LotPolicy, Phase, Status
from tests.twin.book import Book
from tests.twin.commands import Command
from tests.twin.numbers import notional
from tests.twin.protection import Bands, Guard, Settings
from tests.twin.sessions import Session
from tests.twin.ticks import TickTables

SYMBOL_BYTES = 8
MAX_SCALE = 9


@dataclass
class Instrument:
    """What a DEFINE_INSTRUMENT said, the book of its open orders, and what its day brought.

    reference_price: set by an operator; last_price: of the last trade; 0: there is none yet.
    passed: the prices of trades that stops did not look at yet.
    """

    id: int
    symbol: bytes
    tick_size: int
    lot_size: int
    min_price: int
    max_price: int
    max_quantity: int
    quantity_scale: int
    lot_policy: int
    round_lot: int
    ticks: TickTables
    book: Book = field(default_factory=Book)
    protection: Settings = field(default_factory=Settings)
    session: Session = field(default_factory=Session)
    guard: Guard = field(default_factory=Guard)
    status: int = Status.ACTIVE
    reference_price: int = 0
    last_price: int = 0
    passed: list[int] = field(default_factory=list)

    @property
    def phase(self) -> int:
        return self.session.phase

    @property
    def is_trading(self) -> bool:
        """Whether orders are matched as they come."""
        return self.session.phase == Phase.CONTINUOUS and self.status == Status.ACTIVE

    @property
    def bands(self) -> Bands | None:
        """The price bands, while there are any."""
        there_are = self.session.phase == Phase.CONTINUOUS and self.guard.bands.reference
        return self.guard.bands if there_are else None

    def may_trade_at(self, price: int) -> bool:
        """Whether the price bands, if there are any, hold a price."""
        return self.bands is None or self.bands.hold(price)

    def notional(self, price: int, quantity: int) -> int:
        """Money for a quantity at a price; see ``numbers.notional``."""
        return notional(price, quantity, self.quantity_scale)


def symbol_is_valid(symbol: bytes) -> bool:
    """1 to 8 printable ASCII characters without blanks, then only zeros."""
    name = symbol.rstrip(b"\0")
    return 1 <= len(name) <= SYMBOL_BYTES and all(0x21 <= byte <= 0x7E for byte in name)


def definition_is_valid(c: Command) -> bool:
    """Whether the ranges of a DEFINE_INSTRUMENT make sense together."""
    return (
        symbol_is_valid(c.symbol)
        and c.quantity_scale <= MAX_SCALE
        and c.tick_size >= 1
        and c.lot_size >= 1
        and c.tick_size * c.lot_size % 10**c.quantity_scale == 0
        and c.tick_size <= c.min_price <= c.max_price
        and c.min_price % c.tick_size == 0
        and c.max_price % c.tick_size == 0
        and c.max_quantity >= c.lot_size
        and c.max_quantity % c.lot_size == 0
        and c.lot_policy in list(LotPolicy)
        and c.round_lot >= 0
        and c.round_lot % c.lot_size == 0
    )


def instrument_from(c: Command) -> Instrument:
    """The instrument that a valid DEFINE_INSTRUMENT defines."""
    return Instrument(
        id=c.instrument,
        symbol=c.symbol.rstrip(b"\0"),
        tick_size=c.tick_size,
        lot_size=c.lot_size,
        min_price=c.min_price,
        max_price=c.max_price,
        max_quantity=c.max_quantity,
        quantity_scale=c.quantity_scale,
        lot_policy=c.lot_policy,
        round_lot=c.round_lot or c.lot_size,
        ticks=TickTables(c.tick_size),
    )
