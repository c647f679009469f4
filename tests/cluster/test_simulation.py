"""Seeded runs of whole clusters: LMAX_CLUSTER_SEEDS says how many, LMAX_CLUSTER_FIRST which first.

The suite runs the same ones every time, so that it fails only for who changed something; others are
for long runs.
"""

import gc
import os

import pytest

from tests.cluster.run import MISTAKES, Run

PARTS = 10
FIRST = int(os.environ.get("LMAX_CLUSTER_FIRST", "0"))
SEEDS = int(os.environ.get("LMAX_CLUSTER_SEEDS", "1000"))
MISTAKEN_SEEDS = 50


@pytest.mark.timeout(max(600, SEEDS))
@pytest.mark.parametrize("part", range(PARTS))
def test_f14_f17_f19_f23_f24_nothing_acknowledged_is_lost(part: int) -> None:
    """Kills, pauses, partitions, noise, clocks, witnesses, disks that fail, fill up or stall: I1
    to I6 and I9 hold.
    """
    first = FIRST + part * SEEDS // PARTS
    for number in range(first, FIRST + (part + 1) * SEEDS // PARTS):
        try:
            Run(number).run()
        except BaseException:
            print(f"LMAX_CLUSTER_FIRST={number} LMAX_CLUSTER_SEEDS=1 repeats it, or Run({number})")
            raise
        if number % 10 == 0:
            gc.collect()  # each holds some large states, in circles


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_cluster_that_is_broken_on_purpose_is_caught(mistake: str) -> None:
    found = [told for number in range(MISTAKEN_SEEDS) if (told := broken(number, mistake))]
    assert found, f"{mistake!r} was not found in {MISTAKEN_SEEDS} runs"
    assert {told[:2] for told in found} <= {"I1", "I2", "I3", "I4", "I6"}, found


def broken(number: int, mistake: str) -> str:
    """What does not hold in that run; empty if all does."""
    try:
        Run(number, mistake=mistake).run()
    except AssertionError as caught:
        return str(caught)
    return ""


# Runs that once failed: acknowledged before it counted; torn in the middle of a write; led before
# it had applied what came while it asked the witness.
@pytest.mark.parametrize("number", [10819, 30408, 317])
def test_seeds_of_clusters_that_once_failed(number: int) -> None:
    Run(number, ill=False).run()
