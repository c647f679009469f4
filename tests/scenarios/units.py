"""Shares of prices, times of day and durations, as scenarios write them."""

from decimal import Decimal

from tests.scenarios.names import to_units

SECOND = 10**9
_DURATIONS = {"s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND}


def basis_points(text: str) -> int:
    """``5%`` or ``0.25%`` in 10^-4; ValueError if it is not a whole number of them."""
    if not text.endswith("%"):
        raise ValueError(f"a share is written like 5%, not {text}")
    return to_units(text[:-1], 2)


def time_of_day(text: str) -> int:
    """``10:30:00`` or ``10:30:00.5`` in ns since midnight, which is when scenarios begin."""
    hours, minutes, seconds = text.split(":")
    return int((Decimal(hours) * 3_600 + Decimal(minutes) * 60 + Decimal(seconds)) * SECOND)


def duration(text: str) -> int:
    """``15s``, ``5m`` or ``24h`` in ns."""
    return int(text[:-1]) * _DURATIONS[text[-1]]
