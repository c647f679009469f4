"""The sentences that do something: each gives the commands it stands for."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lmax.schema import CommandType, OrderType, Side, TimeInForce
from tests.scenarios.names import PRICE_SCALE, Names, to_units
from tests.twin import Command

type Match = re.Match[str]


@dataclass(frozen=True)
class Sentence:
    """A kind of line and the commands it means."""

    pattern: re.Pattern[str]
    commands: Callable[[Names, Match], list[Command]]


def _instrument(names: Names, m: Match) -> list[Command]:
    scale = int(m["scale"] or 0)
    names.instruments.setdefault(m["symbol"], (int(m["id"]), scale))
    tick = to_units(m["tick"] or "0.01", PRICE_SCALE)
    return [
        Command(
            type=CommandType.DEFINE_INSTRUMENT,
            instrument=int(m["id"]),
            symbol=m["symbol"].encode(),
            quantity_scale=scale,
            tick_size=tick,
            lot_size=to_units(m["lot"] or "1", scale),
            min_price=to_units(m["min"], PRICE_SCALE) if m["min"] else tick,
            max_price=to_units(m["max"] or "100000", PRICE_SCALE),
            max_quantity=to_units(m["largest"] or "1000000", scale),
        )
    ]


def _account(names: Names, m: Match) -> list[Command]:
    account = names.accounts.number(m["account"])
    opening = [Command(type=CommandType.OPEN_ACCOUNT, account=account)]
    words = (m["holdings"] or "").split()
    deposits = [
        Command(
            type=CommandType.DEPOSIT,
            account=account,
            instrument=names.asset(asset),
            quantity=names.amount(amount, asset),
        )
        for asset, amount in zip(words[::2], words[1::2], strict=True)
    ]
    return opening + deposits


def _transfer(names: Names, m: Match) -> list[Command]:
    verb = CommandType.DEPOSIT if m["verb"] == "deposits" else CommandType.WITHDRAW
    return [
        Command(
            type=verb,
            account=names.accounts.number(m["account"]),
            instrument=names.asset(m["asset"]),
            quantity=names.amount(m["amount"], m["asset"]),
        )
    ]


def _new_order(names: Names, m: Match) -> list[Command]:
    names.order_instruments[m["account"], m["order"]] = m["symbol"]
    return [
        Command(
            type=CommandType.NEW_ORDER,
            account=names.accounts.number(m["account"]),
            client_order_id=names.orders.number(m["order"]),
            instrument=names.instrument(m["symbol"]),
            side=Side.BUY if m["verb"] == "buys" else Side.SELL,
            order_type=OrderType.LIMIT if m["price"] else OrderType.MARKET,
            time_in_force=TimeInForce[m["tif"] or "DAY"],
            price=to_units(m["price"] or "0", PRICE_SCALE),
            quantity=names.quantity(m["quantity"], m["symbol"]),
        )
    ]


def _cancel(names: Names, m: Match) -> list[Command]:
    symbol = names.symbol_of_order(m["account"], m["order"], m["symbol"])
    return [
        Command(
            type=CommandType.CANCEL,
            account=names.accounts.number(m["account"]),
            instrument=names.instrument(symbol),
            orig_client_order_id=names.orders.number(m["order"]),
        )
    ]


def _reduce(names: Names, m: Match) -> list[Command]:
    symbol = names.symbol_of_order(m["account"], m["order"], m["symbol"])
    return [
        Command(
            type=CommandType.REDUCE,
            account=names.accounts.number(m["account"]),
            instrument=names.instrument(symbol),
            orig_client_order_id=names.orders.number(m["order"]),
            quantity=names.quantity(m["quantity"], symbol),
        )
    ]


def _replace(names: Names, m: Match) -> list[Command]:
    symbol = names.symbol_of_order(m["account"], m["order"], m["symbol"])
    names.order_instruments[m["account"], m["new"]] = symbol
    return [
        Command(
            type=CommandType.REPLACE,
            account=names.accounts.number(m["account"]),
            instrument=names.instrument(symbol),
            orig_client_order_id=names.orders.number(m["order"]),
            client_order_id=names.orders.number(m["new"]),
            price=to_units(m["price"], PRICE_SCALE),
            quantity=names.quantity(m["quantity"], symbol),
        )
    ]


def _end_of_day(names: Names, m: Match) -> list[Command]:
    return [Command(type=CommandType.END_OF_DAY)]


def _raw(names: Names, m: Match) -> list[Command]:
    fields = dict(word.split("=") for word in m["fields"].split())
    symbol = fields.pop("symbol", "").encode()
    return [Command(symbol=symbol, **{name: int(value) for name, value in fields.items()})]


def _sentence(pattern: str, commands: Callable[[Names, Match], list[Command]]) -> Sentence:
    return Sentence(re.compile(pattern), commands)


_ORDER = r"(?P<account>\w+) {verb} (?P<order>\w+)"
_ON = r"(?: on (?P<symbol>\S+))?"
_AT = r"(?P<quantity>\S+) @ (?P<price>\S+)"

SENTENCES = [
    _sentence(
        r"instrument (?P<id>\d+) (?P<symbol>\S+)(?: tick (?P<tick>\S+))?(?: lot (?P<lot>\S+))?"
        r"(?: scale (?P<scale>\d+))?(?: min (?P<min>\S+))?(?: max (?P<max>\S+))?"
        r"(?: largest (?P<largest>\S+))?",
        _instrument,
    ),
    _sentence(r"account (?P<account>\w+)(?P<holdings>(?: \S+ \S+)+)?", _account),
    _sentence(
        r"(?P<account>\w+) (?P<verb>deposits|withdraws) (?P<amount>\S+) (?P<asset>\S+)", _transfer
    ),
    _sentence(
        r"(?P<account>\w+) (?P<verb>buys|sells) (?P<quantity>\S+) (?P<symbol>\S+)"
        r" (?:@ (?P<price>\S+)|at market) as (?P<order>\w+)(?: (?P<tif>DAY|GTC|IOC|FOK))?",
        _new_order,
    ),
    _sentence(_ORDER.format(verb="cancels") + _ON, _cancel),
    _sentence(_ORDER.format(verb="reduces") + r" by (?P<quantity>\S+)" + _ON, _reduce),
    _sentence(_ORDER.format(verb="replaces") + r" by (?P<new>\w+): " + _AT + _ON, _replace),
    _sentence(r"day ends", _end_of_day),
    _sentence(r"raw (?P<fields>.+)", _raw),
]
