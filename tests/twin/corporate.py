"""Corporate actions: splits, dividends, changes of symbol."""

from collections.abc import Callable, Sequence

from lmax.schema import Action, EventType, Instruction, OrderType, Phase, Reason, Side, Status
from tests.twin.accounts import CASH
from tests.twin.checks import known_instrument, require
from tests.twin.commands import Command
from tests.twin.instruments import Instrument, symbol_is_valid
from tests.twin.lifecycle import end, put, report_level
from tests.twin.listing import tell_definition
from tests.twin.numbers import MAX_INT64
from tests.twin.order import Order, Place
from tests.twin.protection import RecentTrades
from tests.twin.splits import Split, split_order
from tests.twin.stops import set_trigger
from tests.twin.world import World

QUIET = (Phase.PRE_OPEN, Phase.HALTED, Phase.CLOSED)
MAX_PART = 1_000


# -- checks ------------------------------------------------------------------------------------


def check_corporate_action(world: World, c: Command) -> None:
    instrument = known_instrument(world, c)
    require(instrument.status != Status.DELISTED, Reason.NOT_ACTIVE)
    require(c.action in list(Action), Reason.INVALID_SETTING)
    if c.action == Action.SYMBOL_CHANGE:
        require(symbol_is_valid(c.symbol), Reason.INVALID_DEFINITION)
        return
    require(instrument.session.phase in QUIET, Reason.WRONG_PHASE)
    possible = _split_is_possible if c.action == Action.SPLIT else _dividend_is_possible
    require(possible(world, instrument, c), Reason.INVALID_SETTING)


def _split_is_possible(world: World, instrument: Instrument, c: Command) -> bool:
    parts_are_valid = 1 <= c.numerator <= MAX_PART and 1 <= c.denominator <= MAX_PART
    if not parts_are_valid or c.numerator == c.denominator:
        return False
    if c.price < 0 or c.price * instrument.lot_size > MAX_INT64:
        return False
    split = Split(instrument, c.numerator, c.denominator)
    quantities = [world.accounts.total_of(instrument.id)]
    quantities += [instrument.book.open_quantity(side) for side in Side]
    if any(quantity * split.new // split.old > MAX_INT64 for quantity in quantities):
        return False
    return _can_be_paid(world, instrument, lambda shares: split.cash_in_lieu(shares, c.price))


def _dividend_is_possible(world: World, instrument: Instrument, c: Command) -> bool:
    scale = 10**instrument.quantity_scale
    return c.price >= 1 and _can_be_paid(world, instrument, lambda s: s * c.price // scale)


def _can_be_paid(world: World, instrument: Instrument, due: Callable[[int], int]) -> bool:
    """Whether all the cash there would be fits in 63 bits."""
    paid = sum(due(shares) for _, shares in _positions(world, instrument))
    return world.accounts.total_of(CASH) + paid <= MAX_INT64


# -- what they do ------------------------------------------------------------------------------


def corporate_action(world: World, c: Command) -> None:
    """Carry out a valid CORPORATE_ACTION."""
    instrument = world.instruments[c.instrument]
    if c.action == Action.SYMBOL_CHANGE:
        instrument.symbol = c.symbol.rstrip(b"\0")
        tell_definition(world, instrument)
        return
    world.report.accepted(c)
    if c.action == Action.SPLIT:
        _split(world, Split(instrument, c.numerator, c.denominator), c.price)
    else:
        _dividend(world, instrument, c.price)


def _split(world: World, split: Split, price: int) -> None:
    instrument = split.instrument
    orders = _leave(world, instrument.book.orders())
    for account, shares in _positions(world, instrument):
        kept, paid = split.quantity(shares), split.cash_in_lieu(shares, price)
        world.accounts.of(account, instrument.id).total = kept
        _pay(world, instrument, account, (shares, kept), paid)
    forward = split.new > split.old
    _come_back(world, orders, lambda order: forward and split_order(split, order, world.now))
    _remembered_prices(instrument, split.at_least_a_tick)
    world.trades.forget(instrument.id)


def _dividend(world: World, instrument: Instrument, amount: int) -> None:
    for account, shares in _positions(world, instrument):
        paid = shares * amount // 10**instrument.quantity_scale
        _pay(world, instrument, account, (shares, shares), paid)
    lowered = [order for order in instrument.book.orders() if _goes_with_a_dividend(order)]
    _come_back(
        world,
        _leave(world, lowered),
        lambda order: _lower_prices(instrument, order, amount, world.now),
    )
    _remembered_prices(instrument, lambda price: _lower_but_a_tick(instrument, price, amount))


def _remembered_prices(instrument: Instrument, adjusted: Callable[[int], int]) -> None:
    """Adjust what is remembered of an instrument's prices; 0 stands for none."""
    instrument.reference_price = adjusted(instrument.reference_price)
    instrument.last_price = adjusted(instrument.last_price)
    instrument.guard.reference = adjusted(instrument.guard.reference)
    instrument.guard.trades = RecentTrades()


def _goes_with_a_dividend(order: Order) -> bool:
    """Buys with a limit, and stops to sell, unless they say DO_NOT_REDUCE."""
    if order.has(Instruction.DO_NOT_REDUCE):
        return False
    if order.is_stop:
        return order.side == Side.SELL
    return order.side == Side.BUY and order.order_type != OrderType.MARKET


def _lower_prices(instrument: Instrument, order: Order, amount: int, now: int) -> bool:
    """Lower an order's prices; False, and nothing is changed, if one would be too low."""
    if order.order_type == OrderType.TRAILING_STOP:
        order.best = _lower_but_a_tick(instrument, order.best, amount)
        set_trigger(instrument, order)
        return True

    def lowered(price: int) -> int:
        return instrument.ticks.around(_lower(instrument, price, amount), now)[0]

    price = lowered(order.price) if order.price else 0
    trigger = lowered(order.trigger_price) if order.is_stop else order.trigger_price
    prices = [price] * bool(order.price) + [trigger] * order.is_stop
    if min(prices) < instrument.min_price:
        return False
    order.price, order.trigger_price = price, trigger
    return True


def _lower(instrument: Instrument, price: int, amount: int) -> int:
    """A price less a dividend, rounded down to the tick."""
    return (price - amount) // instrument.tick_size * instrument.tick_size


def _lower_but_a_tick(instrument: Instrument, price: int, amount: int) -> int:
    """`_lower`, but a tick at least; 0, which stands for no price, stays 0."""
    return max(_lower(instrument, price, amount), instrument.tick_size) if price else 0


def _leave(world: World, orders: Sequence[Order]) -> list[tuple[Order, Place]]:
    """Orders leave their places, in order of arrival; BOOK of those that were displayed."""
    left = [(order, order.place) for order in orders]
    for order, place in left:
        world.instrument_of(order).book.remove(order)
        if place == Place.DISPLAYED:
            report_level(world, order)
    return left


def _come_back(
    world: World, left: list[tuple[Order, Place]], adjust: Callable[[Order], bool]
) -> None:
    """Adjusted, orders join the end of their queues; or they end, as they were."""
    for order, place in left:
        held_back = world.needed(order, order.leaves)
        if not adjust(order):
            end(world, order, Reason.CORPORATE_ACTION)
            continue
        world.pledge(order).reserved += world.needed(order, order.leaves) - held_back
        world.arrive(order)
        world.report.order(EventType.ADJUSTED, order, quantity=order.quantity)
        put(world, order, place)


def _positions(world: World, instrument: Instrument) -> list[tuple[int, int]]:
    """(account, shares) of everyone who has some, in order of accounts."""
    held = [
        (account, assets[instrument.id].total)
        for account, assets in sorted(world.accounts.balances.items())
        if instrument.id in assets
    ]
    return [(account, shares) for account, shares in held if shares]


def _pay(
    world: World, instrument: Instrument, account: int, shares: tuple[int, int], paid: int
) -> None:
    """Cash for a position, and ADJUSTED: shares before and now."""
    before, now = shares
    world.accounts.of(account, CASH).total += paid
    world.report.add(
        EventType.ADJUSTED,
        instrument=instrument.id,
        account=account,
        quantity=now,
        leaves=before,
        amount=paid,
    )
