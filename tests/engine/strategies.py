"""Hypothesis strategies for commands: few accounts, ids and prices, so that they collide."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from lmax.schema import COMMAND_FIELDS, CommandType, Side, TimeInForce
from tests.engine.market import EDGES, FEW_ACCOUNTS, INSTRUMENTS
from tests.twin import Command, build
from tests.twin.numbers import MAX_INT64

accounts = st.sampled_from(FEW_ACCOUNTS)
ids = st.integers(1, 8)
definitions = st.sampled_from(INSTRUMENTS)
sides = st.sampled_from(list(Side))
times_in_force = st.sampled_from(list(TimeInForce))
large = st.one_of(
    st.sampled_from([MAX_INT64, MAX_INT64 - 1, 2**62, 2**62 + 1, 2**32, 3_037_000_499, 10**9]),
    st.integers(1, MAX_INT64),
)


@st.composite
def orders(draw: st.DrawFn) -> Command:
    """A limit order at one of six prices, or a market order."""
    definition = draw(definitions)
    price = draw(st.integers(0, 6)) * definition.tick_size
    lots = draw(st.integers(1, 6))
    return build.order(
        draw(accounts),
        draw(ids),
        draw(sides),
        lots * definition.lot_size,
        price,
        draw(times_in_force),
        definition.instrument,
    )


@st.composite
def changes(draw: st.DrawFn) -> Command:
    """A cancel, reduce or replace of an id that is probably in use."""
    definition = draw(definitions)
    account, old, instrument = draw(accounts), draw(ids), definition.instrument
    lots = draw(st.integers(1, 6))
    kind = draw(st.sampled_from(["cancel", "reduce", "replace", "replace"]))
    if kind == "cancel":
        return build.cancel(account, old, instrument)
    if kind == "reduce":
        return build.reduce(account, old, lots * definition.lot_size, instrument)
    price = draw(st.integers(1, 6)) * definition.tick_size
    quantity = lots * definition.lot_size
    return build.replace_order(account, old, draw(ids), quantity, price, instrument)


@st.composite
def transfers(draw: st.DrawFn) -> Command:
    """A small deposit or withdrawal of cash or shares."""
    make = draw(st.sampled_from([build.deposit, build.withdraw]))
    definition = draw(st.none() | definitions)
    if definition is None:
        return make(draw(accounts), draw(st.integers(1, 1_000)), 0)
    lots = draw(st.integers(1, 5))
    return make(draw(accounts), lots * definition.lot_size, definition.instrument)


@st.composite
def large_commands(draw: st.DrawFn) -> Command:
    """Numbers near the end of 63 bits, rounded to the tick and lot, so that they get far."""
    definition = draw(definitions)
    quantity = max(draw(large) // definition.lot_size, 1) * definition.lot_size
    base = draw(orders() | changes() | transfers())
    fields: dict[str, Any] = {"quantity": quantity, "instrument": definition.instrument}
    if base.price and definition.max_price == MAX_INT64:
        fields["price"] = draw(large)
    if base.type in (CommandType.DEPOSIT, CommandType.WITHDRAW):
        fields["instrument"] = draw(st.sampled_from([0, definition.instrument]))
    return replace(base, **fields)


def _edge_values() -> st.SearchStrategy[dict[str, Any]]:
    """Fields (but not the sequence or the timestamp) and values at the edges of their types."""
    pairs = [
        st.tuples(st.just(field.name), st.sampled_from(EDGES[field.kind]))
        for field in COMMAND_FIELDS[2:]
    ]
    return st.lists(st.one_of(pairs), min_size=1, max_size=3).map(dict)


@st.composite
def edge_commands(draw: st.DrawFn) -> Command:
    """A sensible command with one to three fields at an edge of their types."""
    admin = st.sampled_from([*INSTRUMENTS, build.open_account(1), build.end_of_day()])
    return replace(draw(orders() | changes() | transfers() | admin), **draw(_edge_values()))


ordinary = st.one_of(
    orders(), orders(), orders(), changes(), changes(), transfers(), st.just(build.end_of_day())
)
anything = st.one_of(orders(), changes(), large_commands(), edge_commands())
