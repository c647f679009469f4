"""Hypothesis strategies for an instrument's life and trades put right; small, so that they meet."""

from dataclasses import replace

from hypothesis import strategies as st

from lmax.schema import Action, CommandType, Phase, Side, Status
from tests.engine.market import FEW_ACCOUNTS, INSTRUMENTS
from tests.twin import Command, build

definitions = st.sampled_from(INSTRUMENTS)
ratios = st.sampled_from([(2, 1), (3, 2), (10, 9), (1, 2), (2, 3), (1, 1), (1000, 999)])


@st.composite
def phases(draw: st.DrawFn) -> Command:
    """Mostly to a phase in which corporate actions are taken, or back to trading."""
    quiet = [Phase.HALTED, Phase.PRE_OPEN, Phase.CLOSED]
    phase = draw(st.sampled_from([*quiet, Phase.CONTINUOUS, *Phase]))
    return Command(type=CommandType.SET_PHASE, instrument=draw(definitions).instrument, phase=phase)


@st.composite
def statuses(draw: st.DrawFn) -> Command:
    status = draw(st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.SUSPENDED, *Status]))
    return Command(
        type=CommandType.SET_STATUS, instrument=draw(definitions).instrument, status=status
    )


@st.composite
def tick_rows(draw: st.DrawFn) -> Command:
    """Rows of small tables, near the prices that the other strategies use."""
    definition = draw(definitions)
    tick = definition.tick_size
    row = draw(st.integers(0, 2))
    return Command(
        type=CommandType.SET_TICK_ROW,
        instrument=definition.instrument,
        price=row * 2 * tick,
        tick_size=draw(st.sampled_from([1, 1, 2, 3])) * tick,
        row=row,
        rows=draw(st.integers(1, 3)),
        effective_time=draw(st.sampled_from([0, 0, 500, 1_000])),
    )


@st.composite
def corporate_actions(draw: st.DrawFn) -> Command:
    action = draw(st.sampled_from(list(Action)))
    new, old = draw(ratios) if action == Action.SPLIT else (0, 0)
    return Command(
        type=CommandType.CORPORATE_ACTION,
        instrument=draw(definitions).instrument,
        action=action,
        numerator=new,
        denominator=old,
        price=draw(st.sampled_from([0, 1, 3, 100, 250, 10_000])),
        symbol=b"RENAMED" if action == Action.SYMBOL_CHANGE else b"",
    )


@st.composite
def repairs(draw: st.DrawFn) -> Command:
    """A bust or correction of one of the first trades."""
    definition = draw(definitions)
    kind = draw(st.sampled_from([CommandType.BUST_TRADE, CommandType.CORRECT_TRADE]))
    correction = kind == CommandType.CORRECT_TRADE
    return Command(
        type=kind,
        instrument=definition.instrument,
        trade_id=draw(st.integers(0, 5)),
        price=draw(st.integers(0, 6)) * definition.tick_size if correction else 0,
        quantity=draw(st.integers(0, 6)) * definition.lot_size if correction else 0,
    )


@st.composite
def stories(draw: st.DrawFn) -> list[Command]:
    """A corporate action in a phase that takes it; or a trade, and what is done about it."""
    instrument = draw(definitions)
    halt = replace(draw(phases()), instrument=instrument.instrument, phase=Phase.HALTED)
    resume = replace(halt, phase=Phase.CONTINUOUS)
    if draw(st.booleans()):
        action = replace(draw(corporate_actions()), instrument=instrument.instrument)
        return [halt, action, resume]
    price, lots = draw(st.integers(1, 6)) * instrument.tick_size, draw(st.integers(1, 6))
    sides = [
        build.order(
            draw(st.sampled_from(FEW_ACCOUNTS)),
            draw(st.integers(1, 8)),
            side,
            lots * instrument.lot_size,
            price,
            instrument=instrument.instrument,
        )
        for side in (Side.SELL, Side.BUY)
    ]
    return [*sides, replace(draw(repairs()), instrument=instrument.instrument)]


listings = st.one_of(phases(), statuses(), tick_rows(), corporate_actions(), repairs())
