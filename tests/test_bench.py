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
