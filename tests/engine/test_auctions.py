"""Auctions of small crowded books: the engine's one pass against the twin's search over prices."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lmax.schema import CommandType, Instruction, OrderType, Phase, Side, TimeInForce
from tests.engine.compare import assert_same_events
from tests.engine.systems import EngineSystem, TwinSystem
from tests.twin import Command, build
from tests.twin.records import commands_to_array

TICK = 5
LOWEST = 100
PRICES = st.integers(0, 12).map(lambda ticks: LOWEST + ticks * TICK)
KINDS = ["limit", "limit", "limit", "hidden", "iceberg", "market", "for the auction"]
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def orders(draw: st.DrawFn, number: int) -> Command:
    """One of the kinds that take part in an auction."""
    account, side = draw(st.sampled_from([1, 2])), draw(st.sampled_from(Side))
    quantity, kind = draw(st.integers(1, 9)), draw(st.sampled_from(KINDS))
    order = build.order(account, number, side, quantity, draw(PRICES), TimeInForce.GTC)
    if kind == "hidden":
        return replace(order, instructions=int(Instruction.HIDDEN))
    if kind == "iceberg" and quantity > 1:
        return replace(order, display_quantity=draw(st.integers(1, quantity - 1)))
    if kind == "market":
        return replace(order, order_type=OrderType.MARKET, price=0)
    if kind == "for the auction":
        return replace(order, time_in_force=TimeInForce.GOOD_FOR_AUCTION)
    return order


@st.composite
def tables(draw: st.DrawFn) -> list[Command]:
    """A coarser tick table, which comes into force while orders rest on finer ticks."""
    kind, ticks = CommandType.SET_TICK_ROW, st.integers(1, 6).map(lambda times: times * TICK)
    rows = [0] + [LOWEST + 4 * TICK] * draw(st.integers(0, 1))
    return [
        Command(
            type=kind, instrument=1, price=price, tick_size=draw(ticks), row=row, rows=len(rows)
        )
        for row, price in enumerate(rows)
    ]


@st.composite
def days(draw: st.DrawFn) -> list[Command]:
    """A book filled in a call phase, an auction, and a closing auction of what is left."""
    prices = {"min_price": LOWEST, "max_price": LOWEST + 20 * TICK, "tick_size": TICK}
    commands = [build.define(1, b"CROWD", **prices)]
    for account in (1, 2):
        commands += [build.open_account(account), build.deposit(account, 10**9)]
        commands.append(build.deposit(account, 10**6, 1))
    if draw(st.booleans()):
        kind = CommandType.SET_REFERENCE
        commands.append(Command(type=kind, instrument=1, price=draw(PRICES)))
    calls = [Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.HALTED, Phase.CLOSING_AUCTION]
    commands.append(_phase(draw(st.sampled_from(calls))))
    commands += [draw(orders(number)) for number in range(1, draw(st.integers(1, 14)) + 1)]
    commands += draw(st.one_of(st.just([]), tables()))
    commands += [Command(type=CommandType.TIMER), _phase(Phase.CONTINUOUS)]
    commands += [_phase(Phase.CLOSING_AUCTION), _phase(Phase.CLOSED)]
    return [replace(command, sequence=i) for i, command in enumerate(commands, 1)]


def _phase(phase: Phase) -> Command:
    return Command(type=CommandType.SET_PHASE, instrument=1, phase=phase)


@MANY
@given(days())
def test_engine_and_twin_find_the_same_price_and_the_same_fills(commands: list[Command]) -> None:
    twin, engine = TwinSystem(), EngineSystem()
    actual = engine.apply_array(commands_to_array(commands))
    assert_same_events(commands, twin.apply(commands), actual)
    engine.check()
    assert engine.engine.state_hash == engine.engine.recomputed_state_hash()
    assert engine.open_orders(1) == twin.open_orders(1)
