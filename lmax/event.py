"""One event of the engine as a Python object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from lmax.amounts import to_decimal
from lmax.schema import (
    EVENT,
    CommandType,
    EventFlag,
    EventType,
    OrderType,
    Phase,
    Reason,
    Side,
    Status,
    TimeInForce,
)


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """What happened; the fields are those of docs/records.md.

    raw_price, raw_amount: in 10^-4 of the currency unit, `price` and `amount` give them as exact
    decimals. Quantities: in 10^-quantity_scale of a share, or in 10^-4 of the currency unit
    where cash was paid in or out. timestamp: ns since 1970. A rejected event repeats what was
    asked for: where that is none of the codes (an array may hold anything), it is a plain int.
    symbol: of an accepted definition or change of symbol; phase, status: of a PHASE event;
    state_hash: of an accepted CHECKPOINT.
    docs/matching.md tells what price, quantity, leaves and amount mean in each type of event.
    """

    sequence: int
    timestamp: int
    client_order_id: int
    raw_price: int
    quantity: int
    leaves: int
    account: int
    instrument: int
    type: EventType
    command: CommandType | int
    side: Side | int
    reason: Reason
    order_type: OrderType | int
    time_in_force: TimeInForce | int
    flags: int
    quantity_scale: int
    trade_id: int
    raw_amount: int
    orig_client_order_id: int
    maker_client_order_id: int
    maker_leaves: int
    maker_account: int
    order_count: int
    index: int
    phase: Phase
    status: Status
    symbol: str
    raw_trigger_price: int
    state_hash: int

    @property
    def price(self) -> Decimal:
        """Limit price, trade price, price of the level, or tick; 0 where there is none."""
        return to_decimal(self.raw_price)

    @property
    def trigger_price(self) -> Decimal:
        """When a stop order triggers, or did; 0 where there is none."""
        return to_decimal(self.raw_trigger_price)

    @property
    def amount(self) -> Decimal:
        """Money that changed hands, or that was paid in or out; 0 otherwise."""
        return to_decimal(self.quantity if self._is_cash else self.raw_amount)

    @property
    def is_last(self) -> bool:
        """Whether it is the last event of its command."""
        return bool(self.flags & EventFlag.LAST)

    @property
    def _is_cash(self) -> bool:
        return self.instrument == 0 and self.command in (
            CommandType.DEPOSIT,
            CommandType.WITHDRAW,
        )

    def __str__(self) -> str:
        """A line such as ``FILL order 1 of account 7: buy 100 of 3 at 20.1000, …``."""
        return f"{self.type.name} {_TEXT.get(self.type, _command_text)(self)}".rstrip()

    def __repr__(self) -> str:
        return f"<Event {self.sequence}.{self.index} {self}>"


def events_of(array: npt.NDArray[np.void]) -> Iterator[Event]:
    """The rows of an array of dtype EVENT, one by one."""
    return map(event_of, array.tolist())


def event_of(row: tuple[Any, ...]) -> Event:
    """The event of one row, as ``tolist`` gives it."""
    fields = list(row)
    for place, codes in _CODES:
        fields[place] = codes.get(fields[place], fields[place])
    # A name, a trigger price and a state hash share their bytes.
    command = fields[_COMMAND] if fields[_TYPE] == EventType.ACCEPTED else None
    name, price, state_hash = fields[-3:]
    if command in _NAMED:
        fields[-3:] = name.decode("ascii", "replace"), 0, 0
    elif command == CommandType.CHECKPOINT:
        fields[-3:] = "", 0, state_hash
    else:
        fields[-3:] = "", price, 0
    del fields[_RESERVED]
    return Event(*fields)


def _codes(enum: type[IntEnum]) -> dict[int, IntEnum]:
    return {int(member): member for member in enum}


_NAMES = list(EVENT.names or ())
_TYPE, _COMMAND, _RESERVED = map(_NAMES.index, ("type", "command", "reserved0"))
_NAMED = (CommandType.DEFINE_INSTRUMENT, CommandType.CORPORATE_ACTION)
_CODES = [
    (_NAMES.index(name), _codes(enum))
    for name, enum in (
        ("type", EventType),
        ("command", CommandType),
        ("side", Side),
        ("reason", Reason),
        ("order_type", OrderType),
        ("time_in_force", TimeInForce),
        ("phase", Phase),
        ("status", Status),
    )
]


# -- the words ----------------------------------------------------------------------------


def _name(code: int) -> str:
    return code.name if isinstance(code, IntEnum) else str(code)


def _order(event: Event) -> str:
    return (
        f"order {event.client_order_id} of account {event.account}:"
        f" {_name(event.side).lower()} {event.quantity} of instrument {event.instrument}"
        f"{_price(event)}"
    )


def _price(event: Event) -> str:
    """Where an order trades: at a price, the market, behind a best price; and from when on."""
    if event.order_type in (OrderType.MARKET, OrderType.STOP, OrderType.TRAILING_STOP):
        price = " at market"
    elif event.order_type in (OrderType.PEG_BEST, OrderType.PEG_MID):
        price = f" at {_name(event.order_type)[4:].lower()}, limit {event.price}"
    else:
        price = f" at {event.price}"
    return price + (f", stop {event.trigger_price}" if event.raw_trigger_price else "")


def _order_text(event: Event) -> str:
    ended = f", {event.reason.name}" if event.reason else ""
    was = f", was {event.orig_client_order_id}" if event.orig_client_order_id else ""
    return f"{_order(event)}{was}, {event.leaves} open{ended}"


def _fill_text(event: Event) -> str:
    return (
        f"order {event.client_order_id} of account {event.account}: {_name(event.side).lower()}"
        f" {event.quantity} of instrument {event.instrument} at {event.price}, {event.leaves} open;"
        f" from order {event.maker_client_order_id} of account {event.maker_account},"
        f" {event.maker_leaves} open; trade {event.trade_id}"
        f"{' in an auction' if event.flags & EventFlag.AUCTION else ''}"
    )


def _book_text(event: Event) -> str:
    return (
        f"instrument {event.instrument}: {_name(event.side).lower()} side at {event.price}:"
        f" {event.quantity} in {event.order_count} order{'' if event.order_count == 1 else 's'}"
    )


def _phase_text(event: Event) -> str:
    why = f", {event.reason.name}" if event.reason else ""
    return f"instrument {event.instrument}: {_name(event.phase)}, {_name(event.status)}{why}"


def _auction_text(event: Event) -> str:
    sort = "" if event.flags & EventFlag.AUCTION else "indicative, "
    left = f", {event.leaves} too much on the {_name(event.side).lower()} side"
    why = f", {event.reason.name}" if event.reason else ""
    return (
        f"instrument {event.instrument}: {sort}{event.quantity} at {event.price}"
        f"{left if event.leaves else ''}{why}"
    )


def _limit_state_text(event: Event) -> str:
    what = "begins" if event.quantity else "ends"
    return (
        f"instrument {event.instrument}: {what}, {_name(event.side).lower()} side at {event.price}"
    )


def _bands_text(event: Event) -> str:
    around = to_decimal(event.quantity)
    return f"instrument {event.instrument}: {event.amount} to {event.price} around {around}"


def _restriction_text(event: Event) -> str:
    return f"instrument {event.instrument}: {'begins' if event.quantity else 'ends'}"


def _adjusted_text(event: Event) -> str:
    """Of an order, or of a position (which has no order id)."""
    if event.client_order_id:
        return _order_text(event)
    return (
        f"instrument {event.instrument} account {event.account}: {event.quantity},"
        f" before {event.leaves}; paid {event.amount}"
    )


def _trade_text(event: Event) -> str:
    was = f" (was {event.leaves})" if event.leaves != event.quantity else ""
    return (
        f"trade {event.trade_id} of instrument {event.instrument}: account {event.account} from"
        f" account {event.maker_account}, {event.quantity}{was} at {event.price}"
    )


def _command_text(event: Event) -> str:
    """Acceptance or rejection of a command of any kind."""
    if event.command == CommandType.NEW_ORDER and event.type == EventType.ACCEPTED:
        return _order_text(event)
    words = [_name(event.command)]
    if event.symbol:
        words.append(event.symbol)
    for what, number in (
        ("instrument", event.instrument),
        ("account", event.account),
        ("order", event.client_order_id),
        ("about order", event.orig_client_order_id),
    ):
        words += [what, str(number)] if number else []
    if event.command in (CommandType.DEPOSIT, CommandType.WITHDRAW):
        words.append(str(event.amount if event._is_cash else event.quantity))
    if event.state_hash:
        words.append(f"{event.state_hash:016x}")
    return " ".join(words) + (f": {event.reason.name}" if event.reason else "")


_TEXT = {
    EventType.FILL: _fill_text,
    EventType.BOOK: _book_text,
    EventType.CANCELLED: _order_text,
    EventType.REDUCED: _order_text,
    EventType.REPLACED: _order_text,
    EventType.EXPIRED: _order_text,
    EventType.TRIGGERED: _order_text,
    EventType.PHASE: _phase_text,
    EventType.AUCTION: _auction_text,
    EventType.LIMIT_STATE: _limit_state_text,
    EventType.BANDS: _bands_text,
    EventType.RESTRICTION: _restriction_text,
    EventType.ADJUSTED: _adjusted_text,
    EventType.BUSTED: _trade_text,
    EventType.CORRECTED: _trade_text,
}
