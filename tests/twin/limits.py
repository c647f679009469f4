"""How far an incoming order may go, and why not farther."""

from dataclasses import dataclass

from lmax.schema import Reason, Side
from tests.twin.instruments import Instrument
from tests.twin.liquidity import best_against
from tests.twin.numbers import MAX_INT64
from tests.twin.order import Order
from tests.twin.pegs import peg_price
from tests.twin.world import World


@dataclass(frozen=True)
class Limit:
    """The worst price an incoming order takes; None: any. reason: what ends the rest of it,
    if there was more behind that price (NONE: the limit is its own)."""

    price: int | None
    reason: Reason = Reason.NONE


def limit_of(world: World, order: Order) -> Limit:
    """The limit of an order that comes in now."""
    instrument = world.instrument_of(order)
    if order.acts_as_market and not order.price:
        return _collar(instrument, order.side)
    if order.is_peg:
        return Limit(peg_price(instrument, order))
    return Limit(order.price)


def _collar(instrument: Instrument, side: int) -> Limit:
    best = best_against(instrument, side)
    share, tick = instrument.protection.collar, instrument.tick_size
    if best is None or share == 0:
        return Limit(None)
    if side == Side.BUY:
        price = max(best * (10_000 + share) // 10_000 // tick * tick, best)
    else:
        price = min(-(-best * (10_000 - share) // (10_000 * tick)) * tick, best)
    return Limit(min(price, MAX_INT64), Reason.COLLAR)
