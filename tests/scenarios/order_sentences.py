"""Sentences about orders: new ones of every kind, cancels, reduces and replaces."""

from collections.abc import Callable, Iterator
from typing import Any

from lmax.schema import CommandType, Instruction, OrderType, SelfTrade, Side, TimeInForce
from tests.scenarios.names import PRICE_SCALE, Names, to_units
from tests.scenarios.sentence import Match, sentence
from tests.scenarios.units import basis_points, time_of_day
from tests.twin import Command

INSTRUCTIONS = {
    "hidden": Instruction.HIDDEN,
    "post-only": Instruction.POST_ONLY,
    "slide": Instruction.POST_SLIDE,
    "all-or-none": Instruction.ALL_OR_NONE,
    "short": Instruction.SHORT,
    "cancel-on-disconnect": Instruction.CANCEL_ON_DISCONNECT,
    "do-not-reduce": Instruction.DO_NOT_REDUCE,
}
"""Words behind an order, and their bits."""


def self_trade(word: str) -> SelfTrade:
    """``cancel-newest`` and so on."""
    return SelfTrade[word.replace("-", "_").upper()]


def _price(text: str) -> int:
    return to_units(text, PRICE_SCALE)


def _kind(words: Iterator[str]) -> dict[str, Any]:
    """What stands between the symbol and ``as``: order type, prices and offset."""
    fields: dict[str, Any] = {"instructions": 0}
    for word in words:
        if word == "@":
            fields["price"] = _price(next(words))
        elif word == "behind":
            fields["offset"] = _price(next(words))
        else:
            fields |= _TYPES[word](words)
    if "order_type" not in fields:
        fields["order_type"] = OrderType.LIMIT
    elif fields["order_type"] == OrderType.STOP and "price" in fields:
        fields["order_type"] = OrderType.STOP_LIMIT
    return fields


def _market(words: Iterator[str]) -> dict[str, Any]:
    _expect(words, "market")
    return {"order_type": OrderType.MARKET}


def _market_to_limit(words: Iterator[str]) -> dict[str, Any]:
    _expect(words, "to", "limit")
    return {"order_type": OrderType.MARKET_TO_LIMIT}


def _stop(words: Iterator[str]) -> dict[str, Any]:
    return {"order_type": OrderType.STOP, "trigger_price": _price(next(words))}


def _trailing(words: Iterator[str]) -> dict[str, Any]:
    distance = next(words)
    if distance.endswith("%"):
        share = {"offset": basis_points(distance), "instructions": Instruction.TRAIL_PERCENT}
        return {"order_type": OrderType.TRAILING_STOP} | share
    return {"order_type": OrderType.TRAILING_STOP, "offset": _price(distance)}


def _pegged(words: Iterator[str]) -> dict[str, Any]:
    _expect(words, "to")
    return {"order_type": OrderType[f"PEG_{next(words).upper()}"]}


_TYPES: dict[str, Callable[[Iterator[str]], dict[str, Any]]] = {
    "at": _market,
    "market": _market_to_limit,
    "stop": _stop,
    "trailing": _trailing,
    "pegged": _pegged,
}


def _expect(words: Iterator[str], *expected: str) -> None:
    for word in expected:
        if (found := next(words)) != word:
            raise ValueError(f"expected {word}, found {found}")


def _conditions(names: Names, symbol: str, words: Iterator[str]) -> dict[str, Any]:
    """What stands behind the order's name: time in force, instructions, quantities."""
    fields: dict[str, Any] = {"instructions": 0}
    for word in words:
        if word in INSTRUCTIONS:
            fields["instructions"] |= INSTRUCTIONS[word]
        elif word == "showing":
            fields["display_quantity"] = names.quantity(next(words), symbol)
        elif word == "least":
            fields["min_quantity"] = names.quantity(next(words), symbol)
        elif word == "session":
            fields["session"] = int(next(words))
        elif word == "stp":
            fields["self_trade"] = self_trade(next(words))
        elif word == "until":
            fields["expire_time"] = time_of_day(next(words))
            fields["time_in_force"] = TimeInForce.GTD
        elif word in TimeInForce.__members__:
            fields["time_in_force"] = TimeInForce[word]
        else:
            raise ValueError(f"{word} cannot be said of an order")
    return fields


def _new_orders(names: Names, m: Match) -> list[Command]:
    """One order, or as many alike as ``b1..b500`` has names."""
    if not m["last"]:
        return [_new_order(names, m, m["order"])]
    word = m["order"].rstrip("0123456789")
    first, last = int(m["order"][len(word) :]), int(m["last"].removeprefix(word))
    return [_new_order(names, m, f"{word}{number}") for number in range(first, last + 1)]


def _new_order(names: Names, m: Match, order: str) -> Command:
    names.order_instruments[m["account"], order] = m["symbol"]
    fields = _kind(iter(m["kind"].split()))
    conditions = _conditions(names, m["symbol"], iter((m["conditions"] or "").split()))
    conditions["instructions"] |= fields["instructions"]
    return Command(
        type=CommandType.NEW_ORDER,
        account=names.accounts.number(m["account"]),
        client_order_id=names.orders.number(order),
        instrument=names.instrument(m["symbol"]),
        side=Side.BUY if m["verb"] == "buys" else Side.SELL,
        quantity=names.quantity(m["quantity"], m["symbol"]),
        **(fields | conditions),
    )


def _symbol(names: Names, m: Match) -> str:
    return names.symbol_of_order(m["account"], m["order"], m["symbol"])


def _about_order(names: Names, m: Match, kind: CommandType, **fields: Any) -> list[Command]:
    """One command about an order that is there."""
    return [
        Command(
            type=kind,
            account=names.accounts.number(m["account"]),
            instrument=names.instrument(_symbol(names, m)),
            orig_client_order_id=names.orders.number(m["order"]),
            **fields,
        )
    ]


def _cancel(names: Names, m: Match) -> list[Command]:
    return _about_order(names, m, CommandType.CANCEL)


def _reduce(names: Names, m: Match) -> list[Command]:
    quantity = names.quantity(m["quantity"], _symbol(names, m))
    return _about_order(names, m, CommandType.REDUCE, quantity=quantity)


def _replace(names: Names, m: Match) -> list[Command]:
    symbol = _symbol(names, m)
    names.order_instruments[m["account"], m["new"]] = symbol
    return _about_order(
        names,
        m,
        CommandType.REPLACE,
        client_order_id=names.orders.number(m["new"]),
        price=_price(m["price"] or "0"),
        trigger_price=_price(m["trigger"] or "0"),
        quantity=names.quantity(m["quantity"], symbol),
    )


_ORDER = r"(?P<account>\w+) {verb} (?P<order>\w+)"
_ON = r"(?: on (?P<symbol>\S+))?"
_PRICES = r"(?: @ (?P<price>\S+))?(?: stop (?P<trigger>\S+))?"

ORDER_SENTENCES = [
    sentence(
        r"(?P<account>\w+) (?P<verb>buys|sells) (?P<quantity>\S+) (?P<symbol>\S+)"
        r" (?P<kind>.+?) as (?P<order>\w+)(?:\.\.(?P<last>\w+))?(?: (?P<conditions>.+))?",
        _new_orders,
    ),
    sentence(_ORDER.format(verb="cancels") + _ON, _cancel),
    sentence(_ORDER.format(verb="reduces") + r" by (?P<quantity>\S+)" + _ON, _reduce),
    sentence(
        _ORDER.format(verb="replaces") + r" by (?P<new>\w+): (?P<quantity>\S+)" + _PRICES + _ON,
        _replace,
    ),
]
