"""A stock trading system around one journaled, single-threaded matching engine.

    from lmax import Engine, OrderBook, Side

`Engine` is the whole thing inside your process: a journal on disk, accounts, books, events.
`OrderBook` is a bare book for research. docs/embedding.md shows both. `Session` reaches nodes
over the network: docs/clients.md. Nothing is loaded before it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmax.amounts import price, to_decimal
    from lmax.event import Event
    from lmax.orderbook import OrderBook
    from lmax.records import joined
    from lmax.ringbuffer.ring import RingFull
    from lmax.schema import (
        COMMAND,
        EVENT,
        MESSAGE,
        REPORT,
        CommandType,
        EventFlag,
        EventType,
        LotPolicy,
        OrderType,
        Phase,
        Reason,
        SelfTrade,
        Side,
        Sides,
        Status,
        Tier,
        TimeInForce,
        TriggerSource,
    )
    from node.clients.session import Session
    from node.clients.tickets import (
        AlreadyInFlight,
        Conflict,
        FateUnknown,
        NotKnown,
        RequestRefused,
        SessionClosed,
        Ticket,
    )
    from node.embedded import (
        AheadOfJournal,
        Engine,
        EngineClosed,
        JournalCorrupt,
        JournalKeyError,
        JournalLocked,
    )
    from node.embedded_views import Account, Book, Level, Position, Trading
    from node.refusals import CoreFailed, JournalFailed, LogicFailed, NoRoom, Unavailable
else:
    _HOMES = {
        "lmax.amounts": ["price", "to_decimal"],
        "lmax.event": ["Event"],
        "lmax.orderbook": ["OrderBook"],
        "lmax.records": ["joined"],
        "lmax.ringbuffer.ring": ["RingFull"],
        "lmax.schema": [
            "COMMAND",
            "EVENT",
            "MESSAGE",
            "REPORT",
            "CommandType",
            "EventFlag",
            "EventType",
            "LotPolicy",
            "OrderType",
            "Phase",
            "Reason",
            "SelfTrade",
            "Side",
            "Sides",
            "Status",
            "Tier",
            "TimeInForce",
            "TriggerSource",
        ],
        "node.clients.session": ["Session"],
        "node.clients.tickets": [
            "AlreadyInFlight",
            "Conflict",
            "FateUnknown",
            "NotKnown",
            "RequestRefused",
            "SessionClosed",
            "Ticket",
        ],
        "node.embedded": [
            "AheadOfJournal",
            "Engine",
            "EngineClosed",
            "JournalCorrupt",
            "JournalKeyError",
            "JournalLocked",
        ],
        "node.embedded_views": ["Account", "Book", "Level", "Position", "Trading"],
        "node.refusals": ["CoreFailed", "JournalFailed", "LogicFailed", "NoRoom", "Unavailable"],
    }
    _HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

    def __getattr__(name: str) -> Any:
        if name not in _HOME_OF:
            raise AttributeError(f"module 'lmax' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "COMMAND",
    "EVENT",
    "MESSAGE",
    "REPORT",
    "Account",
    "AheadOfJournal",
    "AlreadyInFlight",
    "Book",
    "CommandType",
    "Conflict",
    "CoreFailed",
    "Engine",
    "EngineClosed",
    "Event",
    "EventFlag",
    "EventType",
    "FateUnknown",
    "JournalCorrupt",
    "JournalFailed",
    "JournalKeyError",
    "JournalLocked",
    "Level",
    "LogicFailed",
    "LotPolicy",
    "NoRoom",
    "NotKnown",
    "OrderBook",
    "OrderType",
    "Phase",
    "Position",
    "Reason",
    "RequestRefused",
    "RingFull",
    "SelfTrade",
    "Session",
    "SessionClosed",
    "Side",
    "Sides",
    "Status",
    "Ticket",
    "Tier",
    "TimeInForce",
    "Trading",
    "TriggerSource",
    "Unavailable",
    "joined",
    "price",
    "to_decimal",
]
