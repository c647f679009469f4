"""What an incoming order meets: displayed, hidden and pegged orders, the best price first."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.twin.book import best_first
from tests.twin.instruments import Instrument
from tests.twin.order import Order, Place, crosses, opposite
from tests.twin.pegs import peg_price
from tests.twin.selftrade import keeps_apart
from tests.twin.world import World


@dataclass(frozen=True)
class Queue:
    """Orders of one kind at one price, the oldest first."""

    price: int
    place: Place
    orders: list[Order]


def queues_against(instrument: Instrument, side: int) -> list[Queue]:
    """What an incoming order of ``side`` can meet, in the order in which it trades.

    The prices of the pegs are those of this moment.
    """
    other, book = opposite(side), instrument.book
    pegs: dict[int, list[Order]] = {}
    for order in book.waiting:
        price = peg_price(instrument, order) if order.is_peg and order.side == other else None
        if price is not None:
            pegs.setdefault(price, []).append(order)
    prices = best_first({*book.displayed[other], *book.hidden[other], *pegs}, other)
    everything = [
        queue
        for price in prices
        for queue in (
            Queue(price, Place.DISPLAYED, book.queue(other, price)),
            Queue(price, Place.HIDDEN, book.hidden_queue(other, price)),
            Queue(price, Place.WAITING, pegs.get(price, [])),
        )
    ]
    return [queue for queue in everything if queue.orders]


def best_against(instrument: Instrument, side: int) -> int | None:
    """The best price, displayed, hidden or pegged, an incoming order of ``side`` can trade at."""
    queues = queues_against(instrument, side)
    return queues[0].price if queues else None


def fillable(world: World, order: Order, limit: int | None) -> Iterator[tuple[int, int]]:
    """(price, quantity) of what an incoming order can trade with others now, best first.

    Orders of one hand are left out if self-trade prevention is asked for.
    """
    needed, instrument = order.leaves, world.instrument_of(order)
    for queue in queues_against(instrument, order.side):
        if not crosses(order.side, limit, queue.price) or not instrument.may_trade_at(queue.price):
            return
        others = [o for o in queue.orders if not keeps_apart(world, order, o)]
        quantity = min(sum(o.leaves for o in others), needed)
        if quantity:
            yield queue.price, quantity
        needed -= quantity


def can_fill(world: World, order: Order, limit: int | None, quantity: int) -> bool:
    """Whether at least that much of an order can be traded with others now."""
    return sum(traded for _, traded in fillable(world, order, limit)) >= quantity
