"""Small checks that several commands share; each raises RejectedError."""

from lmax.schema import LotPolicy, OrderType, Reason, Side
from tests.twin.accounts import CASH
from tests.twin.commands import Command
from tests.twin.funds import cost_now
from tests.twin.instruments import Instrument
from tests.twin.numbers import MAX_INT64
from tests.twin.order import Order
from tests.twin.world import World


class RejectedError(Exception):
    """A command that must not change anything, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


def require(condition: object, reason: Reason) -> None:
    if not condition:
        raise RejectedError(reason)


def account_and_instrument(world: World, c: Command) -> Instrument:
    require(world.accounts.known(c.account), Reason.UNKNOWN_ACCOUNT)
    return known_instrument(world, c)


def known_instrument(world: World, c: Command) -> Instrument:
    require(c.instrument in world.instruments, Reason.UNKNOWN_INSTRUMENT)
    return world.instruments[c.instrument]


def account_or_any(world: World, c: Command) -> None:
    """Account and instrument 0 stand for all of them."""
    require(c.account == 0 or world.accounts.known(c.account), Reason.UNKNOWN_ACCOUNT)
    known = c.instrument == 0 or c.instrument in world.instruments
    require(known, Reason.UNKNOWN_INSTRUMENT)


def account_and_asset(world: World, c: Command) -> None:
    require(world.accounts.known(c.account), Reason.UNKNOWN_ACCOUNT)
    known = c.instrument == CASH or c.instrument in world.instruments
    require(known, Reason.UNKNOWN_INSTRUMENT)


def whole_lots_of_shares(world: World, c: Command) -> None:
    if c.instrument != CASH:
        lot_size = world.instruments[c.instrument].lot_size
        require(c.quantity % lot_size == 0, Reason.QUANTITY_LOT)


def limit_price(world: World, instrument: Instrument, price: int) -> None:
    require(instrument.min_price <= price <= instrument.max_price, Reason.PRICE_RANGE)
    tick = instrument.ticks.tick_at(price, world.now)
    require(price % tick == 0, Reason.PRICE_TICK)


def trigger_price(world: World, instrument: Instrument, price: int) -> None:
    in_range = instrument.min_price <= price <= instrument.max_price
    tick = instrument.ticks.tick_at(price, world.now)
    require(in_range and price % tick == 0, Reason.TRIGGER_PRICE)


def order_quantity(instrument: Instrument, quantity: int) -> None:
    require(1 <= quantity <= instrument.max_quantity, Reason.QUANTITY_RANGE)
    require(quantity % instrument.lot_size == 0, Reason.QUANTITY_LOT)
    odd = quantity < instrument.round_lot
    mixed = quantity % instrument.round_lot != 0
    require(not (odd and instrument.lot_policy == LotPolicy.NO_ODD_LOTS), Reason.QUANTITY_LOT)
    require(not (mixed and instrument.lot_policy == LotPolicy.ROUND_LOTS_ONLY), Reason.QUANTITY_LOT)


def unused_id(world: World, c: Command) -> None:
    used = world.id_is_used(c.account, c.client_order_id)
    require(not used, Reason.DUPLICATE_CLIENT_ORDER_ID)


def open_order(world: World, c: Command) -> Order:
    key = (c.account, c.orig_client_order_id)
    order = world.open_orders.get(key)
    if order is not None and order.instrument == c.instrument:
        return order
    closed_here = world.closed_orders.get(key) == c.instrument
    raise RejectedError(Reason.TOO_LATE if closed_here else Reason.UNKNOWN_ORDER)


def fits_notional(world: World, order: Order) -> None:
    amount = world.instrument_of(order).notional(order.price, order.leaves)
    require(amount <= MAX_INT64, Reason.NOTIONAL_RANGE)


def fits_side(world: World, order: Order, old_leaves: int = 0) -> None:
    """Room for an order among all of its side; a market order that trades now needs none."""
    instrument = world.instrument_of(order)
    if order.order_type == OrderType.MARKET and not order.price:
        return
    total = instrument.book.open_quantity(order.side) - old_leaves + order.leaves
    require(total <= MAX_INT64, Reason.QUANTITY_RANGE)


def can_be_paid(world: World, order: Order, held: int = 0) -> None:
    """Available, with what an order that is replaced held, covers what this one needs."""
    short = Reason.INSUFFICIENT_CASH if order.side == Side.BUY else Reason.INSUFFICIENT_SHARES
    require(world.pledge(order).available + held >= cost_now(world, order), short)
