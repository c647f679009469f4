"""F04, F05, F12, F13: seeded lives of a journal on a disk that has every fault.

LMAX_SIMULATION_SEEDS says how many; a run that fails names its seed: `Lives(seed).run()`.
"""

import os
from random import Random

import pytest

from journal.errors import JournalCorrupt
from tests.journal.lives import Lives

SEEDS = int(os.environ.get("LMAX_SIMULATION_SEEDS", "1000"))
PARTS = 4


def failures(seeds: range, **mistakes: bool) -> list[str]:
    found = []
    for number in seeds:
        try:
            Lives(number, **mistakes).run()
        except (AssertionError, JournalCorrupt) as error:
            found.append(f"seed {number}: {error}")
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_f04_f05_f12_f13_no_fault_of_a_disk_loses_what_was_acknowledged(
    seed: int, part: int
) -> None:
    first = Random(seed).randrange(2**31)
    assert failures(range(first, first + SEEDS // PARTS)) == []


def test_the_alarm_rings_when_the_journaler_does_not_sync(seed: int) -> None:
    found = failures(range(seed, seed + 40), forgets_sync=True)
    assert any("an acknowledged command is lost" in line for line in found)


def test_the_alarm_rings_when_damage_is_taken_for_the_end(seed: int) -> None:
    found = failures(range(seed, seed + 80), skips_damage=True)
    assert any("damage was taken for the end" in line for line in found)


def test_a_seed_always_leads_the_same_life(seed: int) -> None:
    one, other = Lives(seed), Lives(seed)
    one.run()
    other.run()
    assert (one.published, one.acknowledged) == (other.published, other.acknowledged)
    names = one.folder.seen_names
    assert sorted(names) == sorted(other.folder.seen_names)


# Seeds that once failed.
@pytest.mark.parametrize("seed", [516, 1214677392])
def test_seeds_that_once_failed(seed: int) -> None:
    Lives(seed).run()
