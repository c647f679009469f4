"""A new order of any type as a command; see docs/matching.md for what goes together.

Arguments that contradict each other are an error here; a combination that the rules do not know
(a fill-or-kill stop, …) the engine refuses with an event.
"""

from __future__ import annotations

from typing import TypedDict

from lmax.amounts import Amount, scaled, whole
from lmax.requests import (
    Request,
    account_id,
    command,
    instrument_id,
    only_known,
    order_id,
    positive,
)
from lmax.schema import CommandType, Instruction, OrderType, SelfTrade, Side, TimeInForce
from lmax.times import Time, nanoseconds

PEGS = {"best": OrderType.PEG_BEST, "mid": OrderType.PEG_MID}

MOST_SESSION = 65_535


class OrderOptions(TypedDict, total=False):
    """What may be asked of a new order beyond its price and quantity.

    time_in_force: DAY unless told (GTD where `expire` is given).
    expire: GTD: ns since 1970 or a datetime with a time zone.
    stop: trigger price; with a price a stop-limit order, without a stop order.
    trail, trail_percent: a trailing stop, that far behind (money; percent with two decimals).
    peg: "best" or "mid", with the price as its limit; peg_offset: how far behind that, in money.
    market_to_limit: takes the best price there is, and rests there.
    display_quantity: iceberg: how much of it is shown. min_quantity: least it trades at once.
    hidden, all_or_none, short, cancel_on_disconnect, do_not_reduce: bits of Instruction.
    post_only: refused if it would trade at once; post_slide: moved one tick away instead.
    self_trade: what happens instead of a trade with oneself.
    session: the connection it belongs to, 1..65535.
    """

    time_in_force: TimeInForce
    expire: Time
    stop: Amount
    trail: Amount
    trail_percent: Amount
    peg: str
    peg_offset: Amount
    market_to_limit: bool
    display_quantity: Amount
    min_quantity: Amount
    hidden: bool
    post_only: bool
    post_slide: bool
    all_or_none: bool
    short: bool
    cancel_on_disconnect: bool
    do_not_reduce: bool
    self_trade: SelfTrade
    session: int


BITS = {
    "hidden": Instruction.HIDDEN,
    "post_only": Instruction.POST_ONLY,
    "post_slide": Instruction.POST_SLIDE,
    "all_or_none": Instruction.ALL_OR_NONE,
    "short": Instruction.SHORT,
    "cancel_on_disconnect": Instruction.CANCEL_ON_DISCONNECT,
    "do_not_reduce": Instruction.DO_NOT_REDUCE,
}

CONTRADICTIONS = [
    ("stop", "trail", "trail_percent", "peg", "market_to_limit"),
    ("hidden", "display_quantity"),
    ("post_only", "post_slide"),
    ("all_or_none", "min_quantity"),
]


def new_order(
    account: int,
    instrument: int,
    side: Side,
    quantity: Amount,
    price: Amount | None = None,
    *,
    client_order_id: int,
    options: OrderOptions | None = None,
) -> Request:
    """An order: with a price a limit order, else a market order, unless the options say more.

    Raises TypeError for an option that there is not, ValueError for options that contradict
    each other.
    """
    fields: dict[str, int | bytes] = {}
    order_type = OrderType.MARKET if price is None else OrderType.LIMIT
    if options:
        only_known(options, OrderOptions)
        _without_contradictions(options)
        order_type = _order_type(options, price)
        fields = _fields(options)
    return command(
        CommandType.NEW_ORDER,
        account=account_id(account),
        instrument=instrument_id(instrument),
        side=Side(side),
        order_type=order_type,
        price=0 if price is None else positive(price, "a price"),
        quantity=whole(quantity, "a quantity"),
        client_order_id=order_id(client_order_id),
        **fields,
    )


def _without_contradictions(options: OrderOptions) -> None:
    given = {name for name, value in options.items() if value is not None and value is not False}
    for names in CONTRADICTIONS:
        both = [name for name in names if name in given]
        if len(both) > 1:
            raise ValueError(f"{both[0]} and {both[1]} do not go together: give one of them")


def _order_type(options: OrderOptions, price: Amount | None) -> OrderType:
    """The type that the options make of it; ValueError for a price too many or too few."""
    if options.get("stop") is not None:
        return OrderType.STOP if price is None else OrderType.STOP_LIMIT
    peg = options.get("peg")
    if peg is not None:
        if peg not in PEGS:
            raise ValueError(f'an order is pegged to "best" or "mid", not to {peg!r}')
        if price is None:
            raise ValueError("a pegged order needs a price: the limit it never goes beyond")
        return PEGS[peg]
    if options.get("peg_offset") is not None:
        raise ValueError('peg_offset belongs to a pegged order: give peg="best" or peg="mid"')
    for name in ("trail", "trail_percent"):
        if options.get(name) is not None:
            return _without_price(OrderType.TRAILING_STOP, name, price)
    if options.get("market_to_limit"):
        return _without_price(OrderType.MARKET_TO_LIMIT, "market_to_limit", price)
    return OrderType.MARKET if price is None else OrderType.LIMIT


def _without_price(order_type: OrderType, name: str, price: Amount | None) -> OrderType:
    if price is not None:
        raise ValueError(f"an order with {name} has no price of its own: leave the price out")
    return order_type


def _fields(options: OrderOptions) -> dict[str, int | bytes]:
    """The fields of the command that the options set."""
    expire = options.get("expire")
    usual = TimeInForce.DAY if expire is None else TimeInForce.GTD
    fields: dict[str, int | bytes] = {
        "time_in_force": TimeInForce(options.get("time_in_force", usual)),
        "expire_time": 0 if expire is None else nanoseconds(expire, "a time of expiry"),
        "instructions": sum(bit for name, bit in BITS.items() if options.get(name)),
        "self_trade": SelfTrade(options.get("self_trade", SelfTrade.DEFAULT)),
        "session": whole(options.get("session", 0), "a session", 0, MOST_SESSION),
        "display_quantity": whole(options.get("display_quantity") or 0, "a display quantity", 0),
        "min_quantity": whole(options.get("min_quantity") or 0, "a minimum quantity", 0),
    }
    if (stop := options.get("stop")) is not None:
        fields["trigger_price"] = positive(stop, "a trigger price")
    if (trail := options.get("trail")) is not None:
        fields["offset"] = positive(trail, "a trailing distance")
    if (percent := options.get("trail_percent")) is not None:
        fields["offset"] = basis_points(percent, "a trailing distance", 1)
        fields["instructions"] = int(fields["instructions"]) | Instruction.TRAIL_PERCENT
    if (behind := options.get("peg_offset")) is not None:
        fields["offset"] = whole(scaled(behind, "a pegging offset"), "a pegging offset", 0)
    return fields


def basis_points(percent: Amount, what: str, least: int = 0) -> int:
    """Percent with at most two decimals, below 100, as the engine counts it: 10^-4 of a whole.

    Raises TypeError, ValueError.
    """
    raw = scaled(percent, what)
    if raw % 100 or not least <= raw // 100 <= 9_999:
        raise ValueError(f"{what} is below 100 percent with at most two decimals, {percent} is not")
    return raw // 100
