"""One command each, checked as far as that is possible without the engine's state.

Every function gives an array of one command (dtype COMMAND), so that several are put together
with `lmax.records.joined`. A value that could never be right is a TypeError or ValueError here;
what depends on the state (funds, ticks, unknown orders, …) the engine answers with an event.

account: 1..16777215; instrument: 1..65535; prices and money: see `lmax.amounts.price`.
Quantities are whole numbers of 10^-quantity_scale of a share: shares, unless the instrument
was defined with a quantity_scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

import numpy as np
import numpy.typing as npt

from lmax.amounts import Amount, scaled, to_decimal, whole
from lmax.schema import (
    COMMAND,
    COMMAND_FIELDS,
    HEAD_FIELDS,
    MAX_ACCOUNT,
    MAX_INSTRUMENT,
    RECORD_BYTES,
    CommandType,
    LotPolicy,
    offsets,
)

type Request = npt.NDArray[np.void]
"""An array of one command."""

USUAL_MAX_PRICE = 10**13
"""A thousand million currency units."""

MAX_ID = 2**64 - 1

# Setting the fields of a NumPy record one by one would take ten times as long.
LETTERS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i64": "q", "c8": "8s"}
HEAD = {field.name: 0 for field in HEAD_FIELDS}
PACK_HEAD = Struct("<" + "".join(LETTERS[field.kind] for field in HEAD_FIELDS)).pack_into
PACK_BODY = {
    field.name: (Struct("<" + LETTERS[field.kind]).pack_into, start)
    for field, start in zip(COMMAND_FIELDS, offsets(COMMAND_FIELDS), strict=True)
    if field.name not in HEAD
}


def command(kind: CommandType, **fields: int | bytes) -> Request:
    """A command with those fields set, the others zero.

    Fields of the body overlap those of other bodies: only the ones that the kind reads are given.
    """
    record = bytearray(RECORD_BYTES)
    head: dict[str, int | bytes] = {**HEAD, "type": kind}
    for name, value in fields.items():
        if name in head:
            head[name] = value
        elif value:
            pack, start = PACK_BODY[name]
            pack(record, start, value)
    PACK_HEAD(record, 0, *head.values())
    return np.frombuffer(record, COMMAND)


def only_known(options: Mapping[str, object], known: type) -> None:
    """TypeError for an option that a TypedDict does not have."""
    for name in options:
        if name not in known.__annotations__:
            raise TypeError(f"there is no option {name!r}; see {known.__name__}")


def define_instrument(
    instrument: int,
    symbol: str,
    *,
    tick: Amount = "0.01",
    lot: Amount = 1,
    min_price: Amount | None = None,
    max_price: Amount | None = None,
    max_quantity: Amount | None = None,
    quantity_scale: int = 0,
    lot_policy: LotPolicy = LotPolicy.ANY,
    round_lot: Amount = 0,
) -> Request:
    """A new instrument.

    symbol: 1 to 8 printable ASCII characters; tick, lot: what prices and quantities are
    multiples of; min_price: one tick unless told; max_price: about 1,000,000,000 unless told;
    max_quantity: of one order, about 1,000,000,000 shares unless told; lot_policy,
    round_lot: whether it takes orders below a round lot (a multiple of the lot; 0: the lot).
    """
    name = symbol_bytes(symbol)
    scale = whole(quantity_scale, "a quantity scale", 0, 9)
    tick_size = positive(tick, "a tick")
    lot_size = whole(lot, "a lot")
    if tick_size * lot_size % 10**scale:
        raise ValueError(
            f"the smallest trade, a lot of {lot} × 10^-{scale} shares at a tick of {tick}, is not"
            " a whole number of 0.0001: make the tick or the lot larger"
        )
    lowest = tick_size if min_price is None else positive(min_price, "a lowest price")
    usual = max(lowest, USUAL_MAX_PRICE // tick_size * tick_size)
    highest = usual if max_price is None else positive(max_price, "a highest price")
    for what, limit in (("lowest", lowest), ("highest", highest)):
        if limit % tick_size:
            raise ValueError(
                f"the {what} price {to_decimal(limit)} is not a multiple of the tick {tick}"
            )
    if lowest > highest:
        raise ValueError(f"the lowest price {min_price} is above the highest, {max_price}")
    return command(
        CommandType.DEFINE_INSTRUMENT,
        instrument=instrument_id(instrument),
        symbol=name,
        tick_size=tick_size,
        lot_size=lot_size,
        min_price=lowest,
        max_price=highest,
        max_quantity=largest_order(max_quantity, lot_size, scale),
        quantity_scale=scale,
        lot_policy=LotPolicy(lot_policy),
        round_lot=multiple_of(round_lot, lot_size),
    )


def largest_order(max_quantity: Amount | None, lot_size: int, scale: int) -> int:
    """The largest order of an instrument, a multiple of its lot."""
    if max_quantity is None:
        return max(lot_size, 10 ** (9 + scale) // lot_size * lot_size)
    largest = whole(max_quantity, "a largest quantity")
    if largest % lot_size:
        raise ValueError(f"the largest quantity {largest} is not a multiple of the lot {lot_size}")
    return largest


def multiple_of(round_lot: Amount, lot_size: int) -> int:
    """A round lot, a multiple of the lot; 0 stands for the lot."""
    size = whole(round_lot, "a round lot", 0)
    if size % lot_size:
        raise ValueError(f"the round lot {size} is not a multiple of the lot {lot_size}")
    return size


def open_account(account: int) -> Request:
    """An account without cash or shares."""
    return command(CommandType.OPEN_ACCOUNT, account=account_id(account))


def transfer(kind: CommandType, account: int, amount: Amount) -> Request:
    """A DEPOSIT or WITHDRAW of cash."""
    what = f"a {kind.name.lower()}"
    return command(kind, account=account_id(account), quantity=positive(amount, what))


def transfer_shares(kind: CommandType, account: int, instrument: int, quantity: Amount) -> Request:
    """A DEPOSIT or WITHDRAW of shares."""
    return command(
        kind,
        account=account_id(account),
        instrument=instrument_id(instrument),
        quantity=whole(quantity, "a quantity"),
    )


def cancel(account: int, instrument: int, client_order_id: int) -> Request:
    """The end of an open order."""
    return command(
        CommandType.CANCEL,
        account=account_id(account),
        instrument=instrument_id(instrument),
        orig_client_order_id=order_id(client_order_id),
    )


def reduce(account: int, instrument: int, client_order_id: int, by: Amount) -> Request:
    """Less of an open order, which keeps its place in the queue."""
    return command(
        CommandType.REDUCE,
        account=account_id(account),
        instrument=instrument_id(instrument),
        orig_client_order_id=order_id(client_order_id),
        quantity=whole(by, "a quantity"),
    )


def replace(
    account: int,
    instrument: int,
    client_order_id: int,
    *,
    new_client_order_id: int,
    quantity: Amount,
    price: Amount | None = None,
    stop: Amount | None = None,
) -> Request:
    """Another id, price and total quantity for an open order.

    price: none for an order without one (a stop, a market order that waits for an auction);
    stop: another trigger price of a stop order; the one it has stays if none is given.
    """
    return command(
        CommandType.REPLACE,
        account=account_id(account),
        instrument=instrument_id(instrument),
        orig_client_order_id=order_id(client_order_id),
        client_order_id=order_id(new_client_order_id),
        quantity=whole(quantity, "a quantity"),
        price=0 if price is None else positive(price, "a price"),
        trigger_price=0 if stop is None else positive(stop, "a trigger price"),
    )


def end_of_day() -> Request:
    """The expiry of every order of the day."""
    return command(CommandType.END_OF_DAY)


def positive(value: Amount, what: str) -> int:
    """Money above zero, as the engine counts it."""
    raw = scaled(value, what)
    if raw < 1:
        raise ValueError(f"{what} is above zero, {value} is not")
    return raw


def symbol_bytes(symbol: str) -> bytes:
    """A symbol as a record holds it."""
    if not 1 <= len(symbol) <= 8 or not all("!" <= letter <= "~" for letter in symbol):
        raise ValueError(f"a symbol is 1 to 8 printable ASCII characters, {symbol!r} is not")
    return symbol.encode("ascii")


def account_id(value: int) -> int:
    return whole(value, "an account", 1, MAX_ACCOUNT)


def instrument_id(value: int) -> int:
    return whole(value, "an instrument", 1, MAX_INSTRUMENT)


def order_id(value: int) -> int:
    return whole(value, "a client order id", 1, MAX_ID)
