"""F01, F03, F04, F05, F12, F13, F20: engine and journal over a disk that has every fault.

LMAX_SIMULATION_SEEDS says how many runs; one that fails names its seed, and
`python -m tests.simulation.test_whole_runs SEED [MISTAKE]` repeats it alone.
"""

import os
import sys
from random import Random

import pytest

from journal.errors import JournalCorrupt
from tests.simulation.run import Run

SEEDS = int(os.environ.get("LMAX_SIMULATION_SEEDS", "1000"))
PARTS = 8


def failures(seeds: range, mistake: str = "") -> list[str]:
    found = []
    for number in seeds:
        try:
            Run(number, mistake=mistake).run()
        except (AssertionError, JournalCorrupt) as error:
            found.append(f"seed {number}: {str(error).splitlines()[0]}")
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_f01_f03_f04_f05_f12_f13_f20_no_crash_and_no_fault_of_a_disk_breaks_an_invariant(
    seed: int, part: int
) -> None:
    first = Random(seed).randrange(2**31)
    assert failures(range(first, first + -(-SEEDS // PARTS))) == []


@pytest.mark.parametrize(
    ("mistake", "alarm"),
    [
        ("no sync", "I1: an acknowledged command is lost"),
        ("second sync", "zeros, before a"),
        ("early", "I1: an acknowledged command is lost"),
        ("skips", "damage was taken for the end"),
        ("alters", "I4: another state than the twin's"),
    ],
)
def test_the_alarm_rings_for_a_build_that_is_broken(seed: int, mistake: str, alarm: str) -> None:
    """A check that cannot fail proves nothing."""
    found = []
    for first in range(seed, seed + 200, 10):
        found += failures(range(first, first + 10), mistake)
        if any(alarm in line for line in found):
            return
    raise AssertionError(f"200 runs with a broken build, and only {found}")


def test_a_seed_always_leads_the_same_lives(seed: int) -> None:
    one, other = Run(seed), Run(seed)
    one.run()
    other.run()
    assert one.published.tobytes() == other.published.tobytes()
    assert one.clients.acknowledged == other.clients.acknowledged
    assert one.twin.state_hash == other.twin.state_hash


if __name__ == "__main__":
    Run(int(sys.argv[1]), mistake="".join(sys.argv[2:3])).run()
