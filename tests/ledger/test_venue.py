"""The ledger of a venue that uses every rule: events of the twin's traffic, and what it holds."""

from dataclasses import replace

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
        standing=lambda trade_id: standing(twin, trade_id),
    )


def standing(twin: Twin, trade_id: int) -> tuple[int, int] | None:
    trade = twin.world.trades.trades.get(trade_id)
    if trade is None:
        return None
    return (0, 0) if trade.busted else (trade.price, trade.quantity)


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


def test_a_trade_that_stands_otherwise_is_named(postgres: str, venue: Venue) -> None:
    twin, events = venue
    busted = events[events["type"] == EventType.BUSTED]["trade_id"].tolist()
    with Ledger(postgres) as ledger:
        ledger.apply(events)
    wrong = replace(expected_of(twin), standing=lambda trade_id: (7, 7))
    found = [d for d in check(postgres, wrong) if d.what == "amended trade"]
    assert {d.key for d in found} >= {f"trade {trade_id}" for trade_id in busted}
    assert (found[0].expected, len(found)) == ((7, 7), len({d.key for d in found}))
