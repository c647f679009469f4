"""Engine and twin under a Hypothesis state machine: equal events and equal state, at every step."""

from hypothesis import settings
from hypothesis.stateful import invariant

from tests.engine.compare import assert_same_events, assert_same_state
from tests.engine.machine import Machine
from tests.engine.systems import EngineSystem, TwinSystem
from tests.twin import Command
from tests.twin.records import commands_to_array


class TwinAndEngine(Machine):
    """Every command goes to both."""

    def __init__(self) -> None:
        super().__init__()
        self.systems = TwinSystem(), EngineSystem()
        self.twin = self.systems[0].twin

    def carry_out(self, command: Command) -> None:
        twin, engine = self.systems
        expected = twin.apply([command])
        assert_same_events([command], expected, engine.apply_array(commands_to_array([command])))

    @invariant()
    def state_is_the_same(self) -> None:
        assert_same_state(*self.systems)


TestTwinAndEngine = TwinAndEngine.TestCase
TestTwinAndEngine.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
