"""What must add up, whatever was done: money and shares, and what open orders hold back."""

from collections import Counter
from collections.abc import Iterable

from lmax.schema import CommandType, EventType, Side
from tests.engine.systems import System
from tests.twin import Event
from tests.twin.accounts import CASH
from tests.twin.numbers import notional

type Assets = Counter[int]
"""By asset: 0 is cash, others are instruments."""


def came_in(events: Iterable[Event]) -> Assets:
    """What came into all accounts together, less what went out.

    Deposits and withdrawals, cash and shares that corporate actions made, and what splits took.
    """
    moved: Assets = Counter()
    for event in events:
        kind = event["type"], event["command"]
        if kind == (EventType.ACCEPTED, CommandType.DEPOSIT):
            moved[event["instrument"]] += event["quantity"]
        elif kind == (EventType.ACCEPTED, CommandType.WITHDRAW):
            moved[event["instrument"]] -= event["quantity"]
        elif event["type"] == EventType.ADJUSTED and not event["client_order_id"]:
            moved[CASH] += event["amount"]
            moved[event["instrument"]] += event["quantity"] - event["leaves"]
    return moved


def positions(events: Iterable[Event]) -> Counter[tuple[int, int]]:
    """What each account came to own of each asset, by (account, asset), as the events tell it."""
    owned: Counter[tuple[int, int]] = Counter()
    for event in events:
        account, asset, quantity = event["account"], event["instrument"], event["quantity"]
        if event["type"] == EventType.FILL:
            _trade(owned, event, (quantity, event["amount"]))
        elif event["type"] in (EventType.BUSTED, EventType.CORRECTED):
            _trade(owned, event, (-event["leaves"], -event["maker_leaves"]))
            if event["type"] == EventType.CORRECTED:
                _trade(owned, event, (quantity, event["amount"]))
        else:
            for moved_asset, amount in came_in([event]).items():
                owned[account, moved_asset if moved_asset == CASH else asset] += amount
    return owned


def _trade(owned: Counter[tuple[int, int]], event: Event, what: tuple[int, int]) -> None:
    """Shares and money change hands between the two of an event; its account's side decides."""
    shares, amount = what
    buyer, seller = event["account"], event["maker_account"]
    if event["side"] == Side.SELL:
        buyer, seller = seller, buyer
    instrument = event["instrument"]
    owned[buyer, instrument] += shares
    owned[seller, instrument] -= shares
    owned[buyer, CASH] -= amount
    owned[seller, CASH] += amount


def scales(events: Iterable[Event]) -> dict[int, int]:
    """Quantity scales of the instruments whose definition was accepted."""
    defined = (EventType.ACCEPTED, CommandType.DEFINE_INSTRUMENT)
    return {
        event["instrument"]: event["quantity_scale"]
        for event in events
        if (event["type"], event["command"]) == defined
    }


def held_by_orders(system: System, scale_of: dict[int, int]) -> Counter[tuple[int, int]]:
    """What open orders must hold back, by account and asset, added up from the books."""
    held: Counter[tuple[int, int]] = Counter()
    for instrument, scale in scale_of.items():
        for order in system.open_orders(instrument):
            if order.side == Side.BUY:
                held[order.account, CASH] += notional(order.price, order.leaves, scale)
            else:
                held[order.account, instrument] += order.leaves
    return held
