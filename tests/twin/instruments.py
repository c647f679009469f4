"""An instrument's definition and when it makes sense."""

from dataclasses import dataclass, field

from tests.twin.book import Book
from tests.twin.commands import Command
from tests.twin.numbers import notional

SYMBOL_BYTES = 8
MAX_SCALE = 9


@dataclass
class Instrument:
    """What a DEFINE_INSTRUMENT said, and the book of its open orders."""

    id: int
    symbol: bytes
    tick_size: int
    lot_size: int
    min_price: int
    max_price: int
    max_quantity: int
    quantity_scale: int
    book: Book = field(default_factory=Book)

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
    )
