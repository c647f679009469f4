"""Price bands, the limit state, restricted short sales and the halt after a drop."""

from lmax.schema import EventType, Phase, Side, Tier
from tests.twin.instruments import Instrument
from tests.twin.protection import (
    DOUBLED_BEFORE_CLOSE,
    LIMIT_STATE_TIME,
    PART,
    SHARES,
    bands_around,
)
from tests.twin.world import World

RESTRICTED_DAYS = 2
"""A restriction ends at so many ends of day."""


def work_out_bands(world: World, instrument: Instrument) -> None:
    """Bands from their reference as it is now; BANDS if they are others than before."""
    guard = instrument.guard
    if instrument.session.phase != Phase.CONTINUOUS:
        return
    doubled = world.close != 0 and world.now >= world.close - DOUBLED_BEFORE_CLOSE
    bands = bands_around(guard.reference, instrument.tick_size, instrument.protection.tier, doubled)
    if bands != guard.bands:
        guard.bands = bands
        world.report.add(
            EventType.BANDS,
            instrument=instrument.id,
            price=bands.upper,
            amount=bands.lower,
            quantity=bands.reference,
        )


def renew_bands(world: World, instrument: Instrument) -> None:
    """TIMER: a reference that is 30 s old follows the mean of the trades; not in a limit state."""
    guard = instrument.guard
    if guard.limit_side is not None:
        return
    mean = guard.trades.mean(world.now) // instrument.tick_size * instrument.tick_size
    moved = abs(mean - guard.reference) * 100 >= guard.reference
    if mean and guard.reference and moved and world.now - guard.changed_at >= PART:
        guard.refer_to(mean, world.now)
    work_out_bands(world, instrument)


def traded(world: World, instrument: Instrument, price: int, in_auction: bool) -> None:
    """A trade was made."""
    guard = instrument.guard
    instrument.last_price = price
    guard.lowest = price if guard.lowest is None else min(guard.lowest, price)
    if not in_auction:
        guard.last_continuous = price
        if instrument.protection.tier != Tier.NONE:
            guard.trades.add(price, world.now)


def watch_limits(world: World, instrument: Instrument) -> None:
    """Begin or end the limit state."""
    guard = instrument.guard
    side = _limit_side(instrument)
    if side == guard.limit_side:
        return
    if guard.limit_side is not None:
        _tell_limit_state(world, instrument, guard.limit_side, begins=False)
    guard.limit_side = side
    if side is not None:
        guard.limit_since = world.now
        _tell_limit_state(world, instrument, side, begins=True)


def _limit_side(instrument: Instrument) -> int | None:
    bands = instrument.bands
    if bands is None:
        return None
    bid, ask = (instrument.book.best(side) for side in (Side.BUY, Side.SELL))
    if bid is not None and bid >= bands.upper:
        return Side.BUY
    if ask is not None and ask <= bands.lower:
        return Side.SELL
    return None


def _tell_limit_state(world: World, instrument: Instrument, side: int, begins: bool) -> None:
    bands = instrument.guard.bands
    world.report.add(
        EventType.LIMIT_STATE,
        instrument=instrument.id,
        side=side,
        price=bands.upper if side == Side.BUY else bands.lower,
        quantity=int(begins),
    )


def limit_state_lasted(world: World, instrument: Instrument) -> bool:
    """Whether the limit state has gone on for 15 s."""
    guard = instrument.guard
    lasted = world.now - guard.limit_since >= LIMIT_STATE_TIME
    return guard.limit_side is not None and lasted


def watch_short_sales(world: World, instrument: Instrument) -> None:
    """Restrict short sales if something traded 10 % below the reference."""
    guard = instrument.guard
    if guard.lowest is None or guard.lowest * 10 > instrument.reference_price * 9:
        return
    if guard.restricted_days == 0:
        world.report.add(EventType.RESTRICTION, instrument=instrument.id, quantity=1)
    guard.restricted_days = RESTRICTED_DAYS


def has_dropped(instrument: Instrument) -> bool:
    """Whether the last trade of this command was at or below what halts, for the first time."""
    guard, drop = instrument.guard, instrument.protection.drop
    if not drop or guard.drop_halted or guard.last_continuous is None:
        return False
    return guard.last_continuous * SHARES <= instrument.reference_price * (SHARES - drop)


def day_ends(world: World, instrument: Instrument) -> None:
    """Another day: nothing of the drops and means of this one counts there."""
    guard = instrument.guard
    guard.drop_halted = False
    guard.trades.parts.clear()
    instrument.session.extensions = 0
    if guard.restricted_days == 1:
        world.report.add(EventType.RESTRICTION, instrument=instrument.id, quantity=0)
    guard.restricted_days = max(guard.restricted_days - 1, 0)


def short_sale_is_allowed(instrument: Instrument, price: int) -> bool:
    """Whether a SHORT order at that price may come or trade (0: it has no price)."""
    if not (instrument.guard.restricted_days and instrument.is_trading):
        return True
    bid = instrument.book.best(Side.BUY)
    return price != 0 and (bid is None or price > bid)
