"""What an order that comes in now would cost."""

from lmax.schema import Side
from tests.twin.limits import limit_of
from tests.twin.liquidity import fillable
from tests.twin.order import Order
from tests.twin.world import World


def cost_now(world: World, order: Order) -> int:
    """What has to be available for an order: shares of a sell, money of a buy.

    A buy without a price needs what it would spend now, worked out from the book.
    """
    if order.side == Side.SELL or order.price:
        return world.needed(order, order.leaves)
    if not order.acts_as_market:
        return 0
    trades = list(fillable(world, order, limit_of(world, order).price))
    if sum(quantity for _, quantity in trades) < order.least:
        return 0
    instrument = world.instrument_of(order)
    return sum(instrument.notional(price, quantity) for price, quantity in trades)
