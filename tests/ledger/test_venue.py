"""The ledger of a venue that uses every rule: events of the twin's traffic, and what it holds."""

import numpy as np
import psycopg
import pytest

from ledger.check import Expected, OpenOrder, check
from ledger.consumer import Ledger
from lmax.schema import EventFlag, EventType, OrderType
from tests.engine.traffic import Traffic
from tests.twin import Twin
from tests.twin.accounts import CASH
from tests.twin.records import events_to_array

COMMANDS = 4_000

Venue = tuple[Twin, np.ndarray]


@pytest.fixture(scope="module")
def venue() -> Venue:
    """A twin after seeded traffic of all kinds, and all of its events."""
    twin = Twin()
    traffic = Traffic(20_261_122, twin)
    events = [event for _ in range(COMMANDS) for event in twin.apply(traffic.next())]
    return twin, events_to_array(events)


def expected_of(twin: Twin) -> Expected:
    balances = {
        (account, asset): balance.total
        for account, assets in twin.world.accounts.balances.items()
        for asset, balance in assets.items()
    }
    opened = twin.world.accounts.balances
    return Expected(
        last_sequence=twin.sequence,
        cash={account: balances.get((account, CASH), 0) for account in opened},
        shares={key: total for key, total in balances.items() if key[1] != CASH},
        open_orders=[
            OpenOrder(o.account, o.client_order_id, o.instrument, o.side, o.price, o.leaves)
            for o in twin.world.open_orders.values()
        ],
        trades=twin.world.trades.last_id,
    )


def test_the_traffic_reaches_every_event(venue: Venue) -> None:
    assert set(venue[1]["type"].tolist()) == set(EventType)


def cut(events: np.ndarray, largest: int) -> list[np.ndarray]:
    """The events in batches of 1 to ``largest`` whole commands."""
    ends = np.flatnonzero(events["flags"] & EventFlag.LAST) + 1
    sizes = np.random.default_rng(largest).integers(1, largest + 1, len(ends))
    last = np.cumsum(sizes) - 1
    return np.split(events, ends[last[last < len(ends) - 1]])


@pytest.mark.parametrize("largest", [3, 200, COMMANDS])
def test_the_ledger_is_what_the_venue_holds_however_it_is_cut(
    postgres: str, venue: Venue, largest: int
) -> None:
    twin, events = venue
    with Ledger(postgres) as ledger:
        for part in cut(events, largest):
            ledger.apply(part)
    assert check(postgres, expected_of(twin)) == []


def test_stop_orders_are_known_with_their_trigger_prices(postgres: str, venue: Venue) -> None:
    twin, events = venue
    with Ledger(postgres) as ledger:
        ledger.apply(events)
    with psycopg.connect(postgres) as connection:
        found = connection.execute(
            "SELECT account, client_order_id, trigger_price, triggered > 0 FROM lmax.orders"
            " WHERE status = 'O' AND order_type IN (%s, %s)",
            [OrderType.STOP, OrderType.STOP_LIMIT],
        ).fetchall()
    stops = [
        order
        for order in twin.world.open_orders.values()
        if order.order_type in (OrderType.STOP, OrderType.STOP_LIMIT)
    ]
    assert stops
    waiting = {(o.account, o.client_order_id): o.trigger_price for o in stops if not o.triggered}
    told = {(account, int(name)): price for account, name, price, done in found if not done}
    for key, price in waiting.items():
        assert told[key] == price
