"""Times and durations between people and the engine, exactly: ns since 1970 (UTC), and ns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lmax.amounts import whole

type Time = int | datetime
"""ns since 1970, or a datetime that knows its time zone."""

type Duration = int | timedelta
"""ns, or a timedelta."""

LATEST = 2**62
"""Business time never goes beyond it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def nanoseconds(value: Time, what: str) -> int:
    """A time in ns since 1970. Raises TypeError, ValueError (no time zone, before 1970)."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{what} needs a time zone, {value} has none: give tzinfo=UTC or ns")
        return whole((value - _EPOCH) // _MICROSECOND * 1000, what, 0, LATEST)
    return whole(value, what, 0, LATEST)


def duration(value: Duration, what: str) -> int:
    """A duration of 0 to 24 hours in ns. Raises TypeError, ValueError."""
    if isinstance(value, timedelta):
        value = value // _MICROSECOND * 1000
    return whole(value, what, 0, 24 * 3_600 * 10**9)
