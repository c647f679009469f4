"""Whether an order may come now: kill switches, phases, bands and short sales."""

from lmax.schema import Instruction, OrderType, Phase, Reason, Side, Status, TimeInForce
from tests.twin.checks import require
from tests.twin.commands import Command
from tests.twin.instruments import Instrument
from tests.twin.order import PEGS, Order
from tests.twin.protection import SHARES
from tests.twin.sessions import CALL_PHASES, holds
from tests.twin.watching import short_sale_is_allowed
from tests.twin.world import World

BEFORE_THE_OPEN = (Phase.PRE_OPEN, Phase.OPENING_AUCTION)


def is_open_for(world: World, instrument: Instrument, account: int) -> None:
    """New orders and replaces need an active instrument and no kill switch."""
    require(instrument.status == Status.ACTIVE, Reason.NOT_ACTIVE)
    firm = world.accounts.settings[account].firm
    require(not world.killed.stop(account, firm, instrument.id), Reason.TRADING_DISABLED)


def suits_phase(instrument: Instrument, c: Command) -> None:
    """Times in force and order types by phase."""
    phase = instrument.phase
    require(phase != Phase.CLOSED, Reason.WRONG_PHASE)
    at_once = c.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
    if at_once or c.order_type == OrderType.MARKET_TO_LIMIT:
        require(phase == Phase.CONTINUOUS, Reason.WRONG_PHASE)
    if c.time_in_force == TimeInForce.AT_OPEN:
        require(phase in BEFORE_THE_OPEN, Reason.WRONG_PHASE)


def price_in_auction(instrument: Instrument, order: Order) -> None:
    """A market order that waits for an auction gets the price farthest in its favour."""
    only_auction = holds(instrument.phase, order.time_in_force)
    if order.order_type == OrderType.MARKET and (only_auction or instrument.phase in CALL_PHASES):
        order.price = _farthest(instrument, order.side)


def _farthest(instrument: Instrument, side: int) -> int:
    reference, collar = instrument.reference_price, instrument.protection.auction_collar
    tick, lowest, highest = instrument.tick_size, instrument.min_price, instrument.max_price
    if not (reference and collar):
        return highest if side == Side.BUY else lowest
    if side == Side.BUY:
        price = reference * (SHARES + collar) // SHARES // tick * tick
    else:
        price = -(-reference * (SHARES - collar) // (SHARES * tick)) * tick
    return min(max(price, lowest), highest)


def is_within_bands(instrument: Instrument, order: Order) -> None:
    """A limit order that can trade at once or show must not lie beyond the bands."""
    bands = instrument.bands
    elsewhere = order.is_stop or order.order_type in PEGS or _is_held(instrument, order)
    if bands is None or elsewhere or order.order_type != OrderType.LIMIT:
        return
    require(bands.hold_limit(order.side, order.price), Reason.PRICE_BAND)


def is_no_restricted_short_sale(instrument: Instrument, order: Order) -> None:
    """While short sales are restricted they come as limit orders above the best bid."""
    if not order.has(Instruction.SHORT) or _is_held(instrument, order):
        return
    price = order.price if order.order_type == OrderType.LIMIT else 0
    require(short_sale_is_allowed(instrument, price), Reason.SHORT_SALE_RESTRICTED)


def _is_held(instrument: Instrument, order: Order) -> bool:
    return holds(instrument.phase, order.time_in_force)
