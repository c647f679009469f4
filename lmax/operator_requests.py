"""What an operator of the venue asks for, one command each; see lmax.requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from lmax.amounts import Amount, scaled, whole
from lmax.order_requests import MOST_SESSION, basis_points
from lmax.records import joined
from lmax.requests import (
    Request,
    account_id,
    command,
    instrument_id,
    only_known,
    positive,
    symbol_bytes,
)
from lmax.schema import (
    Action,
    CommandType,
    Permission,
    Phase,
    SelfTrade,
    Sides,
    Status,
    Tier,
    TriggerSource,
)
from lmax.times import Duration, Time, duration, nanoseconds

MOST_FIRM = 65_535
MOST_GROUP = 2**32 - 1


class ProtectionOptions(TypedDict, total=False):
    """Everything that protects an instrument; what is not named is off.

    collar, auction_collar, drop: percent with two decimals.
    extensions: how often an auction may be extended, 0..255; extension_time: by how much.
    halt_time: how long a fall by `drop` halts; times are ns or a timedelta, to 24 hours.
    tier: of its price bands. trigger_source: what stops look at, LAST unless told.
    all_or_none: whether such orders are taken.
    """

    collar: Amount
    auction_collar: Amount
    extensions: int
    extension_time: Duration
    drop: Amount
    halt_time: Duration
    tier: Tier
    trigger_source: TriggerSource
    all_or_none: bool


class MassCancelScope(TypedDict, total=False):
    """Whose orders end: those that match all that is named."""

    account: int | None
    instrument: int | None
    session: int | None
    firm: int | None
    sides: Sides


def timer() -> Request:
    """Whatever is due by now: expiries, ends of halts, bands, indicative prices."""
    return command(CommandType.TIMER)


def set_phase(phase: Phase, instrument: int | None = None) -> Request:
    """The phase of an instrument, or of all that are active."""
    return command(CommandType.SET_PHASE, instrument=any_instrument(instrument), phase=Phase(phase))


def set_status(instrument: int, status: Status) -> Request:
    """Trading of an instrument is suspended, allowed again, or ended for ever (DELISTED)."""
    return command(
        CommandType.SET_STATUS, instrument=instrument_id(instrument), status=Status(status)
    )


def set_reference(instrument: int, price: Amount) -> Request:
    """The price that bands, collars of auctions and falls are measured from."""
    return command(
        CommandType.SET_REFERENCE,
        instrument=instrument_id(instrument),
        price=positive(price, "a reference price"),
    )


def set_protection(instrument: int, **options: Unpack[ProtectionOptions]) -> Request:
    """Everything that protects an instrument, anew; TypeError for an option that there is not."""
    only_known(options, ProtectionOptions)
    return command(
        CommandType.SET_PROTECTION,
        instrument=instrument_id(instrument),
        collar=basis_points(options.get("collar", 0), "a collar"),
        auction_collar=basis_points(options.get("auction_collar", 0), "an auction collar"),
        extensions=whole(options.get("extensions", 0), "the number of extensions", 0, 255),
        extension_time=duration(options.get("extension_time", 0), "the time of an extension"),
        drop=basis_points(options.get("drop", 0), "a drop"),
        halt_time=duration(options.get("halt_time", 0), "the time of a halt"),
        tier=Tier(options.get("tier", Tier.NONE)),
        trigger_source=TriggerSource(options.get("trigger_source", TriggerSource.LAST)),
        permissions=Permission.ALL_OR_NONE if options.get("all_or_none") else 0,
    )


def set_tick_table(
    instrument: int, rows: Sequence[tuple[Amount, Amount]], effective: Time = 0
) -> Request:
    """A table of ticks: (price from which on, tick), the first from 0; one command for each row.

    effective: when it takes the place of the one in force; at once unless told.
    Raises ValueError for no row or more than 24.
    """
    if not 1 <= len(rows) <= 24:
        raise ValueError(f"a tick table has 1 to 24 rows, this one has {len(rows)}")
    return joined(
        [
            command(
                CommandType.SET_TICK_ROW,
                instrument=instrument_id(instrument),
                price=whole(scaled(start, "the price of a row"), "the price of a row", 0),
                tick_size=positive(tick, "a tick"),
                row=number,
                rows=len(rows),
                effective_time=nanoseconds(effective, "the date of a tick table"),
            )
            for number, (start, tick) in enumerate(rows)
        ]
    )


def set_account(
    account: int,
    *,
    firm: int = 0,
    group: int = 0,
    self_trade: SelfTrade = SelfTrade.DEFAULT,
) -> Request:
    """The firm and group of an account, and what happens instead of a trade with itself."""
    return command(
        CommandType.SET_ACCOUNT,
        account=account_id(account),
        firm=whole(firm, "a firm", 0, MOST_FIRM),
        group=whole(group, "a group", 0, MOST_GROUP),
        self_trade=SelfTrade(self_trade),
    )


def set_close(time: Time) -> Request:
    """When the market closes today."""
    return command(CommandType.SET_CLOSE, expire_time=nanoseconds(time, "the close"))


def set_index(level: Amount, reference: Amount) -> Request:
    """An index now, and what it is compared with (its last close)."""
    return command(
        CommandType.SET_INDEX,
        price=positive(level, "the level of an index"),
        quantity=positive(reference, "the reference of an index"),
    )


def kill_switch(
    on: bool, *, account: int | None = None, firm: int | None = None, instrument: int | None = None
) -> Request:
    """Trading of an account, a firm, an instrument or (none named) the venue ends, or may go on."""
    if sum(named is not None for named in (account, firm, instrument)) > 1:
        raise ValueError("a kill switch is for one account, one firm, one instrument, or the venue")
    return command(
        CommandType.KILL_SWITCH,
        account=any_account(account),
        firm=any_firm(firm),
        instrument=any_instrument(instrument),
        enabled=int(bool(on)),
    )


def mass_cancel(**scope: Unpack[MassCancelScope]) -> Request:
    """The end of every open order in that scope; TypeError for a name that there is not."""
    only_known(scope, MassCancelScope)
    session = scope.get("session")
    return command(
        CommandType.MASS_CANCEL,
        account=any_account(scope.get("account")),
        instrument=any_instrument(scope.get("instrument")),
        session=0 if session is None else session_id(session),
        firm=any_firm(scope.get("firm")),
        sides=Sides(scope.get("sides", Sides.BOTH)),
    )


def session_ended(session: int) -> Request:
    """The end of the session's orders with CANCEL_ON_DISCONNECT."""
    return command(CommandType.SESSION_ENDED, session=session_id(session))


def split(
    instrument: int, numerator: int, denominator: int, *, cash_in_lieu: Amount = 0
) -> Request:
    """So many new shares for so many old ones; what makes no lot is paid at a price a share."""
    new, old = (whole(part, "a part of a split", 1, 1000) for part in (numerator, denominator))
    if new == old:
        raise ValueError(f"a split of {new} for {old} changes nothing")
    return command(
        CommandType.CORPORATE_ACTION,
        instrument=instrument_id(instrument),
        action=Action.SPLIT,
        numerator=new,
        denominator=old,
        price=whole(scaled(cash_in_lieu, "cash in lieu"), "cash in lieu", 0),
    )


def dividend(instrument: int, amount: Amount) -> Request:
    """Money for every share."""
    return command(
        CommandType.CORPORATE_ACTION,
        instrument=instrument_id(instrument),
        action=Action.DIVIDEND,
        price=positive(amount, "a dividend"),
    )


def change_symbol(instrument: int, symbol: str) -> Request:
    """Another name."""
    return command(
        CommandType.CORPORATE_ACTION,
        instrument=instrument_id(instrument),
        action=Action.SYMBOL_CHANGE,
        symbol=symbol_bytes(symbol),
    )


def bust_trade(instrument: int, trade_id: int) -> Request:
    """A trade is undone: the money goes back, and so do the shares."""
    return command(
        CommandType.BUST_TRADE, instrument=instrument_id(instrument), trade_id=trade(trade_id)
    )


def correct_trade(instrument: int, trade_id: int, *, price: Amount, quantity: Amount) -> Request:
    """A trade gets another price, and a quantity not above the one it has."""
    return command(
        CommandType.CORRECT_TRADE,
        instrument=instrument_id(instrument),
        trade_id=trade(trade_id),
        price=positive(price, "a price"),
        quantity=whole(quantity, "a quantity"),
    )


def any_account(value: int | None) -> int:
    return 0 if value is None else account_id(value)


def any_instrument(value: int | None) -> int:
    return 0 if value is None else instrument_id(value)


def any_firm(value: int | None) -> int:
    return 0 if value is None else whole(value, "a firm", 1, MOST_FIRM)


def session_id(value: int) -> int:
    return whole(value, "a session", 1, MOST_SESSION)


def trade(value: int) -> int:
    return whole(value, "a trade id", 1, 2**64 - 1)
