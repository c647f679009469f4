"""What happened, in the words of a scenario."""

from collections.abc import Callable

from lmax.schema import EventType, OrderType, Reason
from tests.scenarios.day_outcomes import DAY_OUTCOMES, DAY_WORDS
from tests.scenarios.listing_outcomes import LISTING_OUTCOMES, LISTING_WORDS
from tests.scenarios.names import Names, price_text
from tests.twin import Event

OUTCOME_WORDS = (
    "accepted",
    "rejected",
    "trade",
    "cancelled",
    "reduced",
    "replaced",
    "expired",
    "triggered",
    *DAY_WORDS,
    *LISTING_WORDS,
)
"""The first words of the lines that say what a command did."""

_PRICED_BY_THE_MARKET = (OrderType.MARKET, OrderType.MARKET_TO_LIMIT)


def outcome(names: Names, event: Event) -> str:
    """One event in a line; book events, which the drawn books check, give an empty one."""
    tell = _TELL.get(event["type"])
    return tell(names, event) if tell else ""


def _accepted(names: Names, event: Event) -> str:
    """With a price or a stop, where these come from the market."""
    text = "accepted"
    if event["order_type"] in _PRICED_BY_THE_MARKET and event["price"]:
        text += f" @ {price_text(event['price'])}"
    if event["order_type"] == OrderType.TRAILING_STOP:
        text += f" stop {price_text(event['trigger_price'])}"
    return text


def _rejected(names: Names, event: Event) -> str:
    return f"rejected: {Reason(event['reason']).name}"


def _trade(names: Names, event: Event) -> str:
    maker = _whose(names, event["maker_account"], event["maker_client_order_id"])
    taker = _whose(names, event["account"], event["client_order_id"])
    quantity = names.quantity_text(event["quantity"], event["instrument"])
    return f"trade {quantity} @ {price_text(event['price'])} ({maker} / {taker})"


def _cancelled(names: Names, event: Event) -> str:
    return f"cancelled {_order(names, event)}, {Reason(event['reason']).name}"


def _reduced(names: Names, event: Event) -> str:
    whose = _whose(names, event["account"], event["client_order_id"])
    by, leaves = (
        names.quantity_text(event[f], event["instrument"]) for f in ("quantity", "leaves")
    )
    reason = Reason(event["reason"])
    why = f", {reason.name}" if reason else ""
    return f"reduced {whose}: by {by}, leaves {leaves}{why}"


def _replaced(names: Names, event: Event) -> str:
    old = _whose(names, event["account"], event["orig_client_order_id"])
    new = names.orders.name(event["client_order_id"])
    total, leaves = (
        names.quantity_text(event[f], event["instrument"]) for f in ("quantity", "leaves")
    )
    price = f" @ {price_text(event['price'])}" if event["price"] else ""
    stop = f" stop {price_text(event['trigger_price'])}" if event["trigger_price"] else ""
    return f"replaced {old} by {new}: {total}{price}{stop}, leaves {leaves}"


def _expired(names: Names, event: Event) -> str:
    """Why is said unless it is the end of the day."""
    why = "" if event["reason"] == Reason.END_OF_DAY else f", {Reason(event['reason']).name}"
    return f"expired {_order(names, event)}{why}"


def _triggered(names: Names, event: Event) -> str:
    return f"triggered {_order(names, event)} stop {price_text(event['trigger_price'])}"


def _order(names: Names, event: Event) -> str:
    quantity = names.quantity_text(event["quantity"], event["instrument"])
    return f"{_whose(names, event['account'], event['client_order_id'])}: {quantity}"


def _whose(names: Names, account: int, order: int) -> str:
    return f"{names.accounts.name(account)} {names.orders.name(order)}"


_TELL: dict[int, Callable[[Names, Event], str]] = {
    EventType.ACCEPTED: _accepted,
    EventType.REJECTED: _rejected,
    EventType.FILL: _trade,
    EventType.CANCELLED: _cancelled,
    EventType.REDUCED: _reduced,
    EventType.REPLACED: _replaced,
    EventType.EXPIRED: _expired,
    EventType.TRIGGERED: _triggered,
    **DAY_OUTCOMES,
    **LISTING_OUTCOMES,
}
