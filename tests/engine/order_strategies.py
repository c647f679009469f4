"""Hypothesis strategies for orders of every type, mostly such that go together."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from lmax.schema import CommandType, Instruction, OrderType, SelfTrade, Side, Sides, TimeInForce
from tests.engine.market import FEW_ACCOUNTS, INSTRUMENTS
from tests.twin import Command, build

MIDDLE = 8
"""Ticks above the lowest price, about which orders gather."""

STAY = [TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD]
PLAIN_TIMES = [*STAY, TimeInForce.IOC, TimeInForce.FOK, *list(TimeInForce)[5:]]
RESTING = [
    0,
    Instruction.HIDDEN,
    Instruction.POST_ONLY,
    Instruction.POST_SLIDE,
    Instruction.ALL_OR_NONE,
    Instruction.HIDDEN | Instruction.POST_SLIDE,
]

accounts = st.sampled_from(FEW_ACCOUNTS)
definitions = st.sampled_from([INSTRUMENTS[0], INSTRUMENTS[0], INSTRUMENTS[1]])
lots = st.integers(1, 8)
ticks = st.integers(-3, 3)
sessions = st.integers(0, 2)


def _ticks(definition: Command, count: int) -> int:
    return definition.min_price + (MIDDLE + count) * definition.tick_size


@st.composite
def limits(draw: st.DrawFn, definition: Command) -> dict[str, Any]:
    """A limit order, perhaps hidden, an iceberg, posting or with a condition."""
    lot = definition.lot_size
    fields: dict[str, Any] = {
        "price": _ticks(definition, draw(ticks)),
        "time_in_force": draw(st.sampled_from(STAY * 3 + PLAIN_TIMES)),
    }
    if fields["time_in_force"] in STAY:
        fields["instructions"] = draw(st.sampled_from(RESTING))
        if not fields["instructions"]:
            fields |= draw(
                st.one_of(
                    st.just({}),
                    st.fixed_dictionaries({"display_quantity": st.integers(1, 3).map(lot.__mul__)}),
                    st.fixed_dictionaries({"min_quantity": st.integers(1, 3).map(lot.__mul__)}),
                )
            )
    elif fields["time_in_force"] == TimeInForce.IOC:
        fields["min_quantity"] = draw(st.integers(0, 6)) * lot
    return fields


@st.composite
def stops(draw: st.DrawFn, definition: Command) -> dict[str, Any]:
    kind = draw(st.sampled_from([OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP]))
    fields: dict[str, Any] = {"order_type": kind, "time_in_force": draw(st.sampled_from(STAY))}
    if kind == OrderType.TRAILING_STOP:
        if draw(st.booleans()):
            share = draw(st.sampled_from([100, 1_000, 3_000]))
            return fields | {"instructions": Instruction.TRAIL_PERCENT, "offset": share}
        return fields | {"offset": draw(st.integers(1, 4)) * definition.tick_size}
    fields["trigger_price"] = _ticks(definition, draw(ticks))
    if kind == OrderType.STOP_LIMIT:
        fields["price"] = _ticks(definition, draw(ticks))
    return fields


@st.composite
def pegs(draw: st.DrawFn, definition: Command) -> dict[str, Any]:
    return {
        "order_type": draw(st.sampled_from([OrderType.PEG_BEST, OrderType.PEG_MID])),
        "time_in_force": draw(st.sampled_from(STAY)),
        "price": _ticks(definition, draw(ticks)),
        "offset": draw(st.sampled_from([0, 0, 1, 2])) * definition.tick_size,
    }


@st.composite
def markets(draw: st.DrawFn, definition: Command) -> dict[str, Any]:
    if draw(st.booleans()):
        time = draw(st.sampled_from(STAY))
        return {"order_type": OrderType.MARKET_TO_LIMIT, "time_in_force": time}
    time = draw(st.sampled_from([t for t in PLAIN_TIMES if t != TimeInForce.GTD]))
    least = draw(st.integers(0, 5)) if time == TimeInForce.IOC else 0
    return {
        "order_type": OrderType.MARKET,
        "time_in_force": time,
        "min_quantity": least * definition.lot_size,
    }


@st.composite
def orders_of_every_type(draw: st.DrawFn, client_order_id: int, now: int) -> Command:
    """A new order; GTD ones end soon after ``now``."""
    definition = draw(definitions)
    kind = draw(st.sampled_from([limits, limits, limits, stops, stops, pegs, markets]))
    fields = draw(kind(definition))
    if fields["time_in_force"] == TimeInForce.GTD:
        fields["expire_time"] = now + draw(st.integers(20, 900))
    side = draw(st.sampled_from(list(Side)))
    short = Instruction.SHORT if side == Side.SELL else 0
    bits = draw(st.sampled_from([0, 0, 0, Instruction.CANCEL_ON_DISCONNECT, short]))
    fields["instructions"] = fields.get("instructions", 0) | bits
    return Command(
        type=CommandType.NEW_ORDER,
        account=draw(accounts),
        client_order_id=client_order_id,
        instrument=definition.instrument,
        side=side,
        quantity=draw(lots) * definition.lot_size,
        self_trade=draw(st.sampled_from([0, 0, *SelfTrade])),
        session=draw(sessions),
        **fields,
    )


@st.composite
def changes_of(draw: st.DrawFn, order: Any, client_order_id: int) -> Command:
    """A cancel, reduce or replace of an order that is open."""
    (definition,) = (d for d in INSTRUMENTS if d.instrument == order.instrument)
    kind = draw(st.sampled_from(["cancel", "reduce", "replace", "replace", "replace"]))
    if kind == "cancel":
        return build.cancel(order.account, order.client_order_id, order.instrument)
    quantity = draw(lots) * definition.lot_size
    if kind == "reduce":
        return build.reduce(order.account, order.client_order_id, quantity, order.instrument)
    price = order.price and draw(st.sampled_from([order.price, _ticks(definition, draw(ticks))]))
    trigger = draw(st.sampled_from([0, 0, _ticks(definition, draw(ticks))]))
    asked = build.replace_order(
        order.account, order.client_order_id, client_order_id, quantity, price, order.instrument
    )
    return replace(asked, trigger_price=trigger if order.is_stop else 0)


account_settings = st.builds(
    Command,
    type=st.just(int(CommandType.SET_ACCOUNT)),
    account=accounts,
    firm=st.integers(0, 1),
    group=st.integers(0, 1),
    self_trade=st.sampled_from(list(SelfTrade)),
)

protections = st.builds(
    Command,
    type=st.just(int(CommandType.SET_PROTECTION)),
    instrument=definitions.map(lambda definition: definition.instrument),
    collar=st.sampled_from([0, 0, 1_000, 3_000]),
    trigger_source=st.integers(0, 1),
    permissions=st.sampled_from([0, 1, 1, 1]),
)

mass_cancels = st.one_of(
    st.builds(
        Command,
        type=st.just(int(CommandType.MASS_CANCEL)),
        account=st.sampled_from([0, *FEW_ACCOUNTS]),
        instrument=definitions.map(lambda definition: definition.instrument),
        session=sessions,
        firm=st.integers(0, 1),
        sides=st.sampled_from(list(Sides)),
    ),
    st.builds(Command, type=st.just(int(CommandType.SESSION_ENDED)), session=st.integers(1, 2)),
)
