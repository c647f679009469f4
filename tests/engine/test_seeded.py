"""The engine and the twin on tens of thousands of seeded commands: equal events, equal state.

LMAX_TWIN_COMMANDS sets how many (50,000 by default), LMAX_TWIN_SEED which (else a new one each
time; it is printed with every failure).
"""

import os
from dataclasses import dataclass
from random import Random, SystemRandom

import numpy as np
import pytest

from lmax.schema import CommandType, EventType, Reason
from tests.engine.compare import assert_same_counters, assert_same_events, assert_same_state
from tests.engine.systems import EngineSystem, TwinSystem
from tests.engine.traffic import Traffic
from tests.twin import Command, Event
from tests.twin.records import commands_to_array

COMMANDS = int(os.environ.get("LMAX_TWIN_COMMANDS", "50000"))
SEED = int(os.environ.get("LMAX_TWIN_SEED", "0"))
PARTS = max(4, COMMANDS // 25_000)
UNREACHED = {Reason.NONE, Reason.CAPACITY}
"""CAPACITY needs 33,554,431 open orders: the twin's own tests reach it with a smaller limit."""


@dataclass
class Run:
    """What one part of the run did."""

    kinds: set[int]
    types: set[int]
    reasons: set[int]


def run(seed: int, count: int) -> Run:
    twin, engine = TwinSystem(), EngineSystem()
    traffic, chunks = Traffic(seed, twin.twin), Random(seed)
    everything, done = [], 0
    while done < count:
        commands, expected = _part(traffic, twin, min(chunks.choice([1, 7, 900]), count - done))
        actual = engine.apply_array(commands_to_array(commands))
        assert_same_events(commands, expected, actual)
        everything.append(actual)
        done += len(commands)
        if chunks.random() < 0.02:
            assert_same_state(twin, engine)
    assert_same_state(twin, engine)
    events = np.concatenate(everything)
    assert_same_counters(twin, engine, events)
    return Run(*(set(events[name].tolist()) for name in ("command", "type", "reason")))


def _part(traffic: Traffic, twin: TwinSystem, size: int) -> tuple[list[Command], list[Event]]:
    commands: list[Command] = []
    expected: list[Event] = []
    for _ in range(size):
        commands.append(traffic.next())
        expected += twin.apply(commands[-1:])
    return commands, expected


@pytest.mark.parametrize("part", range(PARTS))
def test_engine_and_twin_agree_on_seeded_traffic(part: int) -> None:
    seed = SEED + part if SEED else SystemRandom().randrange(1, 2**32)
    print(
        f"to repeat: LMAX_TWIN_SEED={seed - part if SEED else seed} LMAX_TWIN_COMMANDS={COMMANDS}"
    )
    run(seed, COMMANDS // PARTS)


def test_the_traffic_reaches_every_command_event_and_reason() -> None:
    """Else the agreement of engine and twin would say nothing about what was never tried."""
    reached: set[int] = set()
    types: set[int] = set()
    for seed in range(20_260_101, 20_260_111):
        part = run(seed, count=6_000)
        assert part.kinds >= set(CommandType)
        reached |= part.reasons
        types |= part.types
        if reached >= set(Reason) - UNREACHED:
            break
    assert {Reason(r).name for r in set(Reason) - UNREACHED - reached} == set()
    assert types == set(EventType)
