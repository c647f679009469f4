"""The bench runs from the command line and answers in the agreed keys."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS = {"p50", "p90", "p99", "p999", "max"}


def bench(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "bench.ring", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_last_line_is_one_json_object_with_ring_and_bare_figures():
    result = bench("--json", "--seconds", "0.6", "--capacity", "256")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert figures["wait"] == "yield"
    for key in ("one_to_one", "one_to_one_batched", "diamond", "diamond_batched"):
        assert figures[f"{key}_per_s"] > 0
    for key in ("handoff_ns", "bare_handoff_ns"):
        assert set(figures[key]) == KEYS
        assert 0 < figures[key]["p50"] <= figures[key]["max"]
    ratio = figures["handoff_ns"]["p50"] / figures["bare_handoff_ns"]["p50"]
    assert abs(figures["ratio_p50"] - ratio) < 0.01


def test_impossible_options_are_refused_with_the_reason():
    assert "power of two of at least 8, 100 is not" in bench("--capacity", "100").stderr
    assert "--seconds must be above 0" in bench("--seconds", "0").stderr
