"""What came of corporate actions, busts and corrections, in the words of a scenario."""

from collections.abc import Callable

from lmax.schema import EventType
from tests.scenarios.names import PRICE_SCALE, Names, price_text, to_text
from tests.twin import Event


def adjusted(names: Names, event: Event) -> str:
    """Of an order, or of a position, which has no order id."""
    account, instrument = names.accounts.name(event["account"]), event["instrument"]
    now, then = (names.quantity_text(event[f], instrument) for f in ("quantity", "leaves"))
    if not event["client_order_id"]:
        symbol = _symbol(names, instrument)
        paid = to_text(event["amount"], PRICE_SCALE, 2)
        return f"adjusted {account}: {symbol} {then} becomes {now}, paid {paid}"
    prices = f" @ {price_text(event['price'])}" if event["price"] else ""
    if event["trigger_price"]:
        prices += f" stop {price_text(event['trigger_price'])}"
    return f"adjusted {account} {names.orders.name(event['client_order_id'])}: {now}{prices}" + (
        f", leaves {then}"
    )


def busted(names: Names, event: Event) -> str:
    return f"busted {_trade(names, event)}"


def corrected(names: Names, event: Event) -> str:
    was = names.quantity_text(event["leaves"], event["instrument"])
    return f"corrected {_trade(names, event)}, was {was}"


def _symbol(names: Names, instrument: int) -> str:
    """The name that the instrument was given last."""
    named = [symbol for symbol, (number, _) in names.instruments.items() if number == instrument]
    return named[-1]


def _trade(names: Names, event: Event) -> str:
    buyer, seller = (names.accounts.name(event[f]) for f in ("account", "maker_account"))
    quantity = names.quantity_text(event["quantity"], event["instrument"])
    number, price = event["trade_id"], price_text(event["price"])
    return f"{number}: {quantity} @ {price} ({seller} to {buyer})"


LISTING_OUTCOMES: dict[int, Callable[[Names, Event], str]] = {
    EventType.ADJUSTED: adjusted,
    EventType.BUSTED: busted,
    EventType.CORRECTED: corrected,
}
LISTING_WORDS = ("adjusted", "busted", "corrected")
