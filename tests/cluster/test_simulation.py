"""Seeded runs of whole clusters; LMAX_CLUSTER_SEEDS says how many, LMAX_CLUSTER_SEED which one."""

import os

import pytest

from tests.cluster.run import MISTAKES, Run

PARTS = 10
SEEDS = int(os.environ.get("LMAX_CLUSTER_SEEDS", "1000"))
MISTAKEN_SEEDS = 60


@pytest.mark.timeout(max(600, SEEDS))
@pytest.mark.parametrize("part", range(PARTS))
def test_f17_f19_f24_nothing_acknowledged_is_lost_whatever_happens(part: int, seed: int) -> None:
    """Kills, pauses, partitions, noise, clocks, witnesses and disks: I1 to I6 and I9 hold (F23)."""
    one = os.environ.get("LMAX_CLUSTER_SEED")
    first = int(one) if one else seed % 10**9
    for number in range(first, first + 1 if one else first + SEEDS // PARTS):
        try:
            Run(number).run()
        except BaseException:
            print(f"LMAX_CLUSTER_SEED={number} repeats it")
            raise


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_cluster_that_is_broken_on_purpose_is_caught(mistake: str) -> None:
    for number in range(MISTAKEN_SEEDS):
        try:
            Run(number, mistake=mistake).run()
        except AssertionError as caught:
            assert str(caught)[:2] in {"I1", "I2", "I3", "I4", "I6"}, caught
            return
    raise AssertionError(f"{mistake!r} was not found in {MISTAKEN_SEEDS} runs")
