"""Books drawn as tables, and what an account has."""

import re
from decimal import Decimal
from itertools import zip_longest

from lmax.schema import Side
from tests.engine.systems import System
from tests.scenarios.names import PRICE_SCALE, Names, price_text
from tests.twin.order import Place

HOLDING = re.compile(r"(\S+) (\S+) \(reserved (\S+)\)")


LINES = {"stops": Place.STOPS, "waiting": Place.WAITING, "held": Place.HELD}
"""Words for the places whose orders stand in one line, in order of arrival."""


def draw_book(system: System, names: Names, symbol: str) -> list[str]:
    """The header, then a line per level: each side's price and its orders' sizes, oldest first.

    AssertionError if a level's total or count is not that of its orders.
    """
    instrument = names.instrument(symbol)
    sides = [_draw_side(system, names, instrument, side) for side in (Side.BUY, Side.SELL)]
    return _beside_each_other(sides)


def draw_hidden(system: System, names: Names, symbol: str) -> list[str]:
    """The same of the hidden book."""
    instrument = names.instrument(symbol)
    hidden = [o for o in system.open_orders(instrument) if o.place == Place.HIDDEN]
    sides = []
    for side in (Side.BUY, Side.SELL):
        own = [order for order in hidden if order.side == side]
        prices = sorted({order.price for order in own}, reverse=side == Side.BUY)
        queues = [[o.leaves for o in own if o.price == price] for price in prices]
        sides.append(
            [_level(names, instrument, *level) for level in zip(prices, queues, strict=True)]
        )
    return _beside_each_other(sides)


def draw_line(system: System, names: Names, kind: str, symbol: str) -> str:
    """``stops AAPL: alice s1 100, bob s2 50``: who stands in a line with how much."""
    instrument = names.instrument(symbol)
    line = [
        f"{names.accounts.name(order.account)} {names.orders.name(order.client_order_id)} "
        + names.quantity_text(order.leaves, instrument)
        for order in system.open_orders(instrument)
        if order.place == LINES[kind]
    ]
    return f"{kind} {symbol}: {', '.join(line) or 'none'}"


def _beside_each_other(sides: list[list[str]]) -> list[str]:
    return ["bids | asks"] + [f"{bid} | {ask}" for bid, ask in zip_longest(*sides, fillvalue="")]


def _draw_side(system: System, names: Names, instrument: int, side: Side) -> list[str]:
    lines = []
    for price, quantity, count in system.levels(instrument, side):
        queue = [leaves for _, _, leaves in system.queue(instrument, side, price)]
        shown = system.shown(instrument, side, price)
        assert (quantity, count) == (sum(shown), len(queue)), f"level {price_text(price)}"
        lines.append(_level(names, instrument, price, queue, shown))
    return lines


def _level(
    names: Names, instrument: int, price: int, queue: list[int], shown: list[int] | None = None
) -> str:
    """``10.00: 20 5+95``: the second is an iceberg that shows 5 and has 95 more."""
    sizes = []
    for leaves, visible in zip(queue, shown or queue, strict=True):
        more = names.quantity_text(leaves - visible, instrument)
        size = names.quantity_text(visible, instrument)
        sizes.append(size if more == "0" else f"{size}+{more}")
    return f"{price_text(price)}: {' '.join(sizes)}"


DRAWINGS = {"book": draw_book, "hidden": draw_hidden}
"""What is drawn as a table, by the word it begins with."""


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
