"""Where pegged orders trade."""

from lmax.schema import OrderType, Side
from tests.twin.instruments import Instrument
from tests.twin.order import Order, opposite


def peg_price(instrument: Instrument, order: Order) -> int | None:
    """A peg's price as the displayed book is now; None: it cannot trade."""
    own = instrument.book.best(order.side)
    if own is None:
        return None
    anchor = own
    if order.order_type == OrderType.PEG_MID:
        other = instrument.book.best(opposite(order.side))
        if other is None:
            return None
        anchor = middle(instrument, order.side, own + other)
    if order.side == Side.BUY:
        price = min(anchor - order.offset, order.price)
    else:
        price = max(anchor + order.offset, order.price)
    return price if instrument.min_price <= price <= instrument.max_price else None


def middle(instrument: Instrument, side: int, both: int) -> int:
    """Half of the sum of the best prices: exactly if that is a price, else away from the other."""
    tick = instrument.tick_size
    if tick % 2 == 0 and tick // 2 * instrument.lot_size % 10**instrument.quantity_scale == 0:
        return both // 2
    down = both // 2 // tick * tick
    if side == Side.BUY or 2 * down == both:
        return down
    return down + tick
