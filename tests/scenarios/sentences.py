"""The sentences that do something: each gives the commands it stands for."""

from lmax.schema import CommandType, LotPolicy
from tests.scenarios.account_sentences import ACCOUNT_SENTENCES
from tests.scenarios.day_sentences import DAY_SENTENCES
from tests.scenarios.listing_sentences import LISTING_SENTENCES
from tests.scenarios.names import PRICE_SCALE, Names, to_units
from tests.scenarios.order_sentences import ORDER_SENTENCES
from tests.scenarios.sentence import Match, sentence
from tests.twin import Command


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
            lot_policy=LotPolicy[m["policy"] or "ANY"],
            round_lot=to_units(m["round"] or "0", scale),
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


def _end_of_day(names: Names, m: Match) -> list[Command]:
    return [Command(type=CommandType.END_OF_DAY)]


def _raw(names: Names, m: Match) -> list[Command]:
    fields = dict(word.split("=") for word in m["fields"].split())
    symbol = fields.pop("symbol", "").encode()
    return [Command(symbol=symbol, **{name: int(value) for name, value in fields.items()})]


SENTENCES = [
    sentence(
        r"instrument (?P<id>\d+) (?P<symbol>\S+)(?: tick (?P<tick>\S+))?(?: lot (?P<lot>\S+))?"
        r"(?: scale (?P<scale>\d+))?(?: min (?P<min>\S+))?(?: max (?P<max>\S+))?"
        r"(?: largest (?P<largest>\S+))?(?: round (?P<round>\S+))?(?: (?P<policy>[A-Z_]+))?",
        _instrument,
    ),
    sentence(r"account (?P<account>\w+)(?P<holdings>(?: \S+ \S+)+)?", _account),
    sentence(
        r"(?P<account>\w+) (?P<verb>deposits|withdraws) (?P<amount>\S+) (?P<asset>\S+)", _transfer
    ),
    *ORDER_SENTENCES,
    *ACCOUNT_SENTENCES,
    *DAY_SENTENCES,
    *LISTING_SENTENCES,
    sentence(r"day ends", _end_of_day),
    sentence(r"raw (?P<fields>.+)", _raw),
]
