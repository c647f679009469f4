"""The names and decimal numbers of a scenario, and the whole numbers they stand for."""

from dataclasses import dataclass, field
from decimal import Decimal

PRICE_SCALE = 4
UNDEFINED_INSTRUMENT = 65_535


def to_units(text: str, scale: int) -> int:
    """A decimal as a count of 10^-scale; ValueError if that is not a whole number."""
    units = Decimal(text).scaleb(scale)
    if units != units.to_integral_value():
        raise ValueError(f"{text} has more than {scale} decimals")
    return int(units)


def to_text(units: int, scale: int, least_decimals: int = 0) -> str:
    """A count of 10^-scale as a decimal without needless zeros."""
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(scale + 1, "0")
    whole, decimals = digits[: len(digits) - scale], digits[len(digits) - scale :]
    decimals = decimals.rstrip("0").ljust(least_decimals, "0")
    return f"{sign}{whole}.{decimals}" if decimals else sign + whole


def price_text(price: int) -> str:
    return to_text(price, PRICE_SCALE, least_decimals=2)


@dataclass
class Numbering:
    """Gives each new name the next number, starting at 1; a name of digits is that number."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, name: str) -> int:
        if name.isdecimal():
            return int(name)
        return self.numbers.setdefault(name, len(self.numbers) + 1)

    def name(self, number: int) -> str:
        names = {value: name for name, value in self.numbers.items()}
        return names.get(number, str(number))


@dataclass
class Names:
    """Everything a scenario has named so far.

    instruments: symbol to (instrument id, quantity scale); order_instruments: (account, order)
    to the symbol it was last used on; clock: ns since midnight, the timestamp of what follows.
    """

    accounts: Numbering = field(default_factory=Numbering)
    orders: Numbering = field(default_factory=Numbering)
    instruments: dict[str, tuple[int, int]] = field(default_factory=dict)
    order_instruments: dict[tuple[str, str], str] = field(default_factory=dict)
    clock: int = 0

    def instrument(self, symbol: str) -> int:
        return self.instruments.get(symbol, (UNDEFINED_INSTRUMENT, 0))[0]

    def quantity(self, text: str, symbol: str) -> int:
        """Shares of an instrument in its units; an undefined instrument counts whole shares."""
        return to_units(text, self.instruments.get(symbol, (UNDEFINED_INSTRUMENT, 0))[1])

    def amount(self, text: str, asset: str) -> int:
        """Money if the asset is "cash", else shares."""
        return to_units(text, PRICE_SCALE) if asset == "cash" else self.quantity(text, asset)

    def asset(self, asset: str) -> int:
        return 0 if asset == "cash" else self.instrument(asset)

    def quantity_text(self, quantity: int, instrument: int) -> str:
        scales = dict(self.instruments.values())
        return to_text(quantity, scales.get(instrument, 0))

    def symbol_of_order(self, account: str, order: str, symbol: str | None) -> str:
        """The symbol given, or the one the order was sent on, or else the first defined."""
        if symbol is not None:
            return symbol
        return self.order_instruments.get((account, order), next(iter(self.instruments), ""))
