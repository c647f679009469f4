"""Engine and twin under a Hypothesis state machine: equal events and equal state, at every step.

LMAX_STATEFUL_COMMANDS sets how many commands at least (12,000 by default). They are carried out in
parts of at most 6,000; a long run takes about a quarter of an hour of one core for each million:

    LMAX_STATEFUL_COMMANDS=1000000 .venv/bin/python -m pytest -n 0 <this file>
"""

import os

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.engine.compare import assert_same_events, assert_same_state
from tests.engine.machine import Machine
from tests.engine.systems import EngineSystem, TwinSystem
from tests.twin import Command
from tests.twin.records import commands_to_array

COMMANDS = int(os.environ.get("LMAX_STATEFUL_COMMANDS", "12000"))
PARTS = -(-COMMANDS // 6_000)
ROUND = settings(max_examples=30, stateful_step_count=50, deadline=None)


class TwinAndEngine(Machine):
    """Every command goes to both; the engine looks through its own insides after each."""

    carried_out = 0

    def __init__(self) -> None:
        super().__init__()
        self.systems = TwinSystem(), EngineSystem()
        self.twin = self.systems[0].twin

    def carry_out(self, command: Command) -> None:
        twin, engine = self.systems
        expected = twin.apply([command])
        assert_same_events([command], expected, engine.apply_array(commands_to_array([command])))
        engine.check()
        type(self).carried_out += 1

    @invariant()
    def state_is_the_same(self) -> None:
        assert_same_state(*self.systems)


@pytest.mark.timeout(580)  # the commands take seconds, but making a failure small takes minutes
@pytest.mark.parametrize("part", range(PARTS))
def test_engine_and_twin_agree_at_every_step(part: int) -> None:
    until = TwinAndEngine.carried_out + COMMANDS // PARTS
    while TwinAndEngine.carried_out < until:
        run_state_machine_as_test(TwinAndEngine, settings=ROUND)
