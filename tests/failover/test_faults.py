"""Every fault of `lmax drill`, done once to whom it can be done to, under load.

What must hold is judged as in test_processes.py; beside that, each fault has to have had the effect
that docs/operations.md tells of.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from node.drill.exercise import hold
from node.drill.machine import DrillError
from node.drill.network import Network, Room
from node.drill.report import Report, Round

LEASE_MS = 800


def drilled(folder: Path, fault: str, role: str) -> tuple[Report, Round]:
    lines: list[str] = []
    needs_root(fault)
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


def needs_root(fault: str) -> None:
    rooms = fault in ("partition", "link", "oneway", "disk")
    if rooms and not os.environ.get("CI") and not spaces_are_allowed():
        pytest.skip("namespaces need root, and a machine that allows them")


def spaces_are_allowed() -> bool:
    if os.getuid() or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    asked = ["unshare", "--net", "--mount", "true"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


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
def test_f12_a_primary_with_a_full_disk_hands_over_by_itself(tmp_path: Path) -> None:
    """Nobody asks it to: its lease runs on, and the standby has room."""
    report, found = drilled(tmp_path, "disk", "primary")
    assert list(report.reigns.values()) == [["a"], ["b"]]
    assert found.outage_ms > 100
    assert found.first_ack_ms > 0
    assert "hands over to b: its disk is full" in (tmp_path / "cluster/a.log").read_text()


@pytest.mark.timeout(300)
def test_f14_a_primary_whose_sync_does_not_come_back_loses_the_lead(tmp_path: Path) -> None:
    """Its own thread waits for the disk, so it stops to renew its lease, and comes back later."""
    another_leads(*drilled(tmp_path, "stall", "primary"))
    log = (tmp_path / "cluster/a.log").read_text()
    assert "its disk has not answered for more than 1000 ms, so it does not renew its lease" in log
    assert "b is silent" not in log, "it is a itself that does not hear"


@pytest.mark.timeout(300)
def test_f14_a_primary_does_not_wait_for_a_standby_whose_sync_does_not_come_back(
    tmp_path: Path,
) -> None:
    nobody_else_leads(*drilled(tmp_path, "stall", "standby"))


@pytest.mark.timeout(300)
def test_f12_a_primary_does_not_wait_for_the_full_disk_of_its_standby(tmp_path: Path) -> None:
    """What was received is in its memory, and is written when there is room."""
    nobody_else_leads(*drilled(tmp_path, "disk", "standby"))


@pytest.mark.timeout(300)
def test_f17_a_primary_that_is_cut_off_from_everybody_loses_the_lead(tmp_path: Path) -> None:
    """In a real network. It comes back as a standby, without what was never acknowledged."""
    another_leads(*drilled(tmp_path, "partition", "primary"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("fault", "role"),
    [
        ("partition", "standby"),
        ("link", "primary"),
        ("oneway", "primary"),
        ("oneway", "standby"),
    ],
)
def test_f17_a_primary_that_the_witness_hears_goes_on(
    tmp_path: Path, fault: str, role: str
) -> None:
    """Whichever way the link to the standby is broken, and the standby does not take over."""
    nobody_else_leads(*drilled(tmp_path, fault, role))


def test_rooms_that_may_not_be_made_are_told_with_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beginning with `unshare`, here one that is refused, and one that is not there."""
    refused = tmp_path / "bin" / "unshare"
    refused.parent.mkdir()
    refused.write_text("#!/bin/sh\necho 'unshare: Operation not permitted' >&2; exit 1\n")
    refused.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refused.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(DrillError, match=r"run it as root.*Operation not permitted"):
        Room()
    refused.unlink()
    monkeypatch.setenv("PATH", str(refused.parent))
    with pytest.raises(DrillError, match="ip is missing: install iproute2 and util-linux"):
        Network(["a", "b"])


@pytest.mark.timeout(300)
def test_f17_nobody_acknowledges_without_the_witness_for_long(tmp_path: Path) -> None:
    """The load pauses, and either may lead when it is back, in an epoch of its own."""
    report, found = drilled(tmp_path, "witness", "primary")
    assert found.outage_ms > LEASE_MS
    assert [names[0] for names in report.reigns.values()] in (["a"], ["a", "b"], ["a", "a"])
