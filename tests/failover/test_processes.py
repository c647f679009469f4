"""Whole clusters of real processes, hurt under load; LMAX_FAILOVER_ROUNDS says how often.

What must hold is judged by node/drill/verdict.py: nothing that a client was told is lost or another
one, nothing was applied twice, both journals are one log, and no asset has a cent too much.
"""

import os
from pathlib import Path

import pytest

from node.drill.exercise import Report, hold

PARTS = 4
ROUNDS = int(os.environ.get("LMAX_FAILOVER_ROUNDS", "100" if os.environ.get("CI") else "8"))
LEASE_MS = 800
RATE = 500


def drilled(folder: Path, **options: object) -> Report:
    lines: list[str] = []
    wanted = {
        "rounds": 2,
        "fault": "kill",
        "role": "primary",
        "rate": RATE,
        "lease_ms": LEASE_MS,
        "planned": False,
        "commit": "replicated",
        "quiet_s": 0.3,
    }
    report = hold(folder / "cluster", tell=lines.append, **wanted | options)  # type: ignore[arg-type]
    assert report.verdict is not None
    assert report.good, (report.as_json(), lines)
    assert report.verdict.acknowledged > 0
    return report


@pytest.mark.timeout(300 + 30 * ROUNDS)
@pytest.mark.parametrize("part", range(PARTS))
def test_f24_primaries_are_killed_under_load_and_nothing_is_lost(tmp_path: Path, part: int) -> None:
    report = drilled(tmp_path, rounds=max(1, ROUNDS // PARTS))
    assert len(report.rounds) == max(1, ROUNDS // PARTS)
    assert any(found.detection_ms > 0 < found.promotion_ms for found in report.rounds)


@pytest.mark.timeout(300)
def test_f02_f16_standbys_are_killed_and_the_primary_goes_on(tmp_path: Path) -> None:
    """Under load; it goes on alone once the witness has recorded that."""
    drilled(tmp_path, role="standby")


@pytest.mark.timeout(300)
def test_f07_a_primary_that_stood_still_steps_down_when_it_goes_on(tmp_path: Path) -> None:
    drilled(tmp_path, fault="stop", rounds=1)


@pytest.mark.timeout(300)
def test_planned_switches_lose_nothing_where_standbys_have_to_sync(tmp_path: Path) -> None:
    report = drilled(tmp_path, commit="durable", planned=True, rounds=1)
    assert len(report.planned_ms) == 1
