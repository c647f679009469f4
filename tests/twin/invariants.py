"""What is true of the twin after every command, whatever the commands were."""

from collections import Counter

from lmax.schema import Side
from tests.twin.accounts import CASH
from tests.twin.instruments import Instrument
from tests.twin.order import Order, Place
from tests.twin.world import World


def check_world(world: World) -> None:
    """AssertionError if orders, reservations and books do not fit together."""
    placed = [o for i in world.instruments.values() for o in i.book.orders()]
    assert {id(o) for o in placed} == {id(o) for o in world.open_orders.values()}
    for key, order in world.open_orders.items():
        assert key == (order.account, order.client_order_id)
        assert key not in world.closed_orders
        assert 0 < order.leaves <= order.quantity
        assert order.place != Place.NOWHERE
    arrivals = [order.arrival for order in placed]
    assert len(set(arrivals)) == len(arrivals)
    _check_reservations(world)
    for instrument in world.instruments.values():
        _check_queues(instrument)
        if instrument.is_trading:
            _check_nothing_crosses(instrument)


def _check_reservations(world: World) -> None:
    needed: Counter[tuple[int, int]] = Counter()
    for order in world.open_orders.values():
        asset = CASH if order.side == Side.BUY else order.instrument
        needed[order.account, asset] += world.needed(order, order.leaves)
    for account, assets in world.accounts.balances.items():
        for asset, balance in assets.items():
            assert balance.reserved == needed[account, asset], (account, asset)
            assert 0 <= balance.reserved <= balance.total, (account, asset)


def _check_queues(instrument: Instrument) -> None:
    """Each queue is in order of arrival and holds what belongs there."""
    book = instrument.book
    queues: list[tuple[Place, list[Order]]] = [
        (Place.STOPS, book.stops),
        (Place.WAITING, book.waiting),
        (Place.HELD, book.held),
    ]
    for place, sides in ((Place.DISPLAYED, book.displayed), (Place.HIDDEN, book.hidden)):
        for side, levels in sides.items():
            for price, queue in levels.items():
                assert queue
                assert {(order.side, order.price) for order in queue} == {(side, price)}
                queues.append((place, queue))
    for place, queue in queues:
        assert {order.place for order in queue} <= {place}
        assert [o.arrival for o in queue] == sorted(o.arrival for o in queue)
    for order in book.orders():
        assert order.is_stop == (order.place == Place.STOPS) or order.place == Place.HELD
        if order.display_quantity and order.place == Place.DISPLAYED:
            assert 0 < order.visible <= min(order.display_quantity, order.leaves)


def _check_nothing_crosses(instrument: Instrument) -> None:
    bids, asks = (
        [*instrument.book.displayed[side], *instrument.book.hidden[side]] for side in Side
    )
    assert not bids or not asks or max(bids) < min(asks), (bids, asks)
