"""The checks of new orders and replaces, in their order; what passes is the order as it will be."""

from dataclasses import replace

from lmax.schema import (
    Instruction,
    OrderType,
    Permission,
    Phase,
    Reason,
    SelfTrade,
    Side,
    TimeInForce,
)
from tests.twin import admission, checks
from tests.twin.checks import require
from tests.twin.combinations import go_together
from tests.twin.commands import Command, told
from tests.twin.instruments import Instrument
from tests.twin.liquidity import best_against
from tests.twin.order import PEGS, Order, Place, crosses
from tests.twin.stops import begin_to_trail
from tests.twin.world import World

MAX_SESSION = 65_535
MAX_WAITING = 256
ICEBERG_PARTS = 100
WITH_PRICE = (OrderType.LIMIT, OrderType.STOP_LIMIT, *PEGS)
WITH_TRIGGER = (OrderType.STOP, OrderType.STOP_LIMIT)


def check_new_order(world: World, c: Command) -> Order:
    """RejectedError, or the order with the price it gets."""
    instrument = checks.account_and_instrument(world, c)
    admission.is_open_for(world, instrument, c.account)
    _codes(c)
    require(go_together(c), Reason.INVALID_INSTRUCTIONS)
    if c.instructions & Instruction.ALL_OR_NONE:
        allowed = instrument.protection.permissions & Permission.ALL_OR_NONE
        require(allowed, Reason.NOT_ALLOWED)
    admission.suits_phase(instrument, c)
    _new_numbers(world, instrument, c)
    checks.unused_id(world, c)
    order = Order(leaves=c.quantity, **told(c, Order))
    _reference(world, instrument, order)
    admission.price_in_auction(instrument, order)
    admission.is_within_bands(instrument, order)
    admission.is_no_restricted_short_sale(instrument, order)
    _post_only(world, order)
    checks.fits_notional(world, order)
    checks.fits_side(world, order)
    _waiting_line(instrument, order)
    require(len(world.open_orders) < world.max_open_orders, Reason.CAPACITY)
    checks.can_be_paid(world, order)
    return order


def check_replace(world: World, c: Command) -> Order:
    """RejectedError, or the order as it will be, without its place."""
    instrument = checks.account_and_instrument(world, c)
    require(c.client_order_id >= 1, Reason.INVALID_CLIENT_ORDER_ID)
    order = checks.open_order(world, c)
    admission.is_open_for(world, instrument, c.account)
    require(instrument.phase != Phase.CLOSED, Reason.WRONG_PHASE)
    _replaced_price(world, instrument, order, c)
    checks.order_quantity(instrument, c.quantity)
    _parts(order.display_quantity, c.quantity)
    checks.unused_id(world, c)
    new = replace(
        order,
        client_order_id=c.client_order_id,
        price=c.price,
        quantity=c.quantity,
        leaves=c.quantity - order.filled,
        trigger_price=c.trigger_price or order.trigger_price,
        place=Place.NOWHERE,
    )
    admission.price_in_auction(instrument, new)
    if new.leaves > 0:
        admission.is_within_bands(instrument, new)
        admission.is_no_restricted_short_sale(instrument, new)
        _post_only(world, new)
        checks.fits_notional(world, new)
        checks.fits_side(world, new, order.leaves)
        checks.can_be_paid(world, new, world.needed(order, order.leaves))
    return new


def _codes(c: Command) -> None:
    require(c.side in list(Side), Reason.INVALID_SIDE)
    require(c.order_type in list(OrderType), Reason.INVALID_ORDER_TYPE)
    require(c.time_in_force in list(TimeInForce), Reason.INVALID_TIME_IN_FORCE)
    require(c.client_order_id >= 1, Reason.INVALID_CLIENT_ORDER_ID)
    known = c.self_trade in list(SelfTrade) and c.session <= MAX_SESSION
    require(known, Reason.INVALID_INSTRUCTIONS)


def _new_numbers(world: World, instrument: Instrument, c: Command) -> None:
    """Price, trigger, offset, quantity, display, minimum, expiry."""
    if c.order_type in WITH_PRICE:
        checks.limit_price(world, instrument, c.price)
    else:
        require(c.price == 0, Reason.PRICE_RANGE)
    if c.order_type in WITH_TRIGGER:
        checks.trigger_price(world, instrument, c.trigger_price)
    else:
        require(c.trigger_price == 0, Reason.TRIGGER_PRICE)
    require(_offset_is_valid(instrument, c), Reason.INVALID_OFFSET)
    checks.order_quantity(instrument, c.quantity)
    lot = instrument.lot_size
    show = c.display_quantity
    shows_well = show == 0 or (lot <= show < c.quantity and show % lot == 0)
    require(shows_well, Reason.DISPLAY_QUANTITY)
    _parts(show, c.quantity)
    least = c.min_quantity
    require(0 <= least <= c.quantity and least % lot == 0, Reason.MIN_QUANTITY)
    later = c.expire_time > world.now if c.time_in_force == TimeInForce.GTD else c.expire_time == 0
    require(later, Reason.EXPIRE_TIME)


def _parts(shown: int, quantity: int) -> None:
    """An iceberg shows in so many parts at most."""
    require(shown == 0 or quantity <= shown * ICEBERG_PARTS, Reason.DISPLAY_QUANTITY)


def _offset_is_valid(instrument: Instrument, c: Command) -> bool:
    tick, highest = instrument.tick_size, instrument.max_price
    if c.order_type == OrderType.TRAILING_STOP:
        if c.instructions & Instruction.TRAIL_PERCENT:
            return 1 <= c.offset <= 9_999
        return tick <= c.offset <= highest and c.offset % tick == 0
    if c.order_type in PEGS:
        return 0 <= c.offset <= highest and c.offset % tick == 0
    return c.offset == 0


def _reference(world: World, instrument: Instrument, order: Order) -> None:
    """Prices that come from the market: where a trailing stop begins, a MARKET_TO_LIMIT's limit."""
    if order.order_type == OrderType.TRAILING_STOP:
        require(begin_to_trail(instrument, order), Reason.NO_REFERENCE)
    if order.order_type == OrderType.MARKET_TO_LIMIT:
        best = best_against(instrument, order.side)
        if best is None:
            raise checks.RejectedError(Reason.NO_REFERENCE)
        order.price = _limit_at(world, instrument, order.side, best)


def _limit_at(world: World, instrument: Instrument, side: int, best: int) -> int:
    """The nearest tick that can still trade with the best price; a finer one if not in range."""
    down, up = instrument.ticks.around(best, world.now)
    price = up if side == Side.BUY else down
    if instrument.min_price <= price <= instrument.max_price:
        return price
    tick = instrument.tick_size
    return -(-best // tick) * tick if side == Side.BUY else best // tick * tick


def _post_only(world: World, order: Order) -> None:
    """An order that only posts does not trade at once: it is refused, or slides back."""
    instrument = world.instrument_of(order)
    slides = order.has(Instruction.POST_SLIDE)
    if not instrument.is_trading or not (slides or order.has(Instruction.POST_ONLY)):
        return
    best = best_against(instrument, order.side)
    if best is None or not crosses(order.side, order.price, best):
        return
    tick = instrument.ticks.tick_at(best, world.now)
    if order.side == Side.BUY:
        order.price = (best - 1) // tick * tick
    else:
        order.price = best // tick * tick + tick
    in_range = instrument.min_price <= order.price <= instrument.max_price
    require(slides and in_range, Reason.WOULD_CROSS)


def _waiting_line(instrument: Instrument, order: Order) -> None:
    waiting = [other for other in instrument.book.waiting if other.side == order.side]
    require(not order.waits or len(waiting) < MAX_WAITING, Reason.WAITING_LIMIT)


def _replaced_price(world: World, instrument: Instrument, order: Order, c: Command) -> None:
    """The new price and trigger price of a replace."""
    if order.order_type in (*WITH_PRICE, OrderType.MARKET_TO_LIMIT):
        checks.limit_price(world, instrument, c.price)
    else:
        require(c.price == 0, Reason.PRICE_RANGE)
    if c.trigger_price:
        require(order.is_stop and order.order_type in WITH_TRIGGER, Reason.TRIGGER_PRICE)
        checks.trigger_price(world, instrument, c.trigger_price)
