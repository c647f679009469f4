"""An incoming order trades, best price first, and what is left of it rests or ends."""

from enum import Enum, auto

from lmax.schema import EventFlag, Reason, Side, TimeInForce
from tests.twin.accounts import CASH
from tests.twin.lifecycle import end, fold, report_level, rest
from tests.twin.limits import Limit, limit_of
from tests.twin.liquidity import Queue, can_fill, queues_against
from tests.twin.order import Order, Place, crosses
from tests.twin.selftrade import keeps_apart, part
from tests.twin.trades import Trade
from tests.twin.watching import traded
from tests.twin.world import World


class Stop(Enum):
    """Why an incoming order trades no more."""

    FILLED = auto()
    NOTHING_LEFT = auto()
    LIMIT = auto()
    BANDS = auto()
    SELF_TRADE = auto()


def trade_then_rest(world: World, order: Order) -> None:
    """An order comes in now: it trades as far as it may, then rests, stays waiting, or ends."""
    limit = limit_of(world, order)
    if not order.waits and not can_fill(world, order, limit.price, order.least):
        whole = order.time_in_force == TimeInForce.FOK
        end(world, order, Reason.FOK_UNFILLED if whole else Reason.MIN_QUANTITY_UNMET)
        return
    stop = match(world, order, limit.price)
    if stop == Stop.FILLED:
        fold(world, order)
    elif stop == Stop.SELF_TRADE:
        end(world, order, Reason.SELF_TRADE)
    elif stop == Stop.BANDS and order.place == Place.NOWHERE:
        end(world, order, Reason.BAND_REACHED)
    elif order.acts_as_market:
        stopped = stop == Stop.LIMIT and limit.reason
        end(world, order, limit.reason if stopped else Reason.NO_LIQUIDITY)
    elif order.time_in_force == TimeInForce.IOC:
        end(world, order, _why_cancelled(stop, limit))
    elif order.place == Place.NOWHERE and not may_rest(world, order):
        end(world, order, Reason.BAND_REACHED)
    elif order.place == Place.NOWHERE:
        rest(world, order)


def may_rest(world: World, order: Order) -> bool:
    """Whether the price bands let an order rest at its price."""
    bands = world.instrument_of(order).bands
    return bands is None or bands.hold_limit(order.side, order.price)


def _why_cancelled(stop: Stop, limit: Limit) -> Reason:
    return limit.reason or Reason.IOC_REMAINDER if stop == Stop.LIMIT else Reason.IOC_REMAINDER


def match(world: World, taker: Order, limit: int | None) -> Stop:
    """Trade with what is there, as far as the limit goes; why that ended."""
    instrument = world.instrument_of(taker)
    for queue in queues_against(instrument, taker.side):
        if taker.leaves == 0:
            return Stop.FILLED
        if not crosses(taker.side, limit, queue.price):
            return Stop.LIMIT
        if not instrument.may_trade_at(queue.price):
            return Stop.BANDS
        if not _meet(world, taker, queue):
            return Stop.SELF_TRADE
    return Stop.FILLED if taker.leaves == 0 else Stop.NOTHING_LEFT


def _meet(world: World, taker: Order, queue: Queue) -> bool:
    """Trade with the orders of one queue; whether the taker may go on (or is filled)."""
    line, changed, goes_on = list(queue.orders), False, True
    first = line[0]
    while line and taker.leaves and goes_on:
        maker = line.pop(0)
        if keeps_apart(world, taker, maker):
            before = maker.leaves
            goes_on = part(world, taker, maker)
            changed = changed or maker.leaves < before
        else:
            line += _trade(world, taker, maker, queue.price)
            changed = True
    if changed and queue.place == Place.DISPLAYED:
        report_level(world, first)
    return goes_on


def _trade(world: World, taker: Order, maker: Order, price: int) -> list[Order]:
    """Trade with what a resting order shows; itself again if it has joined the queue anew."""
    instrument = world.instrument_of(maker)
    execute(world, taker, maker, price, min(taker.leaves, maker.shown))
    instrument.passed.append(price)
    if maker.leaves == 0:
        fold(world, maker)
    elif maker.shown == 0:
        instrument.book.requeue(maker)
        world.arrive(maker)
        return [maker]
    return []


def execute(
    world: World, taker: Order, maker: Order, price: int, quantity: int, flags: int = 0
) -> None:
    """One trade: money and shares change hands, both lose leaves, FILL. Neither is closed."""
    instrument = world.instrument_of(taker)
    amount = instrument.notional(price, quantity)
    buyer, seller = (taker, maker) if taker.side == Side.BUY else (maker, taker)
    world.accounts.move(CASH, buyer.account, seller.account, amount)
    world.accounts.move(instrument.id, seller.account, buyer.account, quantity)
    for order in (taker, maker):
        world.release(order, quantity)
        order.leaves -= quantity
        order.visible = max(order.visible - quantity, 0)
    traded(world, instrument, price, in_auction=bool(flags & EventFlag.AUCTION))
    trade = Trade(instrument.id, buyer.account, seller.account, price, quantity)
    trade_id = world.trades.add(trade)
    world.report.fill(taker, maker, price, quantity, amount, trade_id, flags)
