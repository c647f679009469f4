"""What follows every command: stops are triggered and waiting orders trade, one by one."""

from lmax.schema import Instruction, Reason, Side
from tests.twin.funds import cost_now
from tests.twin.instruments import Instrument
from tests.twin.lifecycle import end
from tests.twin.limits import limit_of
from tests.twin.liquidity import best_against, can_fill
from tests.twin.matching import trade_then_rest
from tests.twin.order import Order, crosses
from tests.twin.stops import trigger_elected
from tests.twin.watching import short_sale_is_allowed
from tests.twin.world import World


def settle(world: World, instrument: Instrument) -> None:
    """The steps "after each command", as long as there is something to do."""
    line: list[Order] = []
    while instrument.is_trading:
        line += trigger_elected(world, instrument)
        if line:
            _comes_in(world, line.pop(0))
        elif not _oldest_waiting_trades(world, instrument):
            return


def _comes_in(world: World, order: Order) -> None:
    """A triggered stop has its turn."""
    short = order.has(Instruction.SHORT)
    if short and not short_sale_is_allowed(world.instrument_of(order), order.price):
        end(world, order, Reason.SHORT_SALE_RESTRICTED)
        return
    unpriced_buy = order.side == Side.BUY and order.price == 0
    if unpriced_buy and world.pledge(order).available < cost_now(world, order):
        end(world, order, Reason.CANNOT_PAY)
    else:
        trade_then_rest(world, order)


def _oldest_waiting_trades(world: World, instrument: Instrument) -> bool:
    best = {side: best_against(instrument, side) for side in Side}
    for order in instrument.book.waiting:
        if _can_trade(world, order, best[Side(order.side)]):
            trade_then_rest(world, order)
            return True
    return False


def _can_trade(world: World, order: Order, best: int | None) -> bool:
    """Whether a waiting order finds what it waits for, where the best it could get is ``best``."""
    limit, instrument = limit_of(world, order).price, world.instrument_of(order)
    if limit is None or best is None or not crosses(order.side, limit, best):
        return False
    if order.has(Instruction.SHORT) and not short_sale_is_allowed(instrument, limit):
        return False
    if order.is_peg:
        return instrument.may_trade_at(best)
    return can_fill(world, order, limit, order.least)
