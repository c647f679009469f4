"""Phases, auctions, bands and halts, in the words of a scenario."""

from collections.abc import Callable

from lmax.schema import EventFlag, EventType, Phase, Reason, Side, Status
from tests.scenarios.names import Names, price_text
from tests.twin import Event

DAY_WORDS = ("phase", "auction", "indicative", "extended", "limit", "bands", "restriction")
"""The first words of these lines."""


def _symbol(names: Names, event: Event) -> str:
    symbols = {number: symbol for symbol, (number, _) in names.instruments.items()}
    return symbols.get(event["instrument"], str(event["instrument"]))


def _phase(names: Names, event: Event) -> str:
    status, reason = Status(event["status"]), Reason(event["reason"])
    inactive = "" if status == Status.ACTIVE else f" {status.name}"
    why = f", {reason.name}" if reason else ""
    return f"phase {_symbol(names, event)} {Phase(event['phase']).name}{inactive}{why}"


def _auction(names: Names, event: Event) -> str:
    word = "auction" if event["flags"] & EventFlag.AUCTION else "indicative"
    if event["reason"] == Reason.EXTENDED:
        word = "extended"
    symbol = _symbol(names, event)
    if event["quantity"] == 0:
        return f"{word} {symbol}: nothing"
    quantity, left = (
        names.quantity_text(event[f], event["instrument"]) for f in ("quantity", "leaves")
    )
    too_much = f", {left} too many to {Side(event['side']).name}" if event["leaves"] else ""
    return f"{word} {symbol}: {quantity} @ {price_text(event['price'])}{too_much}"


def _limit_state(names: Names, event: Event) -> str:
    which = "up" if event["side"] == Side.BUY else "down"
    verb = "begins" if event["quantity"] else "ends"
    return f"limit {which} of {_symbol(names, event)} {verb} at {price_text(event['price'])}"


def _bands(names: Names, event: Event) -> str:
    if event["quantity"] == 0:
        return f"bands of {_symbol(names, event)}: none"
    lower, upper = price_text(event["amount"]), price_text(event["price"])
    around = price_text(event["quantity"])
    return f"bands of {_symbol(names, event)}: {lower} to {upper} around {around}"


def _restriction(names: Names, event: Event) -> str:
    return f"restriction of {_symbol(names, event)} {'begins' if event['quantity'] else 'ends'}"


DAY_OUTCOMES: dict[int, Callable[[Names, Event], str]] = {
    EventType.PHASE: _phase,
    EventType.AUCTION: _auction,
    EventType.LIMIT_STATE: _limit_state,
    EventType.BANDS: _bands,
    EventType.RESTRICTION: _restriction,
}
