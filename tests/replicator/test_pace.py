"""What goes in a second, whatever is asked for at a time."""

from random import Random

import pytest

from replicator.common import MS
from replicator.pace import BURST, Pace

RATE = 1_000_000


class Clock:
    now = 10**15

    def __call__(self) -> int:
        return self.now


@pytest.mark.parametrize("seed", range(10))
def test_a_second_has_so_many_and_no_rest_is_made_up_for(seed: int) -> None:
    random, clock, most = Random(seed), Clock(), 3_000
    pace = Pace(RATE, clock)
    for _ in range(3):
        went, end = 0, clock.now + 1000 * MS
        while clock.now < end:
            if pace.open:
                count = random.randint(1, most)
                pace.spend(count)
                went += count
            clock.now += random.randint(1, MS // 2)
        assert RATE * 0.98 < went <= RATE + RATE * BURST // (1000 * MS) + most, f"seed {seed}"
        clock.now += random.randrange(10_000 * MS)
