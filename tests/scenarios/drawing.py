"""Books drawn as tables, and what an account has."""

import re
from decimal import Decimal
from itertools import zip_longest

from lmax.schema import Side
from tests.engine.systems import System
from tests.scenarios.names import PRICE_SCALE, Names, price_text

HOLDING = re.compile(r"(\S+) (\S+) \(reserved (\S+)\)")


def draw_book(system: System, names: Names, symbol: str) -> list[str]:
    """The header, then a line per level: each side's price and its orders' sizes, oldest first.

    AssertionError if a level's total or count is not that of its orders.
    """
    instrument = names.instrument(symbol)
    sides = [_draw_side(system, names, instrument, side) for side in (Side.BUY, Side.SELL)]
    return ["bids | asks"] + [f"{bid} | {ask}" for bid, ask in zip_longest(*sides, fillvalue="")]


def _draw_side(system: System, names: Names, instrument: int, side: Side) -> list[str]:
    lines = []
    for price, quantity, count in system.levels(instrument, side):
        sizes = [leaves for _, _, leaves in system.queue(instrument, side, price)]
        assert (quantity, count) == (sum(sizes), len(sizes)), f"level {price_text(price)}"
        queue = " ".join(names.quantity_text(size, instrument) for size in sizes)
        lines.append(f"{price_text(price)}: {queue}")
    return lines


def tidy(line: str) -> str:
    """A drawn line without the blanks that only make it look good."""
    return " | ".join(" ".join(cell.split()) for cell in line.split("|"))


def holding(system: System, names: Names, account: str, asset: str) -> tuple[Decimal, Decimal]:
    """What an account has of an asset, and how much of that is reserved."""
    number = names.accounts.number(account)
    if asset == "cash":
        pair, scale = system.account(number), PRICE_SCALE
        assert pair is not None, f"{account} was never opened"
    else:
        instrument, scale = names.instruments[asset]
        pair = system.position(number, instrument)
    total, reserved = (Decimal(units).scaleb(-scale) for units in pair)
    return total, reserved
