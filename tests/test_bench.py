"""The harnesses of `make bench` run and report; their figures are for quiet machines."""

import subprocess
import sys
from pathlib import Path

import pytest

from flow.generator import MarketGenerator
from tests.harness import ROOT, run


def test_pipeline_reports_commands_beside_the_append_alone(tmp_path: Path) -> None:
    picture = tmp_path / "pipeline.png"
    found = run("pipeline", "--seconds", "0.3", "--dir", str(tmp_path), "--plot", str(picture))
    before = len(MarketGenerator(1).setup())  # accounts and instruments are not timed
    assert found["commands"] == found["accepted"] + found["rejected"] - before
    assert found["commands_per_s"] > 0
    assert found["ratio"] == pytest.approx(
        found["commands_per_s"] / found["append_alone_per_s"], abs=0.01
    )
    assert found["latency_ns"]["p50"] <= found["latency_ns"]["p99"] <= found["latency_ns"]["max"]
    assert picture.stat().st_size > 1000


def test_latency_measures_every_command_at_every_stage(tmp_path: Path) -> None:
    picture = tmp_path / "latency.svg"
    found = run(
        "latency",
        "--rates",
        "2000",
        "--seconds",
        "0.5",
        "--rounds",
        "2",
        "--dir",
        str(tmp_path),
        "--plot",
        str(picture),
    )
    (rate,) = found["rates"]
    assert rate["commands"] == pytest.approx(2 * 0.5 * 2000, abs=4)
    stages = rate["stages_ns"]
    assert stages["sent"]["p50"] <= stages["synced"]["p50"] <= stages["readable"]["p50"]
    assert stages["readable"] == rate["latency_ns"]
    assert "</svg>" in picture.read_text()


def test_replay_reports_itself_beside_the_engine_and_the_reader(tmp_path: Path) -> None:
    found = run("replay", "--commands", "30000", "--rounds", "2", "--dir", str(tmp_path))
    assert found["seconds"] == pytest.approx(found["commands"] / found["commands_per_s"], abs=0.001)
    for name in ("engine_alone", "reading", "reading_without_hashes", "verify_bytes", "bare_bytes"):
        assert found[f"{name}_per_s"] > 0
        assert found[f"{name}_per_cpu_s"] > 0
    assert 0 < found["ratio_to_engine"] < 10
    assert found["verify_ratio"] > 0
    assert 0 < found["state_hash_ns"] < 1e9
    assert list(tmp_path.iterdir()) == []


def test_batches_reports_each_size_beside_the_reader(tmp_path: Path) -> None:
    found = run("batches", "--megabytes", "1", "--rounds", "1", "--dir", str(tmp_path))
    assert [row["batch"] for row in found["sizes"]] == [2, 8, 32, 128, 512]
    for row in found["sizes"]:
        assert min(row.values()) > 0
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_harness_is_named_with_the_known_ones() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "speed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "speed" in done.stderr
    assert "pipeline" in done.stderr


def test_journal_reports_its_bars_beside_bare_writes(tmp_path: Path) -> None:
    found = run(
        "journal",
        "--rounds",
        "2",
        "--loads",
        "1",
        "--seconds",
        "0.1",
        "--rates",
        "2000",
        "--dir",
        str(tmp_path),
    )
    bars = {"one_in_flight_p50_ratio", "one_in_flight_p99_ratio", "bandwidth_ratio"}
    assert all(found[name] > 0 for name in bars | {"commands_per_s"})
    assert found["full_load"]["windows"] > 0
    (group,) = found["group_commit"]
    assert 0 < group["latency_ns"]["p50"] <= group["latency_ns"]["max"]


def test_journal_reports_what_encryption_costs_in_the_same_run(tmp_path: Path) -> None:
    short = ["--rounds", "2", "--loads", "1", "--seconds", "0.1", "--rates"]
    cost = run("journal", *short, "--encrypted", "--dir", str(tmp_path))["encryption"]
    assert cost["ratio"]["processor_ns"] > 0
    assert cost["ratio"]["p50"] > 0
    assert min(cost[kind]["best_processor_ns"] for kind in ("plain", "encrypted")) > 0


def test_recovery_comes_to_the_same_state_with_and_without_a_snapshot(tmp_path: Path) -> None:
    small = ["--accounts", "500", "--orders", "2000", "--after", "300", "--rounds", "1"]
    found = run("recovery", *small, "--dir", str(tmp_path))
    kinds = [found[name] for name in ("cold", "warm", "without_snapshot")]
    assert len({kind["state_hash"] for kind in kinds}) == 1
    assert {kind["commands"] for kind in kinds} == {found["commands"]}
    assert [kind["from"] for kind in kinds] == [found["snapshot"]["sequence"]] * 2 + [0]
    assert found["recovery_s"] == found["cold"]["seconds"] > 0
    assert found["snapshot_bytes"] > 2000 * 64


def test_failover_reports_outages_beside_the_lease(tmp_path: Path) -> None:
    found = run(
        "failover", "--rounds", "1", "--rate", "500", "--lease-ms", "800", "--dir", str(tmp_path)
    )
    assert found["rounds"] == 1
    assert (found["lost"], found["applied_twice"], found["discrepancies"]) == (0, 0, 0)
    assert found["outage_ms"]["p50"] > 0
    assert found["outage_to_lease"]["p50"] == pytest.approx(
        found["outage_ms"]["p50"] / 800, abs=0.01
    )


def test_catchup_reports_its_rate_and_what_clients_felt(tmp_path: Path) -> None:
    options = ["--commands", "200000", "--rate", "200", "--seconds", "0.5"]
    found = run("catchup", *options, "--dir", str(tmp_path))
    assert found["commands_behind"] >= 200_000
    assert found["commands_per_s"] == pytest.approx(
        found["commands_behind"] / found["seconds"], rel=0.01
    )
    assert found["alone_per_s"] > 0
    assert found["before_ns"]["p50"] > 0
    assert len(found["hash"]) == 16


def test_replication_reports_itself_beside_a_bare_pair(tmp_path: Path) -> None:
    options = ["--rounds", "2", "--seconds", "0.3", "--rates", "2000", "--dir", str(tmp_path)]
    found = run("replication", *options)
    for medium in ("udp", "ipc"):
        each = found[medium]
        assert each["rates"][0]["rate"] == 2000
        for part, name, limit in (
            (each, "received", "bare_trip"),
            (each, "readable", "bare_pair"),
            (each["rates"][0], "latency", "bare_pair"),
        ):
            ours, bare = part[f"{name}_ns"], part[f"{limit}_ns"]
            assert 0 < ours["p50"] <= ours["p99"]
            assert part[f"{name}_ratio"]["p50"] == pytest.approx(
                ours["p50"] / bare["p50"], abs=0.01
            )
        assert each["commands_per_s"] > 0 < each["bare_pair_per_s"]
        assert each["commands_per_message"] >= 1
