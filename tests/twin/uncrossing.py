"""What an auction does: its trades, what becomes of the rest, and what is told of it."""

from lmax.schema import EventFlag, EventType, OrderType, Reason, Side, TimeInForce
from tests.twin.auction import Outcome, auction, pairs
from tests.twin.instruments import Instrument
from tests.twin.lifecycle import fold, report_level, take_out
from tests.twin.matching import execute
from tests.twin.order import Order, Place
from tests.twin.world import World

ONLY_FOR_AUCTIONS = (TimeInForce.AT_OPEN, TimeInForce.AT_CLOSE, TimeInForce.GOOD_FOR_AUCTION)


def taking_part(instrument: Instrument) -> list[Order]:
    """The orders of an auction: those in the displayed and in the hidden book."""
    places = (Place.DISPLAYED, Place.HIDDEN)
    return [order for order in instrument.book.orders() if order.place in places]


def indicative(world: World, instrument: Instrument) -> Outcome:
    """What the auction would come to now."""

    def around(price: int) -> tuple[int, int]:
        return instrument.ticks.around(price, world.now)

    reference = instrument.last_price or instrument.reference_price
    return auction(taking_part(instrument), instrument.tick_size, reference, around)


def tell(
    world: World,
    instrument: Instrument,
    outcome: Outcome,
    flags: int = 0,
    reason: Reason = Reason.NONE,
) -> None:
    """An AUCTION event; it counts as what was told last in this phase."""
    instrument.session.published = outcome
    world.report.add(
        EventType.AUCTION,
        instrument=instrument.id,
        price=outcome.price,
        quantity=outcome.volume,
        leaves=abs(outcome.surplus),
        side=outcome.side,
        flags=flags,
        reason=reason,
    )


def publish(world: World, instrument: Instrument) -> None:
    """Tell what the auction would come to, if that is news."""
    outcome = indicative(world, instrument)
    if outcome != instrument.session.published:
        tell(world, instrument, outcome)


def uncross(world: World, instrument: Instrument, outcome: Outcome) -> None:
    """Execute the auction and cancel what was only for it."""
    levels = _trade(world, instrument, outcome)
    for side in Side:
        sign = -1 if side == Side.BUY else 1
        for order in sorted(levels[side].values(), key=lambda o: sign * o.price):
            report_level(world, order)
    tell(world, instrument, outcome, EventFlag.AUCTION)
    for order in taking_part(instrument):
        if order.order_type == OrderType.MARKET or order.time_in_force in ONLY_FOR_AUCTIONS:
            take_out(world, order, Reason.AUCTION_REMAINDER)


def _trade(world: World, instrument: Instrument, outcome: Outcome) -> dict[Side, dict[int, Order]]:
    """The fills; by side and price an order of each displayed level that they changed."""
    levels: dict[Side, dict[int, Order]] = {Side.BUY: {}, Side.SELL: {}}
    for buy, sell, quantity in pairs(taking_part(instrument), outcome.volume):
        for order in (buy, sell):
            if order.place == Place.DISPLAYED:
                levels[Side(order.side)][order.price] = order
        maker, taker = sorted((buy, sell), key=lambda order: order.arrival)
        execute(world, taker, maker, outcome.price, quantity, EventFlag.AUCTION)
        for order in (buy, sell):
            order.show_anew()
            if order.leaves == 0:
                fold(world, order)
    return levels
