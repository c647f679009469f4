"""Every fault of `lmax drill`, done once to whom it can be done to, under load.

What must hold is judged as in test_processes.py; beside that, each fault has to have had the effect
that docs/operations.md tells of.
"""

from pathlib import Path

import pytest

from node.drill.exercise import hold
from node.drill.report import Report, Round

LEASE_MS = 800


def drilled(folder: Path, fault: str, role: str) -> tuple[Report, Round]:
    lines: list[str] = []
    report = hold(
        folder / "cluster",
        rounds=1,
        fault=fault,
        role=role,
        rate=500,
        lease_ms=LEASE_MS,
        planned=False,
        commit="replicated",
        tell=lines.append,
        quiet_s=0.3,
    )
    assert report.good, (report.as_json(), lines)
    assert report.live is not None
    assert len(report.live.nodes) == 2
    assert set(report.live.nodes.values()) == {report.live.replayed}
    return report, report.rounds[0]


def another_leads(report: Report, found: Round) -> None:
    """Once, after the lease, and the client's first answer comes from the new one."""
    assert list(report.reigns.values()) == [["a"], ["b"]]
    assert found.detection_ms > LEASE_MS * 0.75, "somebody took over while the lease ran"
    assert found.first_ack_ms >= found.detection_ms + found.promotion_ms
    assert found.outage_ms > found.promotion_ms


def nobody_else_leads(report: Report, found: Round) -> None:
    assert list(report.reigns.values()) == [["a"]]
    assert (found.detection_ms, found.promotion_ms, found.first_ack_ms) == (0, 0, 0)
    assert found.outage_ms > 0


@pytest.mark.timeout(300)
def test_f13_a_primary_whose_sync_failed_ends_and_the_standby_takes_over(tmp_path: Path) -> None:
    another_leads(*drilled(tmp_path, "sync", "primary"))


@pytest.mark.timeout(300)
def test_f13_a_standby_whose_sync_failed_ends_and_the_primary_goes_on(tmp_path: Path) -> None:
    nobody_else_leads(*drilled(tmp_path, "sync", "standby"))


@pytest.mark.timeout(300)
def test_f07_a_standby_that_stood_still_is_taken_back(tmp_path: Path) -> None:
    nobody_else_leads(*drilled(tmp_path, "stop", "standby"))


@pytest.mark.timeout(300)
def test_f17_nobody_acknowledges_without_the_witness_for_long(tmp_path: Path) -> None:
    """The load pauses, and either may lead when it is back, in an epoch of its own."""
    report, found = drilled(tmp_path, "witness", "primary")
    assert found.outage_ms > LEASE_MS
    assert [names[0] for names in report.reigns.values()] in (["a"], ["a", "b"], ["a", "a"])
