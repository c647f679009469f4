"""What a twin holds now, as plain values that can be compared and printed."""

from typing import NamedTuple

from tests.twin.accounts import CASH
from tests.twin.engine import Twin

type Pair = tuple[int, int]
type QueueEntry = tuple[int, int, int]


class OpenOrder(NamedTuple):
    """An open order as it stands; place: ``Place``, shown: what the displayed book counts."""

    place: int
    side: int
    account: int
    client_order_id: int
    price: int
    quantity: int
    leaves: int
    shown: int
    trigger_price: int


def account(twin: Twin, account_id: int) -> Pair | None:
    """(cash, reserved cash) of an account, None if it was never opened."""
    if not twin.world.accounts.known(account_id):
        return None
    cash = twin.world.accounts.of(account_id, CASH)
    return cash.total, cash.reserved


def position(twin: Twin, account_id: int, instrument: int) -> Pair:
    """(shares, reserved shares) of an account; (0, 0) if it never had any."""
    if not twin.world.accounts.known(account_id):
        return 0, 0
    shares = twin.world.accounts.of(account_id, instrument)
    return shares.total, shares.reserved


def levels(twin: Twin, instrument: int, side: int) -> list[tuple[int, int, int]]:
    """(price, quantity shown, orders) of a side's levels, the best first."""
    book = twin.world.instruments[instrument].book
    queues = [(price, book.queue(side, price)) for price in book.prices(side)]
    return [(price, sum(o.shown for o in queue), len(queue)) for price, queue in queues]


def queue(twin: Twin, instrument: int, side: int, price: int) -> list[QueueEntry]:
    """(account, client order id, leaves) of a level's orders, the oldest first."""
    orders = twin.world.instruments[instrument].book.queue(side, price)
    return [(order.account, order.client_order_id, order.leaves) for order in orders]


def shown(twin: Twin, instrument: int, side: int, price: int) -> list[int]:
    """What each of a level's orders shows, the oldest first."""
    orders = twin.world.instruments[instrument].book.queue(side, price)
    return [order.shown for order in orders]


def open_orders(twin: Twin, instrument: int) -> list[OpenOrder]:
    """Every open order of an instrument, wherever it is, in order of arrival."""
    return [
        OpenOrder(
            order.place,
            order.side,
            order.account,
            order.client_order_id,
            order.price,
            order.quantity,
            order.leaves,
            order.shown,
            order.trigger_price,
        )
        for order in twin.world.instruments[instrument].book.orders()
    ]


def account_ids(twin: Twin) -> list[int]:
    return sorted(twin.world.accounts.balances)


def instrument_ids(twin: Twin) -> list[int]:
    return sorted(twin.world.instruments)
