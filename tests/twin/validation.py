"""The checks of docs/matching.md, in their order; the first that fails gives the reason."""

from collections.abc import Callable

from lmax.schema import (
    MAX_ACCOUNT,
    MAX_INSTRUMENT,
    CommandType,
    OrderType,
    Reason,
    Side,
    TimeInForce,
)
from tests.twin.accounts import CASH
from tests.twin.book import Order
from tests.twin.commands import Command
from tests.twin.instruments import Instrument, definition_is_valid
from tests.twin.numbers import MAX_INT64
from tests.twin.world import World


class RejectedError(Exception):
    """A command that must not change anything, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


def require(condition: bool, reason: Reason) -> None:
    if not condition:
        raise RejectedError(reason)


def validate(world: World, c: Command) -> None:
    """Raise RejectedError unless the command can be carried out whole."""
    require(c.type in CHECKS, Reason.UNKNOWN_COMMAND)
    CHECKS[c.type](world, c)


def _definition(world: World, c: Command) -> None:
    require(1 <= c.instrument <= MAX_INSTRUMENT, Reason.INVALID_ID)
    require(c.instrument not in world.instruments, Reason.INSTRUMENT_EXISTS)
    require(definition_is_valid(c), Reason.INVALID_DEFINITION)


def _account_opening(world: World, c: Command) -> None:
    require(1 <= c.account <= MAX_ACCOUNT, Reason.INVALID_ID)
    require(not world.accounts.known(c.account), Reason.ACCOUNT_EXISTS)


def _deposit(world: World, c: Command) -> None:
    _account_and_asset(world, c)
    require(c.quantity >= 1, Reason.AMOUNT_RANGE)
    total = world.accounts.total_of(c.instrument)
    require(total + c.quantity <= MAX_INT64, Reason.AMOUNT_RANGE)
    _whole_lots_of_shares(world, c)


def _withdraw(world: World, c: Command) -> None:
    _account_and_asset(world, c)
    require(c.quantity >= 1, Reason.AMOUNT_RANGE)
    _whole_lots_of_shares(world, c)
    available = world.accounts.of(c.account, c.instrument).available
    short = Reason.INSUFFICIENT_CASH if c.instrument == CASH else Reason.INSUFFICIENT_SHARES
    require(available >= c.quantity, short)


def _new_order(world: World, c: Command) -> None:
    instrument = _account_and_instrument(world, c)
    require(c.side in list(Side), Reason.INVALID_SIDE)
    require(c.order_type in list(OrderType), Reason.INVALID_ORDER_TYPE)
    require(c.time_in_force in list(TimeInForce), Reason.INVALID_TIME_IN_FORCE)
    require(c.client_order_id >= 1, Reason.INVALID_CLIENT_ORDER_ID)
    if c.order_type == OrderType.LIMIT:
        _limit_price(instrument, c.price)
    else:
        require(c.price == 0, Reason.PRICE_RANGE)
    _quantity(instrument, c.quantity)
    _unused_id(world, c)
    if c.order_type == OrderType.LIMIT:
        _notional(instrument, c.price, c.quantity)
        _room(instrument, c.side, c.quantity)
    require(len(world.open_orders) < world.max_open_orders, Reason.CAPACITY)
    _new_order_funds(world, instrument, c)


def _cancel(world: World, c: Command) -> None:
    _account_and_instrument(world, c)
    _open_order(world, c)


def _reduce(world: World, c: Command) -> None:
    instrument = _account_and_instrument(world, c)
    _open_order(world, c)
    require(c.quantity >= 1, Reason.QUANTITY_RANGE)
    require(c.quantity % instrument.lot_size == 0, Reason.QUANTITY_LOT)


def _replace(world: World, c: Command) -> None:
    instrument = _account_and_instrument(world, c)
    require(c.client_order_id >= 1, Reason.INVALID_CLIENT_ORDER_ID)
    order = _open_order(world, c)
    _limit_price(instrument, c.price)
    _quantity(instrument, c.quantity)
    _unused_id(world, c)
    new_leaves = c.quantity - order.filled
    if new_leaves <= 0:
        return
    _notional(instrument, c.price, new_leaves)
    _room(instrument, order.side, new_leaves - order.leaves)
    available = world.pledge(order).available + world.needed(order, order.leaves)
    if order.side == Side.BUY:
        cost = instrument.notional(c.price, new_leaves)
        require(available >= cost, Reason.INSUFFICIENT_CASH)
    else:
        require(available >= new_leaves, Reason.INSUFFICIENT_SHARES)


def _end_of_day(world: World, c: Command) -> None:
    """Nothing can be wrong with it."""


CHECKS: dict[int, Callable[[World, Command], None]] = {
    CommandType.DEFINE_INSTRUMENT: _definition,
    CommandType.OPEN_ACCOUNT: _account_opening,
    CommandType.DEPOSIT: _deposit,
    CommandType.WITHDRAW: _withdraw,
    CommandType.NEW_ORDER: _new_order,
    CommandType.CANCEL: _cancel,
    CommandType.REDUCE: _reduce,
    CommandType.REPLACE: _replace,
    CommandType.END_OF_DAY: _end_of_day,
}


def _account_and_asset(world: World, c: Command) -> None:
    require(world.accounts.known(c.account), Reason.UNKNOWN_ACCOUNT)
    known = c.instrument == CASH or c.instrument in world.instruments
    require(known, Reason.UNKNOWN_INSTRUMENT)


def _account_and_instrument(world: World, c: Command) -> Instrument:
    require(world.accounts.known(c.account), Reason.UNKNOWN_ACCOUNT)
    require(c.instrument in world.instruments, Reason.UNKNOWN_INSTRUMENT)
    return world.instruments[c.instrument]


def _whole_lots_of_shares(world: World, c: Command) -> None:
    if c.instrument != CASH:
        lot_size = world.instruments[c.instrument].lot_size
        require(c.quantity % lot_size == 0, Reason.QUANTITY_LOT)


def _limit_price(instrument: Instrument, price: int) -> None:
    require(instrument.min_price <= price <= instrument.max_price, Reason.PRICE_RANGE)
    require(price % instrument.tick_size == 0, Reason.PRICE_TICK)


def _quantity(instrument: Instrument, quantity: int) -> None:
    require(1 <= quantity <= instrument.max_quantity, Reason.QUANTITY_RANGE)
    require(quantity % instrument.lot_size == 0, Reason.QUANTITY_LOT)


def _unused_id(world: World, c: Command) -> None:
    used = world.id_is_used(c.account, c.client_order_id)
    require(not used, Reason.DUPLICATE_CLIENT_ORDER_ID)


def _notional(instrument: Instrument, price: int, quantity: int) -> None:
    require(instrument.notional(price, quantity) <= MAX_INT64, Reason.NOTIONAL_RANGE)


def _room(instrument: Instrument, side: int, more: int) -> None:
    fits = instrument.book.open_quantity(side) + more <= MAX_INT64
    require(fits, Reason.QUANTITY_RANGE)


def _open_order(world: World, c: Command) -> Order:
    key = (c.account, c.orig_client_order_id)
    order = world.open_orders.get(key)
    if order is not None and order.instrument == c.instrument:
        return order
    closed_here = world.closed_orders.get(key) == c.instrument
    raise RejectedError(Reason.TOO_LATE if closed_here else Reason.UNKNOWN_ORDER)


def _new_order_funds(world: World, instrument: Instrument, c: Command) -> None:
    if c.side == Side.SELL:
        available = world.accounts.of(c.account, c.instrument).available
        require(available >= c.quantity, Reason.INSUFFICIENT_SHARES)
        return
    if c.order_type == OrderType.LIMIT:
        cost = instrument.notional(c.price, c.quantity)
    else:
        cost = market_buy_cost(instrument, c)
    require(world.accounts.of(c.account, CASH).available >= cost, Reason.INSUFFICIENT_CASH)


def market_buy_cost(instrument: Instrument, c: Command) -> int:
    """The exact money a market buy would spend now, worked out from the book."""
    trades = instrument.book.fillable(Side.BUY, None, c.quantity)
    whole = sum(quantity for _, quantity in trades) == c.quantity
    if c.time_in_force == TimeInForce.FOK and not whole:
        return 0
    return sum(instrument.notional(price, quantity) for price, quantity in trades)
