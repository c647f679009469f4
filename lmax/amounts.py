"""Prices and money between people and the engine, exactly.

The engine counts 10^-4 of the currency unit in whole numbers; people write decimals. A float
is refused: 0.1 is not a tenth in binary, and what was meant can only be guessed.
"""

from __future__ import annotations

import operator
from decimal import Decimal, InvalidOperation

from lmax.schema import PRICE_SCALE

type Amount = int | str | Decimal
"""Units of the currency: ``20``, ``"20.15"`` or ``Decimal("20.15")``."""

MOST = 2**63 - 1


def price(value: Amount) -> int:
    """A price or an amount of money as the engine counts it: ``price("20.15")`` is 201500.

    Raises TypeError for a float or anything else that is no number, ValueError for text that
    is no number, for more than four decimals and for what does not fit in 63 bits.
    """
    return scaled(value, "a price")


def to_decimal(raw: int) -> Decimal:
    """The reverse of `price`: ``to_decimal(201500)`` is ``Decimal("20.1500")``, exactly."""
    return Decimal(f"{raw}e-{PRICE_SCALE}")


def scaled(value: Amount, what: str) -> int:
    """`price`, with the words that name the value in errors ("a price", "a deposit")."""
    number = parsed(value, what)
    if not number:
        return 0
    if number.adjusted() > 18:
        raise ValueError(f"{what} of {value} is too large: it ends at {to_decimal(MOST)}")
    if number.adjusted() >= -PRICE_SCALE:
        top, bottom = number.as_integer_ratio()
        raw, rest = divmod(top * 10**PRICE_SCALE, bottom)
        if rest == 0:
            if abs(raw) > MOST:
                raise ValueError(f"{what} of {value} is too large: it ends at {to_decimal(MOST)}")
            return raw
    raise ValueError(f"{what} has at most {PRICE_SCALE} decimals, {value} has more")


def parsed(value: Amount, what: str) -> Decimal:
    """A finite decimal, exactly as it was given. Raises TypeError, ValueError."""
    if isinstance(value, float):
        raise TypeError(
            f"{what} is never a float: {value!r} cannot be held exactly in binary;"
            f' give text such as "{value!r}", a Decimal or an int'
        )
    try:
        number = value if isinstance(value, Decimal | str) else operator.index(value)
        found = Decimal(number)
    except TypeError:
        raise TypeError(f"{what} is text, a Decimal or an int, not {value!r}") from None
    except InvalidOperation:
        raise ValueError(f'{what} is a decimal number such as "20.15", not {value!r}') from None
    if not found.is_finite():
        raise ValueError(f"{what} is a finite number, not {value}")
    return found


def whole(value: Amount, what: str, least: int = 1, most: int = MOST) -> int:
    """A whole number in a range. Raises TypeError, ValueError."""
    if type(value) is int and least <= value <= most:
        return value  # nearly all of them
    number = parsed(value, what)
    if number.adjusted() > 20 or not least <= number <= most:
        raise ValueError(f"{what} is {least} to {most}, {value} is not")
    if number != number.to_integral_value():
        raise ValueError(f"{what} is a whole number, {value} is not")
    return int(number)
