"""Self-trade prevention: what happens instead of a trade with one's own account or group."""

from lmax.schema import Reason, SelfTrade, TimeInForce
from tests.twin.lifecycle import end, lower
from tests.twin.order import Order
from tests.twin.world import World


def mode_of(world: World, taker: Order) -> int:
    """What the incoming order, or its account, asks for; DEFAULT: nothing."""
    mode = taker.self_trade or world.accounts.settings[taker.account].self_trade
    conditional = taker.all_or_none or taker.min_quantity or taker.time_in_force == TimeInForce.FOK
    return SelfTrade.CANCEL_OLDEST if mode and conditional else mode


def of_one_hand(world: World, one: Order, other: Order) -> bool:
    """Whether two orders are of the same account or of accounts of the same group."""
    if one.account == other.account:
        return True
    groups = [world.accounts.settings[order.account].group for order in (one, other)]
    return groups[0] == groups[1] != 0


def keeps_apart(world: World, taker: Order, maker: Order) -> bool:
    """Whether these two must not trade."""
    return mode_of(world, taker) != SelfTrade.DEFAULT and of_one_hand(world, taker, maker)


def part(world: World, taker: Order, maker: Order) -> bool:
    """Do to two orders that must not trade what the mode says; whether the taker goes on.

    If not, what is left of it is to be cancelled.
    """
    mode = mode_of(world, taker)
    if mode == SelfTrade.CANCEL_NEWEST:
        return False
    if mode == SelfTrade.DECREMENT:
        return _decrement(world, taker, maker)
    end(world, maker, Reason.SELF_TRADE)
    return mode == SelfTrade.CANCEL_OLDEST


def _decrement(world: World, taker: Order, maker: Order) -> bool:
    lost = min(taker.leaves, maker.leaves)
    if lost == maker.leaves:
        end(world, maker, Reason.SELF_TRADE)
    else:
        lower(world, maker, lost, Reason.SELF_TRADE)
    if lost == taker.leaves:
        return False
    lower(world, taker, lost, Reason.SELF_TRADE)
    return True
