"""Whole numbers with a declared scale, and the largest one a record can carry."""

MAX_INT64 = 2**63 - 1


def notional(price: int, quantity: int, quantity_scale: int) -> int:
    """Money, in 10^-4, for ``quantity`` (10^-quantity_scale of a share) at ``price`` (10^-4).

    Raises ArithmeticError if it is not a whole number, which a valid tick and lot rule out.
    """
    unit: int = 10**quantity_scale
    money, rest = divmod(price * quantity, unit)
    if rest:
        raise ArithmeticError(f"{price} x {quantity} / 10^{quantity_scale} is not a whole number")
    return money
