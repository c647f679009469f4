"""Hypothesis strategies for the day of the market: phases, protection, the index, kill switches."""

from typing import Any

from hypothesis import strategies as st

from lmax.schema import CommandType, Permission, Phase, Tier, TriggerSource
from tests.engine.market import FEW_ACCOUNTS, INSTRUMENTS
from tests.twin import Command
from tests.twin.protection import MINUTE, SECOND

definitions = st.sampled_from(INSTRUMENTS[:2])

LATER = [0, 100, SECOND, 15 * SECOND, 30 * SECOND, 5 * MINUTE, 15 * MINUTE]
"""How far the clock goes on before a TIMER."""

phases = st.builds(
    lambda definition, phase: Command(
        type=CommandType.SET_PHASE, instrument=definition.instrument, phase=phase
    ),
    definitions,
    st.sampled_from([Phase.CONTINUOUS, Phase.CONTINUOUS, Phase.CONTINUOUS, *Phase]),
)

references = st.builds(
    lambda definition, ticks: Command(
        type=CommandType.SET_REFERENCE,
        instrument=definition.instrument,
        price=ticks * definition.tick_size,
    ),
    definitions,
    st.integers(1, 12),
)


@st.composite
def protections(draw: st.DrawFn) -> Command:
    """Collars wide enough for ticks, since prices are a few ticks only."""
    return Command(
        type=CommandType.SET_PROTECTION,
        instrument=draw(definitions).instrument,
        halt_time=draw(st.sampled_from([0, MINUTE])),
        extension_time=draw(st.sampled_from([0, MINUTE])),
        auction_collar=draw(st.sampled_from([0, 2_000, 9_999])),
        collar=draw(st.sampled_from([0, 0, 2_000])),
        drop=draw(st.sampled_from([0, 0, 1_000, 3_000])),
        tier=draw(st.sampled_from([Tier.NONE, Tier.TIER_1, Tier.TIER_2])),
        trigger_source=draw(st.sampled_from(list(TriggerSource))),
        extensions=draw(st.integers(0, 2)),
        permissions=Permission.ALL_OR_NONE,
    )


SCOPES: list[dict[str, Any]] = [
    {},
    {"firm": 1},
    {"account": FEW_ACCOUNTS[0]},
    {"instrument": INSTRUMENTS[0].instrument},
]
"""What a kill switch is for: the venue, a firm, an account or an instrument."""


@st.composite
def kill_switches(draw: st.DrawFn) -> Command:
    scope = draw(st.sampled_from(SCOPES))
    return Command(type=CommandType.KILL_SWITCH, enabled=draw(st.integers(0, 1)), **scope)


indexes = st.builds(
    lambda level: Command(type=CommandType.SET_INDEX, price=level, quantity=100),
    st.sampled_from([100, 93, 87, 80]),
)


@st.composite
def closes(draw: st.DrawFn, now: int) -> Command:
    close = draw(st.sampled_from([0, now + 20 * MINUTE, now + 30 * MINUTE, now + 60 * MINUTE]))
    return Command(type=CommandType.SET_CLOSE, expire_time=close)


def day_commands(now: int) -> st.SearchStrategy[Command]:
    """Any of these; phases, references and protection the most."""
    often = [phases, phases, references, references, protections(), protections()]
    return st.one_of(*often, closes(now), indexes, kill_switches())
