"""Engine and twin under a Hypothesis state machine: equal events and equal state, at every step.

LMAX_STATEFUL_COMMANDS sets how many commands at least (12,000 by default). The long run, about
a quarter of an hour of one core:

    LMAX_STATEFUL_COMMANDS=1000000 .venv/bin/python -m pytest -n 0 --timeout 0 <this file>
"""

import os

from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.engine.compare import assert_same_events, assert_same_state
from tests.engine.machine import Machine
from tests.engine.systems import EngineSystem, TwinSystem
from tests.twin import Command
from tests.twin.records import commands_to_array

COMMANDS = int(os.environ.get("LMAX_STATEFUL_COMMANDS", "12000"))
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


def test_engine_and_twin_agree_at_every_step() -> None:
    while TwinAndEngine.carried_out < COMMANDS:
        run_state_machine_as_test(TwinAndEngine, settings=ROUND)  # type: ignore[no-untyped-call]
