"""Hand-made events, rings of them, and the check of a book against the engine's."""

from typing import Any

import numpy as np

from lmax._engine import Engine
from lmax.records import joined
from lmax.ringbuffer.ring import RingBuffer
from lmax.schema import EVENT, CommandType, EventFlag, EventType, Side
from marketdata._depth import MarketData

Events = np.ndarray


def ring(capacity: int = 4096) -> RingBuffer:
    return RingBuffer(capacity, dtype=EVENT)


def event(kind: EventType, *, last: bool = True, **fields: Any) -> Events:
    """One event; the last of its command unless told otherwise."""
    made = np.zeros(1, EVENT)
    made["type"] = kind
    made["flags"] = EventFlag.LAST if last else 0
    for name, value in fields.items():
        made[name] = value
    return made


def book(
    side: Side, price: int, quantity: int, orders: int = 1, instrument: int = 1, **fields: Any
) -> Events:
    return event(
        EventType.BOOK,
        side=side,
        price=price,
        quantity=quantity,
        order_count=orders if quantity else 0,
        instrument=instrument,
        **fields,
    )


def fill(trade_id: int, price: int, quantity: int, **fields: Any) -> Events:
    defaults = {"instrument": 1, "amount": price * quantity, "timestamp": 1_000 + trade_id}
    return event(
        EventType.FILL, trade_id=trade_id, price=price, quantity=quantity, **(defaults | fields)
    )


def definition(instrument: int, symbol: bytes, **fields: Any) -> Events:
    return event(
        EventType.ACCEPTED,
        command=CommandType.DEFINE_INSTRUMENT,
        instrument=instrument,
        symbol=symbol,
        **fields,
    )


def following(*events: Events, capacity: int = 4096, **options: Any) -> MarketData:
    """An agent that has taken in these events."""
    output = ring(capacity)
    market = MarketData(output, **options)
    if events:
        output.publish_array(joined(events))
    while market.do_work():
        pass
    return market


def assert_same_books(market: MarketData, engine: Engine) -> None:
    """Every level of every instrument, its quantity and its orders, is the engine's."""
    for instrument in engine.instruments():
        view = engine.book(instrument)
        depth = market.depth(instrument, None)
        assert depth.bids == view.bids(), f"bids of instrument {instrument}"
        assert depth.asks == view.asks(), f"asks of instrument {instrument}"


def assert_whole(bids: list, asks: list) -> None:
    """The book is sorted, uncrossed and has something at every level."""
    prices = [price for price, _, _ in bids]
    assert prices == sorted(set(prices), reverse=True)
    prices = [price for price, _, _ in asks]
    assert prices == sorted(set(prices))
    assert all(quantity > 0 and orders > 0 for _, quantity, orders in bids + asks)
    if bids and asks:
        assert bids[0][0] < asks[0][0]
