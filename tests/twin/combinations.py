"""Which order types, times in force, instructions and quantities go together."""

from lmax.schema import Instruction, OrderType, Side, TimeInForce
from tests.twin.commands import Command
from tests.twin.order import PEGS, STOPS

_STAY = {TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD}
_AT_ONCE = {TimeInForce.IOC, TimeInForce.FOK}
_AUCTION = {TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE, TimeInForce.GOOD_FOR_AUCTION}
_TIMES = {
    OrderType.LIMIT: _STAY | _AT_ONCE | _AUCTION,
    OrderType.MARKET: {TimeInForce.DAY, TimeInForce.GTC} | _AT_ONCE | _AUCTION,
} | dict.fromkeys([*STOPS, *PEGS, OrderType.MARKET_TO_LIMIT], _STAY)

_ALL_BITS = sum(Instruction)
_POSTING = Instruction.POST_ONLY | Instruction.POST_SLIDE
_RESTING = Instruction.HIDDEN | _POSTING | Instruction.ALL_OR_NONE


def go_together(c: Command) -> bool:
    """Whether a NEW_ORDER asks for something that makes sense; side, type and time are known."""
    return (
        c.time_in_force in _TIMES[OrderType(c.order_type)]
        and not c.instructions & ~_ALL_BITS
        and _resting_instructions(c)
        and _minimum(c)
        and _trail_percent(c)
        and not (c.instructions & Instruction.SHORT and c.side != Side.SELL)
    )


def _resting_instructions(c: Command) -> bool:
    """HIDDEN, a display quantity, POST_ONLY, POST_SLIDE and ALL_OR_NONE."""
    if not (c.instructions & _RESTING or c.display_quantity):
        return True
    fits = c.order_type == OrderType.LIMIT and c.time_in_force in _STAY
    twice_unseen = c.instructions & Instruction.HIDDEN and c.display_quantity
    twice_posted = c.instructions & _POSTING == _POSTING
    return bool(fits and not twice_unseen and not twice_posted and _conditions(c))


def _conditions(c: Command) -> bool:
    """ALL_OR_NONE or a minimum quantity, with nothing beside it."""
    conditions = bool(c.instructions & Instruction.ALL_OR_NONE) + bool(c.min_quantity)
    beside = c.instructions & (Instruction.HIDDEN | _POSTING) or c.display_quantity
    return conditions == 0 or (conditions == 1 and not beside)


def _minimum(c: Command) -> bool:
    if not c.min_quantity:
        return True
    times = {OrderType.LIMIT: _STAY | {TimeInForce.IOC}, OrderType.MARKET: {TimeInForce.IOC}}
    return c.time_in_force in times.get(OrderType(c.order_type), set()) and _conditions(c)


def _trail_percent(c: Command) -> bool:
    percent = c.instructions & Instruction.TRAIL_PERCENT
    return not percent or c.order_type == OrderType.TRAILING_STOP
