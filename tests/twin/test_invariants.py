"""Whatever the commands, orders, reservations and books of the twin fit together."""

from random import SystemRandom

from hypothesis import settings

from tests.engine.machine import Machine
from tests.engine.traffic import Traffic
from tests.twin import Command, Twin
from tests.twin.invariants import check_world


class TwinAlone(Machine):
    """The state machine on the twin."""

    def __init__(self) -> None:
        super().__init__()
        self.twin = Twin()

    def carry_out(self, command: Command) -> None:
        self.twin.apply(command)
        check_world(self.twin.world)


TestTwinAlone = TwinAlone.TestCase
TestTwinAlone.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_seeded_traffic_leaves_nothing_that_does_not_fit() -> None:
    seed = SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    twin = Twin()
    traffic = Traffic(seed, twin)
    for _ in range(2_000):
        twin.apply(traffic.next())
        check_world(twin.world)
